"""A record becomes a payload, or a reject that says why not.

Owns what of a record is sent. It looks at one record at a time, as values; `compiled` does the
same for the plain majority without making values of them, and falls back on this.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from planhat_api.errors import ConfigurationError
from target_planhat.coercion import coerce, plain_types
from target_planhat.explanation import Explanation, declared_types
from target_planhat.keyables import ID, Keyables, Keys
from target_planhat.payload import Payload, Reject, RejectCode, Skipped, missing_required
from target_planhat.sendable import UnsendableError, encode, sendable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_api.model import Model
    from target_planhat.payload import Operation, Settings

SDC: Final = "_sdc_"
"""Prefix of the columns that Singer tools add for themselves."""
DELETED_AT: Final = "_sdc_deleted_at"
CUSTOM: Final = "custom"
CUSTOM_COLUMN: Final = "custom__"
"""Prefix of the columns that flattening makes of `custom`."""

IGNORED_DELETE: Final = Skipped("deleted in the source, and deletes is set to ignore")
NO_DATE: Final = Reject(
    RejectCode.WRONG_TYPE, f"{DELETED_AT} has to be a date-time or null", DELETED_AT
)


class _RejectedError(Exception):
    """Carries a reject out of the steps of a projection."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.message)
        self.reject = reject


class Projection:
    """What one model and the user's settings make of a record.

    Args:
        model: The model of the stream.
        settings: The user's decisions.
        warn: Told once about each unknown property, and about unkeyed creates, in one sentence.

    Attributes:
        unknown: How often each property that the model does not have was dropped.

    Raises:
        ConfigurationError: The settings do not fit the model.
    """

    def __init__(
        self,
        model: Model,
        settings: Settings,
        *,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.model = model
        self.settings = settings
        self.keyables = Keyables(model, settings)
        self.unknown: Counter[str] = Counter()
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
        self._key_names = (*self.keyables.names, *filter(None, self.keyables.scope_names))
        self._validator = jsonschema_rs.validator_for(
            {"type": "object", "properties": writable}, validate_formats=False
        )
        self._explanation = Explanation(writable)

    def project(
        self, record: Mapping[str, Any], *, line: int = 0, raw: bytes = b""
    ) -> Payload | Reject | Skipped:
        """Make the payload of one record.

        Args:
            record: The record as values, from `decoding.decode` or the SDK's reader.
            line: Number of its line on stdin.
            raw: That line, for the reject file.
        """
        # An empty string is how a source without nulls, such as a CSV file, says "not deleted".
        deleted = record.get(DELETED_AT) not in (None, "")
        if isinstance(record.get(DELETED_AT), bool):
            return NO_DATE
        if deleted and self.settings.deletes == "ignore":
            return IGNORED_DELETE
        try:
            if deleted:
                return self._deletion(record, line, raw)
            return self._write(record, line, raw)
        except _RejectedError as rejected:
            return rejected.reject

    def count_unknown(self, name: str) -> None:
        """Count one more value of a property that the model does not have."""
        if name not in self.unknown:
            self._warn(f"{self.model.name} has no property {name!r}: it is not sent")
        self.unknown[name] += 1

    def _write(self, record: Mapping[str, Any], line: int, raw: bytes) -> Payload:
        properties = self._properties(record)
        keys = self._keys(properties)
        operation: Operation = "upsert" if any(keys.values) else "create"
        if operation == "create" or self.settings.write_mode == "create":
            self._check_required(properties)
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
        keys = self._keys(properties)
        if not any(keys.values):  # missing_key: create says nothing about deletes
            raise _RejectedError(self.keyables.missing())
        operation: Operation = "archive" if self.settings.deletes == "archive" else "delete"
        item = self._item(properties, keys)
        return Payload(line, raw, item, keys.values, keys.scopes, operation)

    def _properties(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Pick out what may be sent, every value as the model wants it."""
        properties: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        for name, value in record.items():
            if name in self._types:
                properties[name] = self._value(name, value)
            elif name.startswith(SDC) or name in self.model.read_only:
                continue
            elif name.startswith(CUSTOM_COLUMN) and name != CUSTOM_COLUMN and CUSTOM in self._types:
                columns[name.removeprefix(CUSTOM_COLUMN)] = self._sendable(name, value)
            else:
                self._unknown(name)
        if columns:
            properties[CUSTOM] = _folded(properties.get(CUSTOM), columns)
        for name in self.keyables.names:
            # A keyable that is null or empty is none, and none is sent.
            if properties.get(name, ID) in (None, ""):
                del properties[name]
        self._check(properties)
        return properties

    def _check(self, properties: Mapping[str, Any]) -> None:
        try:
            if self._validator.is_valid(properties):
                return
        except ValueError:  # a number kept as text, where the validator needs to know its size
            pass
        reject = self._explanation.of(properties)
        if reject is not None:
            raise _RejectedError(reject)

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        if type(value) in self._plain[name]:
            return value
        value = self._sendable(name, value)
        coerced = coerce(value, self._types[name])
        # JSON text may have held what JSON cannot.
        return value if coerced is value else self._sendable(name, coerced)

    def _sendable(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        try:
            return sendable(value)
        except UnsendableError as error:
            raise _RejectedError(Reject(RejectCode.UNSENDABLE, f"{name} {error}", name)) from None

    def _unknown(self, name: str) -> None:
        if self.settings.unknown_properties == "drop":
            self.count_unknown(name)
            return
        raise _RejectedError(
            Reject(RejectCode.UNKNOWN_PROPERTY, f"{self.model.name} has no such property", name)
        )

    def _keys(self, properties: Mapping[str, Any]) -> Keys:
        keys = self.keyables.choose(
            tuple([properties.get(name) for name in self.keyables.names]),
            tuple([properties.get(name) if name else None for name in self.keyables.scope_names]),
        )
        if isinstance(keys, Reject):
            raise _RejectedError(keys)
        return keys

    def _check_required(self, properties: Mapping[str, Any]) -> None:
        for name in self.model.bulk_required:
            if properties.get(name) is None:
                raise _RejectedError(missing_required(name))

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


def _folded(custom: object, columns: Mapping[str, Any]) -> object:
    """Lay columns `custom__<name>` into `custom`; null holds nothing that could contradict."""
    if custom is None:
        return columns
    if not isinstance(custom, dict):
        return custom  # for the schema to refuse
    for name, value in columns.items():
        if name in custom and encode(custom[name]) != encode(value):
            raise _RejectedError(
                Reject(
                    RejectCode.CONFLICTING_CUSTOM,
                    f"custom and {CUSTOM_COLUMN}{name} hold different values for one field",
                    CUSTOM_COLUMN + name,
                )
            )
    return {**custom, **columns}


def _encodes(value: object) -> bool:
    try:
        encode(value)
    except UnsendableError:
        return False
    return True
