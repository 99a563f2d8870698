"""A record, as values, becomes a payload, a reject, or is skipped.

Owns which properties of a record are sent, and how. `fast_path` makes the same payloads of most
records without making Python values of them, and leaves the rest to this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.coercions import accepted_scalars, coerce, declared_types
from planhat_sync.writing.records.custom_columns import CustomColumns
from planhat_sync.writing.records.deletion import DELETED_AT, Deletion, parse_deletion
from planhat_sync.writing.records.exact_json import UnsendableError, encode, json_value
from planhat_sync.writing.records.explain import Explainer
from planhat_sync.writing.records.keys import ID, Keyables, Keys, is_blank
from planhat_sync.writing.records.lookalikes import Lookalikes, printable_name
from planhat_sync.writing.records.payload import (
    Payload,
    Reject,
    RejectCode,
    Skipped,
    missing_required,
)
from planhat_sync.writing.records.unknown_properties import UnknownProperties

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Operation
    from planhat_sync.writing.settings import WriteSettings

SDC_PREFIX: Final = "_sdc_"
"""Prefix of the columns that Singer tools add."""

IGNORED_DELETE: Final = Skipped("deleted in the source, and deletes is set to ignore")
UNCLEAR_DELETE: Final = Reject(
    RejectCode.WRONG_TYPE,
    f"{DELETED_AT} has to be a date-time if the record was deleted, such as 2024-01-31T10:15:30Z, "
    "and null if it was not",
    DELETED_AT,
)


class _ConversionError(Exception):
    """Carries a reject out of the steps of a conversion."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.message)
        self.reject = reject


class Converter:
    """Converts records of one model to payloads.

    Args:
        model: The model.
        settings: The user's settings.
        warn: Receives warnings about unknown properties, and one about creates without keyables,
            each a sentence.

    Attributes:
        model: The model.
        settings: The user's settings.
        keyables: The keyables of the model.
        unknown: The properties that were left out because the model does not have them.

    Raises:
        ConfigurationError: The settings do not fit the model.
    """

    def __init__(
        self,
        model: Model,
        settings: WriteSettings,
        *,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.model = model
        self.settings = settings
        self.keyables = Keyables(model, settings)
        self._custom_columns = CustomColumns(settings.flattening_separator)
        self._lookalikes = Lookalikes(model)
        self.unknown = UnknownProperties(model.name, self._lookalikes, warn)
        self._warn = warn
        self._warned_of_creates = False
        writable = {
            name: schema for name, schema in model.properties.items() if name not in model.read_only
        }
        if settings.deletes == "archive" and "archived" not in writable:
            raise ConfigurationError(
                f"deletes is set to archive, and {model.name} cannot be archived: "
                "set it to delete or ignore"
            )
        self._types = {name: declared_types(schema) for name, schema in writable.items()}
        self._scalars = {name: accepted_scalars(types) for name, types in self._types.items()}
        self._scopes = tuple(filter(None, self.keyables.scope_names))
        self._validator = jsonschema_rs.validator_for(
            {"type": "object", "properties": writable}, validate_formats=False
        )
        self._explainer = Explainer(writable)

    def convert(
        self, record: Mapping[str, Any], *, line: int = 0, raw: bytes = b""
    ) -> Payload | Reject | Skipped:
        """Convert one record.

        Args:
            record: The record as values, from `exact_json.decode` or the SDK's reader.
            line: Number of its line on stdin.
            raw: That line, for the reject file.
        """
        deletion = parse_deletion(record.get(DELETED_AT))
        if deletion is Deletion.UNCLEAR:
            return UNCLEAR_DELETE
        is_deleted = deletion is Deletion.DELETED
        if is_deleted and self.settings.deletes == "ignore":
            return IGNORED_DELETE
        try:
            make = self._deletion if is_deleted else self._write
            operation, properties, keys = make(record)
            item = self._item(properties, keys)
        except _ConversionError as error:
            return error.reject
        return Payload(line, raw, item, keys.values, keys.scopes, operation)

    def custom_label_of(self, column: str) -> str | None:
        """Return the label of the custom field that a column holds, None if it holds none."""
        return self._custom_columns.label_of(column) if CUSTOM in self._types else None

    def _write(self, record: Mapping[str, Any]) -> tuple[Operation, dict[str, Any], Keys]:
        properties = self._properties(record)
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
        identifying = (*self.keyables.names, *self._scopes)
        properties = self._properties(
            {name: record[name] for name in identifying if name in record}
        )
        keys = self._keys(properties, record)
        if not any(keys.values):  # `missing_key: create` does not apply to deletes
            raise self._missing_key(record)
        return "archive" if self.settings.deletes == "archive" else "delete", properties, keys

    def _properties(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Select what may be sent, with each value as the model declares it."""
        properties: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        unknown: list[str] = []
        for name, value in record.items():
            if name in self._types:
                properties[name] = self._value(name, value)
            elif name.startswith(SDC_PREFIX) or name in self.model.read_only:
                continue
            elif self.custom_label_of(name) is not None:
                columns[name] = self._json_value(name, value)
            else:
                unknown.append(name)
        if unknown:
            self._leave_out(unknown, record)
        if columns:
            custom = self._custom_columns.merge(properties.get(CUSTOM), columns)
            if isinstance(custom, Reject):
                raise _ConversionError(custom)
            properties[CUSTOM] = custom
        return self._checked(properties)

    def _checked(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Remove the keyables that are blank, and validate the rest."""
        for name in self.keyables.names:
            if is_blank(properties.get(name, ID)):
                del properties[name]
        try:
            if self._validator.is_valid(properties):
                return properties
        except ValueError:  # a number kept as text, where the validator needs its value
            pass
        reject = self._explainer.explain(properties)
        if reject is not None:
            raise _ConversionError(reject)
        return properties

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        if type(value) in self._scalars[name]:
            return value
        value = self._json_value(name, value)
        coerced = coerce(value, self._types[name])
        # JSON text may hold NaN, or be nested too deeply.
        return value if coerced is value else self._json_value(name, coerced)

    def _json_value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        try:
            return json_value(value)
        except UnsendableError as error:
            raise _unsendable(name, error) from None

    def _leave_out(self, unknown: list[str], columns: Collection[str]) -> None:
        if self.settings.unknown_properties == "drop":
            self.unknown.report(unknown, columns)
            return
        name = unknown[0]
        meant = self._lookalikes.property_for(name, misspelt=True)
        question = f": did you mean {printable_name(meant)}?" if meant else ""
        message = f"{self.model.name} has no property of this name{question}"
        raise _ConversionError(Reject(RejectCode.UNKNOWN_PROPERTY, message, name))

    def _keys(self, properties: Mapping[str, Any], columns: Collection[str]) -> Keys:
        keyables = self.keyables
        scope_names = keyables.scope_names if keyables.are_scoped else ()
        keys = keyables.choose(
            tuple([properties.get(name) for name in keyables.names]),
            tuple([properties.get(name) if name else None for name in scope_names]),
        )
        if not isinstance(keys, Reject):
            return keys
        if keys.code is RejectCode.MISSING_KEY:
            raise self._missing_key(columns)
        raise _ConversionError(self._lookalikes.with_advice(keys, columns, self._scopes))

    def _check_required(self, properties: Mapping[str, Any], columns: Collection[str]) -> None:
        for name in self.model.bulk_required:
            if properties.get(name) is None:
                reject = self._lookalikes.with_advice(missing_required(name), columns, (name,))
                raise _ConversionError(reject)

    def _missing_key(self, columns: Collection[str]) -> _ConversionError:
        advice = self._lookalikes.advice(columns, self.keyables.match_on)
        return _ConversionError(self.keyables.missing_key(advice))

    def _item(self, properties: Mapping[str, Any], keys: Keys) -> bytes:
        """Write the item with `_id` first, so that it can be cut off again."""
        sent = dict(zip(self.keyables.names, keys.values, strict=True))
        item = {ID: sent[ID]} if sent.get(ID) else {}
        item.update((name, value) for name, value in properties.items() if name != ID)
        try:
            return encode(item)
        except UnsendableError as error:
            name = next(name for name, value in item.items() if not _encodes(value))
            raise _unsendable(name, error) from None


def _encodes(value: object) -> bool:
    try:
        encode(value)
    except UnsendableError:
        return False
    return True


def _unsendable(name: str, error: UnsendableError) -> _ConversionError:
    return _ConversionError(Reject(RejectCode.UNSENDABLE, f"{name} {error}", name))
