"""A record becomes a payload, or a reject that says why not.

Owns what of a record is sent. It looks at one record at a time, as values; `compiled` does the
same for the plain majority without making values of them, and falls back on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.coercions import coerce, plain_types
from planhat_sync.writing.records.custom_columns import CustomColumns
from planhat_sync.writing.records.deletion import DELETED_AT, Deletion, deletion
from planhat_sync.writing.records.exact_json import UnsendableError, encode, json_value
from planhat_sync.writing.records.explain import Explanation, declared_types
from planhat_sync.writing.records.keys import ID, Keyables, Keys, is_blank
from planhat_sync.writing.records.lookalikes import Lookalikes, shown
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

SDC: Final = "_sdc_"
"""Prefix of the columns that Singer tools add for themselves."""

IGNORED_DELETE: Final = Skipped("deleted in the source, and deletes is set to ignore")
UNCLEAR_DELETE: Final = Reject(
    RejectCode.WRONG_TYPE,
    f"{DELETED_AT} has to be a date-time if the record was deleted, such as 2024-01-31T10:15:30Z, "
    "and null if it was not",
    DELETED_AT,
)


class _RejectedError(Exception):
    """Carries a reject out of the steps of a projection."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.message)
        self.reject = reject


class Converter:
    """What one model and the user's settings make of a record.

    Args:
        model: The model of the stream.
        settings: The user's decisions.
        warn: Told once about unknown properties, and about unkeyed creates, in one sentence.

    Attributes:
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
        self._told = False
        writable = {
            name: schema for name, schema in model.properties.items() if name not in model.read_only
        }
        if settings.deletes == "archive" and "archived" not in writable:
            raise ConfigurationError(
                f"deletes is set to archive, and {model.name} cannot be archived: "
                "set it to delete or ignore"
            )
        self._types = {name: declared_types(schema) for name, schema in writable.items()}
        self._plain = {name: plain_types(types) for name, types in self._types.items()}
        self._key_names = (*self.keyables.names, *self.keyables.wanted_scopes)
        self._validator = jsonschema_rs.validator_for(
            {"type": "object", "properties": writable}, validate_formats=False
        )
        self._explanation = Explanation(writable)

    def convert(
        self, record: Mapping[str, Any], *, line: int = 0, raw: bytes = b""
    ) -> Payload | Reject | Skipped:
        """Make the payload of one record.

        Args:
            record: The record as values, from `decoding.decode` or the SDK's reader.
            line: Number of its line on stdin.
            raw: That line, for the reject file.
        """
        said = deletion(record.get(DELETED_AT))
        if said is Deletion.UNCLEAR:
            return UNCLEAR_DELETE
        if said is Deletion.DONE and self.settings.deletes == "ignore":
            return IGNORED_DELETE
        try:
            if said is Deletion.DONE:
                return self._deletion(record, line, raw)
            return self._write(record, line, raw)
        except _RejectedError as rejected:
            return rejected.reject

    def custom_label_of(self, column: str) -> str | None:
        """Return the label of the custom field that a column holds, None if it holds none."""
        return self._custom_columns.label_of(column) if CUSTOM in self._types else None

    def _write(self, record: Mapping[str, Any], line: int, raw: bytes) -> Payload:
        properties = self._properties(record)
        keys = self._keys(properties, record)
        operation: Operation = "upsert" if any(keys.values) else "create"
        if operation == "create" or self.settings.write_mode == "create":
            self._check_required(properties, record)
        if operation == "create" and not self._told:
            self._told = True
            self._warn(
                f"{self.model.name} without a keyable are created anew by every run that reads "
                "them (missing_key is set to create)"
            )
        item = self._item(properties, keys)
        return Payload(line, raw, item, keys.values, keys.scopes, operation)

    def _deletion(self, record: Mapping[str, Any], line: int, raw: bytes) -> Payload:
        named = {name: record[name] for name in self._key_names if name in record}
        properties = self._properties(named)
        keys = self._keys(properties, record)
        if not any(keys.values):  # missing_key: create says nothing about deletes
            raise self._missing_key(record)
        operation: Operation = "archive" if self.settings.deletes == "archive" else "delete"
        item = self._item(properties, keys)
        return Payload(line, raw, item, keys.values, keys.scopes, operation)

    def _properties(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Pick out what may be sent, every value as the model wants it."""
        properties: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        unknown: list[str] = []
        for name, value in record.items():
            if name in self._types:
                properties[name] = self._value(name, value)
            elif name.startswith(SDC) or name in self.model.read_only:
                continue
            elif self.custom_label_of(name) is not None:
                columns[name] = self._sendable(name, value)
            else:
                unknown.append(name)
        if unknown:
            self._leave_out(unknown, record)
        if columns:
            properties[CUSTOM] = self._custom(properties.get(CUSTOM), columns)
        return self._checked(properties)

    def _custom(self, custom: object, columns: Mapping[str, object]) -> object:
        folded = self._custom_columns.folded(custom, columns)
        if isinstance(folded, Reject):
            raise _RejectedError(folded)
        return folded

    def _checked(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Take out the keyables that are none, and check the rest."""
        for name in self.keyables.names:
            if is_blank(properties.get(name, ID)):
                del properties[name]
        try:
            if self._validator.is_valid(properties):
                return properties
        except ValueError:  # a number kept as text, where the validator needs to know its size
            pass
        reject = self._explanation.of(properties)
        if reject is not None:
            raise _RejectedError(reject)
        return properties

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        if type(value) in self._plain[name]:
            return value
        value = self._sendable(name, value)
        coerced = coerce(value, self._types[name])
        # JSON text may have held what JSON cannot.
        return value if coerced is value else self._sendable(name, coerced)

    def _sendable(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        try:
            return json_value(value)
        except UnsendableError as error:
            raise _RejectedError(Reject(RejectCode.UNSENDABLE, f"{name} {error}", name)) from None

    def _leave_out(self, unknown: list[str], columns: Collection[str]) -> None:
        if self.settings.unknown_properties == "drop":
            self.unknown.report(unknown, columns)
            return
        name = unknown[0]
        meant = self._lookalikes.meant_by(name, closely=True)
        question = f": did you mean {shown(meant)}?" if meant else ""
        message = f"{self.model.name} has no property of this name{question}"
        raise _RejectedError(Reject(RejectCode.UNKNOWN_PROPERTY, message, name))

    def _keys(self, properties: Mapping[str, Any], columns: Collection[str]) -> Keys:
        keys = self.keyables.choose(
            tuple([properties.get(name) for name in self.keyables.names]),
            tuple([properties.get(name) if name else None for name in self.keyables.scope_names]),
        )
        if not isinstance(keys, Reject):
            return keys
        if keys.code is RejectCode.MISSING_KEY:
            raise self._missing_key(columns)
        scopes = self.keyables.wanted_scopes
        raise _RejectedError(self._lookalikes.advised(keys, columns, scopes))

    def _check_required(self, properties: Mapping[str, Any], columns: Collection[str]) -> None:
        for name in self.model.bulk_required:
            if properties.get(name) is None:
                reject = self._lookalikes.advised(missing_required(name), columns, (name,))
                raise _RejectedError(reject)

    def _missing_key(self, columns: Collection[str]) -> _RejectedError:
        advice = self._lookalikes.advice(columns, self.keyables.wanted)
        return _RejectedError(self.keyables.missing(advice))

    def _item(self, properties: Mapping[str, Any], keys: Keys) -> bytes:
        """Write what leaves, `_id` in front, so that it can be cut off again."""
        sent = dict(zip(self.keyables.names, keys.values, strict=True))
        item = {ID: sent[ID]} if sent.get(ID) else {}
        item.update((name, value) for name, value in properties.items() if name != ID)
        try:
            return encode(item)
        except UnsendableError as error:
            name = next(name for name in item if not _encodes({name: item[name]}))
            raise _RejectedError(Reject(RejectCode.UNSENDABLE, f"{name} {error}", name)) from None


def _encodes(value: object) -> bool:
    try:
        encode(value)
    except UnsendableError:
        return False
    return True
