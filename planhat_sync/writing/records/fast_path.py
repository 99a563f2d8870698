"""The fast path: from the JSON of records to what is sent, without Python values between them.

Owns msgspec structs that are made from one model. In C, they decode the records of a block, check
types and leave out what is not sent. There are no coercions and no rejects: a block ends in front
of a record that needs either, and `convert` takes that record. Both make the same payload of every
record that the fast path accepts (a property test compares them). The figures are in
docs/adr/0074-blocks-of-records.md.
"""

from __future__ import annotations

import contextlib
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.block_keys import BlockKeys
from planhat_sync.writing.records.fast_types import FIELD_NAME, constant_type, field_type
from planhat_sync.writing.records.keys import ID, Keys
from planhat_sync.writing.records.payload import Payload, Reject
from planhat_sync.writing.records.received import Received

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planhat_sync.writing.records.block_keys import ChosenColumns
    from planhat_sync.writing.records.convert import Converter


class _Decoded(NamedTuple):
    """Records that have been decoded.

    Attributes:
        records: The records.
        columns: For each keyable their values.
        scopes: For each keyable the values that it is unique within; none if all are unique.
    """

    records: list[msgspec.Struct]
    columns: list[list[Any]]
    scopes: list[list[Any]]


class FastPath:
    """The fast path of one converter.

    Args:
        converter: Converts the records that the fast path declines. Unknown properties of the
            others are reported to it.
        columns: Names of the properties that the source announces. A record with a column
            that neither they nor the model have is declined.
    """

    def __init__(self, converter: Converter, columns: Iterable[str] = ()) -> None:
        model, settings, keyables = converter.model, converter.settings, converter.keyables
        added = converter.added
        self._unknown = converter.unknown
        self._choose = keyables.choose
        self._block_keys = BlockKeys(keyables)
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
        attributes = self._attributes = {name: f"p{at}" for at, name in enumerate(names)}
        types = {name: field_type(model.properties[name]) for name in sent}
        types |= {name: constant_type(value) for name, value in model.constants.items()}
        item_fields = [(attributes[name], types[name][0], UNSET) for name in sent]
        skipped_fields: list[tuple[str, Any, Any]] = [
            *((attributes[name], Raw | UnsetType, UNSET) for name in (*unknown, *left_out)),
            (attributes[added.deleted_at], UnsetType | None, UNSET),
        ]
        options: dict[str, Any] = {
            "rename": {attribute: name for name, attribute in attributes.items()},
            "forbid_unknown_fields": True,
            "gc": False,
        }
        self._item = msgspec.defstruct("Item", item_fields, **options)
        text_fields = [(attributes[ID], UnsetType, UNSET), *item_fields[1:]]
        self._read_text = _decoder("Text", text_fields, options)
        self._read_record = _decoder("Record", [*item_fields, *skipped_fields], options)
        self._encode = msgspec.json.Encoder().encode
        self._sent_of = attrgetter(*[attributes[name] for name in sent])
        self._key_attributes = [attributes[name] for name in model.keyables]
        self._keys_of = [attrgetter(attribute) for attribute in self._key_attributes]
        self._scopes_of = [
            attrgetter(attributes[name]) if name else None
            for name in (keyables.scope_names if keyables.are_scoped else ())
        ]
        self._checks = [
            (attrgetter(attributes[name]), check) for name, (_, check) in types.items() if check
        ]
        self._unreported = unknown
        required = model.bulk_required if settings.write_mode == "create" else ()
        self._required = [attrgetter(attributes[name]) for name in (*required, *model.constants)]

    def read(self, received: Received, at: int, end: int) -> Sequence[Block | Payload]:
        """Make what is sent of records, up to the first one that has to be converted.

        Args:
            received: The records.
            at: Index of the first one to read.
            end: Index behind the last one to read.

        Returns:
            A block, or a payload for each record; nothing if the fast path declines the first one:
            a value to be coerced, a reject, a delete, a create without keyables.
        """
        some = received
        if at > 0 or end < len(received.lines):
            some = Received(received.first + at, received.lines[at:end], received.records[at:end])
        decoded = self._decoded(self._read_text, some)
        if not decoded.records:
            return self._as_records(some, self._decoded(self._read_record, some))
        block = self._as_texts(some, decoded)
        return self._as_records(some, decoded) if block is None else (block,)

    def _as_texts(self, received: Received, decoded: _Decoded) -> Block | Payload | None:
        """Make a block of records that have only properties that may be sent, but no `_id`.

        Their JSON is what is sent. The records of most sources other than Planhat are like that.

        Returns:
            The block, or the payload of a single record, which takes half the time of a block; None
            if they have to be written again.
        """
        records, columns, scopes = decoded
        count = len(records)
        keys: ChosenColumns | Keys | Reject | None
        if count > 1:
            keys = self._block_keys.choose(columns, scopes)
        else:
            values, within = [tuple([value for (value,) in each]) for each in (columns, scopes)]
            keys = self._choose(values, within)
        if keys is None or isinstance(keys, Reject) or not any(keys.values):
            return None
        for column, sent in zip(columns, keys.values, strict=True):
            if sent is None and column[0] is not UNSET:
                return None  # the records have a keyable that must not be sent
        lines, texts = received.lines[:count], received.records[:count]
        if isinstance(keys, Keys):
            return Payload(received.first, lines[0], texts[0], keys.values, keys.scopes)
        return Block(received.first, lines, b",".join(texts), keys.values, keys.scopes)

    def _as_records(self, received: Received, decoded: _Decoded) -> Sequence[Block | Payload]:
        """Make a block or payloads of records that are written again."""
        records, columns, scopes = decoded
        if not records:
            return ()
        keys = self._block_keys.choose(columns, scopes) if len(records) > 1 else None
        if keys is None:
            return list(self._one_by_one(received, decoded))
        for attribute, values in zip(self._key_attributes, keys.values, strict=True):
            if values is None:
                for record in records:
                    setattr(record, attribute, UNSET)
        text = b",".join(map(self._write, records))
        lines = received.lines[: len(records)]
        return (Block(received.first, lines, text, keys.values, keys.scopes),)

    def _decoded(self, decode: Callable[[bytes], msgspec.Struct], received: Received) -> _Decoded:
        """Decode records up to the first one that does not fit."""
        records: list[msgspec.Struct] = []
        with contextlib.suppress(ValueError, RecursionError):
            records.extend(map(decode, received.records))
        count = self._passing(records)
        # msgspec checks the encoding of texts, but not of what it skips: raw values, values that
        # are left out or repeated. A reject keeps all of it.
        if not is_utf8(b"\n".join(received.records[:count])):
            count = next(at for at, text in enumerate(received.records) if not is_utf8(text))
        del records[count:]
        columns = [list(map(value_of, records)) for value_of in self._keys_of]
        scopes = [
            list(map(value_of, records)) if value_of else [None] * len(records)
            for value_of in self._scopes_of
        ]
        return _Decoded(records, columns, scopes)

    def _one_by_one(self, received: Received, decoded: _Decoded) -> Iterator[Payload]:
        """Make payloads of records that differ in their keyables, up to one that is declined."""
        records, columns, scopes = decoded
        within: Iterable[tuple[Any, ...]] = zip(*scopes, strict=True) if scopes else repeat(())
        keyables = zip(zip(*columns, strict=True), within, strict=False)
        rows = zip(received.lines, records, keyables, strict=False)
        for number, (line, record, (values, scopes_of_record)) in enumerate(rows, received.first):
            keys = self._choose(values, scopes_of_record)
            if isinstance(keys, Reject) or not any(keys.values):
                return
            # A keyable that is blank, or that was not chosen, is not sent.
            for attribute, key in zip(self._key_attributes, keys.values, strict=True):
                setattr(record, attribute, UNSET if key is None else key)
            yield Payload(number, line, self._write(record), keys.values, keys.scopes)

    def _passing(self, records: Sequence[msgspec.Struct]) -> int:
        """Count the records, from the first one on, whose values fit the model.

        Their types show most of it; this is the rest.
        """
        count = len(records)
        if not count:
            return 0
        for value_of, check in self._checks:
            raws = [b"" if raw is UNSET else bytes(raw) for raw in map(value_of, records[:count])]
            if not check.passes(raws):
                count = next(at for at, raw in enumerate(raws) if not check.passes([raw]))
        for value_of in self._required:
            is_missing = map(_is_missing, map(value_of, records[:count]))
            count = next((at for at, missing in enumerate(is_missing) if missing), count)
        return count

    def _write(self, record: msgspec.Struct) -> bytes:
        """Write the properties that may be sent."""
        if self._unreported:
            self._report_unknown(record)
        return self._encode(self._item(*self._sent_of(record)))

    def _report_unknown(self, record: msgspec.Struct) -> None:
        """Report the properties that the model does not have, each the first time it occurs."""
        attributes = self._attributes
        unknown = [name for name in self._unreported if _has(record, attributes[name])]
        if unknown:
            columns = {name for name, attribute in attributes.items() if _has(record, attribute)}
            self._unknown.report(unknown, columns)
            self._unreported = [name for name in self._unreported if name not in columns]


def _decoder(
    name: str, fields: Sequence[tuple[str, Any, Any]], options: Mapping[str, Any]
) -> Callable[[bytes], Any]:
    """Return a function that decodes an object with some fields."""
    return msgspec.json.Decoder(msgspec.defstruct(name, fields, **options)).decode


def _has(record: msgspec.Struct, attribute: str) -> bool:
    return getattr(record, attribute, UNSET) is not UNSET


def _is_missing(value: object) -> bool:
    return value is UNSET or value is None or (type(value) is Raw and bytes(value) == b"null")
