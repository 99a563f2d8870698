"""A record, as values, becomes a payload, a reject, or is skipped.

Owns what a record as a whole becomes; `properties` selects its values. `fast_path` makes the same
payloads of most records without making Python values of them, and leaves the rest to this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.records.constants import Constants
from planhat_sync.writing.records.deletion import Deletion, parse_deletion
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.records.keys import ID, Keyables, Keys
from planhat_sync.writing.records.payload import (
    ConversionError,
    Payload,
    Reject,
    RejectCode,
    Skipped,
    missing_required,
    unclear_deletion,
)
from planhat_sync.writing.records.properties import SentProperties, unsendable
from planhat_sync.writing.records.unknown_properties import Lookalikes, UnknownProperties

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from planhat_sync.model import Model
    from planhat_sync.writing.records.added_columns import AddedColumns
    from planhat_sync.writing.records.payload import Operation
    from planhat_sync.writing.settings import WriteSettings


class Converter:
    """Converts records of one model to payloads.

    Args:
        model: The model.
        settings: The user's settings.
        warn: Receives warnings about unknown properties, and one about creates without keyables,
            each a sentence.
        added: The columns that the source adds.

    Attributes:
        model: The model.
        settings: The user's settings.
        added: As given.
        keyables: The keyables of the model.
        unknown: The properties that were left out because the model does not have them.
        properties: Selects the properties that are sent.

    Raises:
        ConfigurationError: The settings do not fit the model.
    """

    def __init__(
        self,
        model: Model,
        settings: WriteSettings,
        *,
        warn: Callable[[str], None] = lambda _: None,
        added: AddedColumns = SDC_COLUMNS,
    ) -> None:
        self.model = model
        self.settings = settings
        self.added = added
        self.keyables = Keyables(model, settings)
        self._scope_names = self.keyables.scope_names if self.keyables.are_scoped else ()
        self._scopes = tuple(filter(None, self._scope_names))
        self._constants = Constants(model) if model.constants else None
        self._lookalikes = Lookalikes(model, added.deleted_at)
        self.unknown = UnknownProperties(model.name, self._lookalikes, warn)
        self.properties = SentProperties(model, settings, self._lookalikes, self.unknown, added)
        self._warn = warn
        self._warned_of_creates = False
        if settings.deletes == "archive" and model.archive_flag not in self.properties:
            raise ConfigurationError(
                f"deletes is set to archive, and {model.name} cannot be archived: "
                "set it to delete or ignore"
            )

    def convert(
        self,
        record: Mapping[str, Any],
        *,
        line: int = 0,
        raw: object = b"",
        rejected_at: datetime | None = None,
    ) -> Payload | Reject | Skipped:
        """Convert one record.

        Args:
            record: The record as values, from `exact_json.decode` or the SDK's reader.
            line: Number of its line on stdin.
            raw: That line, or the row that it is, for a reject.
            rejected_at: As in `Payload`.
        """
        deletion = parse_deletion(record.get(self.added.deleted_at))
        if deletion is Deletion.UNCLEAR:
            return unclear_deletion(self.added.deleted_at)
        is_deleted = deletion is Deletion.DELETED
        if is_deleted and self.settings.deletes == "ignore":
            return Skipped.DELETED_IN_SOURCE
        try:
            make = self._deletion if is_deleted else self._write
            operation, properties, keys = make(record)
            item = self._item(properties, keys)
        except ConversionError as error:
            return error.reject
        return Payload(
            line, raw, item, keys.values, keys.scopes, operation, rejected_at=rejected_at
        )

    def keys_of(self, record: Mapping[str, Any]) -> Keys | None:
        """Return the keyables of a record that is rejected, None if they are what is wrong.

        Args:
            record: The record as values.
        """
        try:
            return self._identify(record)[1]
        except ConversionError:
            return None

    def _write(self, record: Mapping[str, Any]) -> tuple[Operation, dict[str, Any], Keys]:
        properties = self.properties.select(record)
        if self._constants is not None:
            self._constants.set(properties)
        keys = self._keys(properties, record)
        is_create = not any(keys.values)
        if is_create or self.settings.write_mode == "create":
            self._check_required(properties, record)
        if is_create and not self._warned_of_creates:
            self._warned_of_creates = True
            self._warn(
                f"{self.model.name} without a keyable are created again by every run that reads "
                "them (missing_key is set to create)"
            )
        return "create" if is_create else "upsert", properties, keys

    def _deletion(self, record: Mapping[str, Any]) -> tuple[Operation, dict[str, Any], Keys]:
        properties, keys = self._identify(record)
        if not any(keys.values):  # `missing_key: create` does not apply to deletes
            raise self._missing_key(record)
        return "archive" if self.settings.deletes == "archive" else "delete", properties, keys

    def _identify(self, record: Mapping[str, Any]) -> tuple[dict[str, Any], Keys]:
        """Return the keyables of a record: as its properties have them, and as they are sent."""
        identifying = (*self.keyables.names, *self._scopes)
        properties = self.properties.select(
            {name: record[name] for name in identifying if name in record}
        )
        return properties, self._keys(properties, record)

    def _keys(self, properties: Mapping[str, Any], columns: Collection[str]) -> Keys:
        keys = self.keyables.choose(
            tuple([properties.get(name) for name in self.keyables.names]),
            tuple([properties.get(name) if name else None for name in self._scope_names]),
        )
        if not isinstance(keys, Reject):
            return keys
        if keys.code is RejectCode.MISSING_KEY:
            raise self._missing_key(columns)
        raise ConversionError(self._lookalikes.with_advice(keys, columns, self._scopes))

    def _missing_key(self, columns: Collection[str]) -> ConversionError:
        advice = self._lookalikes.advice(columns, self.keyables.match_on)
        return ConversionError(self.keyables.missing_key(advice))

    def _check_required(self, properties: Mapping[str, Any], columns: Collection[str]) -> None:
        for name in self.model.bulk_required:
            if properties.get(name) is None:
                reject = self._lookalikes.with_advice(missing_required(name), columns, (name,))
                raise ConversionError(reject)

    def _item(self, properties: Mapping[str, Any], keys: Keys) -> bytes:
        """Write the item with `_id` first, so that it can be cut off again."""
        sent = dict(zip(self.keyables.names, keys.values, strict=True))
        item = {ID: sent[ID]} if sent.get(ID) else {}
        item.update((name, value) for name, value in properties.items() if name != ID)
        try:
            return encode(item)
        except UnsendableError as error:
            name = next(name for name, value in item.items() if not _encodes(value))
            raise unsendable(name, error) from None


def _encodes(value: object) -> bool:
    try:
        encode(value)
    except UnsendableError:
        return False
    return True
