"""The fast path: from the line of a record to its payload, without Python values between them.

Owns a msgspec struct that is made from one model. In C, it decodes a RECORD line, checks types,
leaves out what is not sent and writes the item. It has no coercions and no rejects: it declines a
record that needs either, and `convert` takes that record. Both make the same payload of every line
that the fast path accepts (a property test compares them). The figures are in
docs/adr/0040-fast-path-and-conversion.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.records.fast_types import (
    FIELD_NAME,
    attribute_reader,
    constant_type,
    field_type,
)
from planhat_sync.writing.records.keys import ID, Keys
from planhat_sync.writing.records.payload import Payload, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from planhat_sync.writing.records.convert import Converter
    from planhat_sync.writing.records.keys import Keyables
    from planhat_sync.writing.records.record_form import LineDecoder

_Decoded = tuple[Any, Raw | None]
"""The struct of a record, and the JSON of the record if all of it may be sent."""


class FastPath:
    """The fast path of one converter.

    Args:
        converter: Converts the records that the fast path declines. Unknown properties of the
            others are reported to it.
        decoder: Makes the decoders of lines, as `RecordForm` has it.
        columns: Names of the properties that the source announces. A record with a column
            that neither they nor the model have is declined.
    """

    def __init__(
        self, converter: Converter, decoder: LineDecoder, columns: Iterable[str] = ()
    ) -> None:
        model, settings, keyables = converter.model, converter.settings, converter.keyables
        added = converter.added
        self._unknown = converter.unknown
        self._choose = keyables.choose
        self._are_scoped = keyables.are_scoped
        self._nones = (None,) * len(model.keyables)
        self._sole_positions = () if keyables.are_scoped else _sole_positions(keyables)
        columns = [name for name in columns if FIELD_NAME.fullmatch(name)]
        sent = [name for name in model.properties if name not in model.read_only]
        sent.sort(key=lambda name: name != ID)  # `_id` first, so that it can be cut off
        unknown = sorted(
            name
            for name in set(columns) - set(model.properties)
            if settings.unknown_properties == "drop"
            and not name.startswith(added.prefixes)
            and converter.properties.custom_label_of(name) is None
        )
        left_out = {
            *model.read_only,
            *added.usual,
            *(name for name in columns if name.startswith(added.prefixes)),
        } - {added.deleted_at}
        names = [*sent, *unknown, *sorted(left_out), added.deleted_at]
        attributes = {name: f"p{at}" for at, name in enumerate(names)}
        rename = {attribute: name for name, attribute in attributes.items()}
        types = {name: field_type(model.properties[name]) for name in sent}
        types |= {name: constant_type(value) for name, value in model.constants.items()}
        item_fields = [(attributes[name], types[name][0], UNSET) for name in sent]
        skipped_fields = [
            *((attributes[name], Raw | UnsetType, UNSET) for name in (*unknown, *left_out)),
            (attributes[added.deleted_at], UnsetType | None, UNSET),
        ]
        options: dict[str, Any] = {"rename": rename, "forbid_unknown_fields": True, "gc": False}
        self._item = msgspec.defstruct("Item", item_fields, **options)
        record = msgspec.defstruct("Record", [*item_fields, *skipped_fields], **options)
        self._raw_message_of = decoder(model.name, Raw)
        self._item_of = msgspec.json.Decoder(self._item).decode
        self._message_of = decoder(model.name, record)
        self._decoders: list[Callable[[bytes], _Decoded]] = [self._as_item, self._as_record]
        self._encode = msgspec.json.Encoder().encode
        self._sent_of = attribute_reader([attributes[name] for name in sent])
        self._id_attribute = attributes[ID]
        self._key_attributes = [attributes[name] for name in model.keyables]
        self._keys_of = attribute_reader(self._key_attributes)
        self._scopes_of = attribute_reader(
            [attributes[name] if name else None for name in keyables.scope_names]
        )
        self._checks = [
            (attributes[name], *check) for name, (_, check) in types.items() if check is not None
        ]
        self._attributes = attributes
        self._unreported = unknown
        required = model.bulk_required if settings.write_mode == "create" else ()
        self._required = [attributes[name] for name in (*required, *model.constants)]

    def read(self, line: bytes, number: int, *, is_text: bool = False) -> Payload | None:
        """Make the payload of a record, unless it has to be converted.

        Args:
            line: A line of stdin.
            number: Its number, from 1.
            is_text: Whether it is known to be UTF-8.

        Returns:
            The payload, or None for everything that the fast path declines: another message,
            another stream, a value to be coerced, a reject, a delete, a create without keyables.
        """
        # msgspec does not check the encoding of what it skips.
        if not (is_text or is_utf8(line)):
            return None
        decoded = self._decoded(line)
        if decoded is None:
            return None
        record, text = decoded
        if not self._passes_checks(record):
            return None
        values = self._keys_of(record)
        for at in self._sole_positions:
            key = values[at]
            # It begins with a visible ASCII character; `choose` checks every other text in full.
            if key and "!" <= key < "\x7f" and values.count(UNSET) == len(values) - 1:
                keys = (*self._nones[:at], key, *self._nones[at + 1 :])
                item = bytes(text) if text is not None else self._write(record)
                return Payload(number, line, item, keys)
        chosen = self._choose(values, self._scopes_of(record) if self._are_scoped else ())
        if isinstance(chosen, Reject) or not any(chosen.values):
            return None
        item = self._with_keys(chosen, values, record, text)
        return Payload(number, line, item, chosen.values, chosen.scopes)

    def _decoded(self, line: bytes) -> _Decoded | None:
        """Decode a line, first with the decoder that worked for the previous line."""
        for decode in self._decoders:
            try:
                decoded = decode(line)
            except (ValueError, RecursionError):
                continue
            if decode is not self._decoders[0]:
                self._decoders.reverse()
            return decoded
        return None

    def _as_item(self, line: bytes) -> _Decoded:
        """Decode a record that has only properties that may be sent, so that its JSON is the item.

        The records of most sources other than Planhat are like that.
        """
        text = self._raw_message_of(line).record
        return self._item_of(text), text

    def _as_record(self, line: bytes) -> _Decoded:
        return self._message_of(line).record, None

    def _passes_checks(self, record: msgspec.Struct) -> bool:
        """Return whether the values fit the model, as far as their types do not show it."""
        for attribute, beginnings, test in self._checks:
            value = getattr(record, attribute)
            if value is not UNSET:
                raw = bytes(value)
                if raw[:1] not in beginnings or not (test is None or test(raw)):
                    return False
        return not (self._required and self._lacks_required(record))

    def _lacks_required(self, record: msgspec.Struct) -> bool:
        values = [getattr(record, attribute) for attribute in self._required]
        return any(
            value is UNSET or value is None or (type(value) is Raw and bytes(value) == b"null")
            for value in values
        )

    def _with_keys(
        self, keys: Keys, values: tuple[object, ...], record: msgspec.Struct, text: Raw | None
    ) -> bytes:
        """Write the item with the keyables that were chosen, `_id` first."""
        if keys.values is not values:
            # A keyable that is blank, or that was not chosen, is not sent.
            for attribute, key in zip(self._key_attributes, keys.values, strict=True):
                setattr(record, attribute, UNSET if key is None else key)
        if text is None or getattr(record, self._id_attribute) is not UNSET:
            return self._write(record)
        are_unchanged = all(
            value is UNSET if key is None else key == value
            for key, value in zip(keys.values, values, strict=True)
        )
        return bytes(text) if are_unchanged else self._write(record)

    def _write(self, record: msgspec.Struct) -> bytes:
        """Write the properties that may be sent."""
        if type(record) is not self._item:
            if self._unreported:
                self._report_unknown(record)
            record = self._item(*self._sent_of(record))
        return self._encode(record)

    def _report_unknown(self, record: msgspec.Struct) -> None:
        """Report the properties that the model does not have, each the first time it occurs."""
        attributes = self._attributes
        unknown = [name for name in self._unreported if _has(record, attributes[name])]
        if unknown:
            columns = {name for name, attribute in attributes.items() if _has(record, attribute)}
            self._unknown.report(unknown, columns)
            self._unreported = [name for name in self._unreported if name not in columns]


def _has(record: msgspec.Struct, attribute: str) -> bool:
    return getattr(record, attribute) is not UNSET


def _sole_positions(keyables: Keyables) -> tuple[int, ...]:
    """Return the positions of keyables that are sent unchanged if a record has no other one."""
    nones = (None,) * len(keyables.names)
    positions = []
    for at in range(len(nones)):
        # `_id` is not among them: in its value, the A becomes lower case.
        values = (*nones[:at], "A", *nones[at + 1 :])
        keys = keyables.choose(values)
        if isinstance(keys, Keys) and keys.values == values:
            positions.append(at)
    return tuple(positions)
