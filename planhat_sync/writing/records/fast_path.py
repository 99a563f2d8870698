"""The plain majority of records, from the line to the payload without making values of them.

Owns a msgspec struct made of one model: it decodes a RECORD line, checks the types, leaves out
what is not sent and writes the item, all in C. It knows no coercion and no reject: whatever is
not plain gets None here, and `projection` makes of it what it always makes. The two agree on every
line that this one takes (a property test holds them to it). docs/adr/0040-two-ways-to-a-payload.md
has the figures.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.records.convert import SDC
from planhat_sync.writing.records.deletion import DELETED_AT
from planhat_sync.writing.records.fast_types import NAMEABLE, field_type
from planhat_sync.writing.records.keys import ID, Keys
from planhat_sync.writing.records.payload import Payload, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from planhat_sync.writing.records.convert import Converter
    from planhat_sync.writing.records.keys import Keyables

_SDC_COLUMNS: Final = (
    "_sdc_batched_at",
    "_sdc_extracted_at",
    "_sdc_received_at",
    "_sdc_sequence",
    "_sdc_sync_started_at",
    "_sdc_table_version",
)


_Decoded = tuple[Any, Raw | None]
"""A struct of the record, and the record as it stands in the line if all of it may be sent."""


class FastPath:
    """One model's struct, under the user's settings.

    Args:
        projection: The slow way of the same stream; it is told of unknown properties.
        columns: Names of the properties that the stream's SCHEMA announces. What neither the
            model nor these have is not plain.
    """

    def __init__(self, projection: Converter, columns: Iterable[str] = ()) -> None:
        model = projection.model
        self._projection = projection
        self._choose = projection.keyables.choose
        self._scoped = bool(projection.keyables.scope_names)
        self._nones = (None,) * len(model.keyables)
        self._singles = () if self._scoped else _singles_of(projection.keyables)
        columns = [name for name in columns if NAMEABLE.fullmatch(name)]
        sent = [name for name in model.properties if name not in model.read_only]
        sent.sort(key=lambda name: name != ID)  # `_id` in front, so that it can be cut off
        unknown = sorted(
            name
            for name in set(columns) - set(model.properties)
            if not name.startswith(SDC) and projection.custom_label_of(name) is None
        )
        if projection.settings.unknown_properties == "reject":
            unknown = []
        left_out = {
            *model.read_only,
            *_SDC_COLUMNS,
            *(name for name in columns if name.startswith(SDC)),
        } - {DELETED_AT}
        names = [*sent, *unknown, *sorted(left_out), DELETED_AT]
        attributes = {name: f"p{at}" for at, name in enumerate(names)}
        types = {name: field_type(model.properties[name]) for name in sent}
        item_fields = [(attributes[name], types[name][0], UNSET) for name in sent]
        rename = {attribute: name for name, attribute in attributes.items()}
        self._item = msgspec.defstruct(
            "Item", item_fields, rename=rename, forbid_unknown_fields=True, gc=False
        )
        record = msgspec.defstruct(
            "Record",
            [
                *item_fields,
                *((attributes[name], Raw | UnsetType, UNSET) for name in (*unknown, *left_out)),
                (attributes[DELETED_AT], UnsetType | None, UNSET),
            ],
            rename=rename,
            forbid_unknown_fields=True,
            gc=False,
        )
        self._frame_of = _decoder_of(model.name, Raw)
        self._item_of = msgspec.json.Decoder(self._item).decode
        self._message_of = _decoder_of(model.name, record)
        self._ways: list[Callable[[bytes], _Decoded]] = [self._as_item, self._as_record]
        self._encode = msgspec.json.Encoder().encode
        self._sent_of = _values_of([attributes[name] for name in sent])
        self._id_attribute = attributes[ID]
        self._key_attributes = [attributes[name] for name in model.keyables]
        self._keys_of = _values_of(self._key_attributes)
        self._scopes_of = _values_of(
            [attributes[name] if name else None for name in projection.keyables.scope_names]
        )
        self._checks = [
            (attributes[name], *check) for name, (_, check) in types.items() if check is not None
        ]
        self._names = [(attribute, name) for name, attribute in attributes.items()]
        self._unseen = [(attributes[name], name) for name in unknown]
        self._required = (
            [attributes[name] for name in model.bulk_required]
            if projection.settings.write_mode == "create"
            else []
        )

    def read(self, line: bytes, number: int, *, is_text: bool = False) -> Payload | None:
        """Make the payload of a plain record.

        Args:
            line: A line of stdin.
            number: Its number, from 1.
            is_text: Whether it is known to be UTF-8.

        Returns:
            None for everything else: another message, another stream, a value to be coerced, a
            reject, a delete, an unkeyed create.
        """
        # What is skipped in C is not looked at for being text.
        if not (is_text or is_utf8(line)):
            return None
        decoded = self._decoded(line)
        if decoded is None:
            return None
        record, text = decoded
        if not self._is_plain(record):
            return None
        values = self._keys_of(record)
        for at in self._singles:
            key = values[at]
            if key and not key.isspace() and values.count(UNSET) == len(values) - 1:
                keys = (*self._nones[:at], key, *self._nones[at + 1 :])
                item = bytes(text) if text is not None else self._write(record)
                return Payload(number, line, item, keys)
        chosen = self._choose(values, self._scopes_of(record) if self._scoped else ())
        if isinstance(chosen, Reject) or not any(chosen.values):
            return None
        item = self._with_keys(chosen, values, record, text)
        return Payload(number, line, item, chosen.values, chosen.scopes)

    def _decoded(self, line: bytes) -> _Decoded | None:
        """Decode a line in the way that did for the one before it, or else in the other."""
        for way in self._ways:
            try:
                decoded = way(line)
            except (ValueError, RecursionError):
                continue
            if way is not self._ways[0]:
                self._ways.reverse()
            return decoded
        return None

    def _as_item(self, line: bytes) -> _Decoded:
        """Decode a record that holds nothing but what may be sent: its text is the item.

        So are the records of most sources other than Planhat itself.
        """
        text = self._frame_of(line).record
        return self._item_of(text), text

    def _as_record(self, line: bytes) -> _Decoded:
        return self._message_of(line).record, None

    def _is_plain(self, record: msgspec.Struct) -> bool:
        """Tell whether all that the struct's types leave open is as the model has it."""
        for attribute, beginnings, is_plain in self._checks:
            value = getattr(record, attribute)
            if value is not UNSET:
                raw = bytes(value)
                if raw[:1] not in beginnings or not is_plain(raw):
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
        """Write the item with the keyables that were chosen, `_id` in front."""
        if keys.values is not values:
            # An empty keyable, or one that is not wanted, is not sent.
            for attribute, key in zip(self._key_attributes, keys.values, strict=True):
                setattr(record, attribute, UNSET if key is None else key)
        if text is None or getattr(record, self._id_attribute) is not UNSET:
            return self._write(record)
        as_they_are = all(
            value is UNSET if key is None else key == value
            for key, value in zip(keys.values, values, strict=True)
        )
        return bytes(text) if as_they_are else self._write(record)

    def _write(self, record: msgspec.Struct) -> bytes:
        """Write the item: what the model lets be sent."""
        if type(record) is not self._item:
            if self._unseen:
                self._note_unknown(record)
            record = self._item(*self._sent_of(record))
        return self._encode(record)

    def _note_unknown(self, record: msgspec.Struct) -> None:
        """Tell of the properties that the model does not have, each when it comes first."""
        unknown = [name for attribute, name in self._unseen if _has(record, attribute)]
        if unknown:
            columns = {name for attribute, name in self._names if _has(record, attribute)}
            self._projection.unknown.report(unknown, columns)
            self._unseen = [pair for pair in self._unseen if pair[1] not in columns]


def _has(record: msgspec.Struct, attribute: str) -> bool:
    return getattr(record, attribute) is not UNSET


def _singles_of(keyables: Keyables) -> tuple[int, ...]:
    """List the places of keyables that are sent as they are when a record has no other."""
    probe = "A"  # an `_id` is not sent as it is: its digits become small
    places = []
    for at in range(len(keyables.names)):
        values = tuple([probe if other == at else None for other in range(len(keyables.names))])
        keys = keyables.choose(values)
        if isinstance(keys, Keys) and keys.values == values:
            places.append(at)
    return tuple(places)


def _decoder_of(stream: str, record: type[msgspec.Struct | Raw]) -> Callable[[bytes], Any]:
    """Make the function that decodes a RECORD of one stream, and nothing else."""
    message = msgspec.defstruct(
        "Message",
        [
            ("type", Literal["RECORD"]),
            ("stream", Literal[stream]),
            ("record", record),
            ("time_extracted", Raw | UnsetType, UNSET),
            ("version", Raw | UnsetType, UNSET),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(message).decode


def _values_of(attributes: Sequence[str | None]) -> Callable[[Any], tuple[Any, ...]]:
    """Make the function that reads some attributes of a struct; None stands for no attribute."""
    if len(attributes) > 1 and None not in attributes:
        return operator.attrgetter(*filter(None, attributes))
    return lambda struct: tuple(
        [None if attribute is None else getattr(struct, attribute) for attribute in attributes]
    )
