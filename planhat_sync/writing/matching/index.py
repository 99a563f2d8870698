"""The records that Planhat has of one model, as far as a run needs to know them, in little memory.

Pure: owns which records exist, by which keyables each is found, and the fingerprints of their
values. Identifiers, keyables and scopes take twelve bytes each. `lookup` fills it from list pages;
`matcher` updates it with what is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.timestamps import parse_timestamp
from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.compact_map import CompactMap
from planhat_sync.writing.matching.existing import UNKNOWN, ExistingRecord, find_strongest
from planhat_sync.writing.matching.references import (
    EVERYWHERE_REFERENCE,
    NONE,
    WIDTH,
    created_reference,
    keyable_reference,
    reference_of,
    scope_reference,
)
from planhat_sync.writing.records.keys import EVERYWHERE, ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sync.model import Model
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.matching.fingerprints import Fingerprints
    from planhat_sync.writing.records.payload import Payload

_TIME: Final = Struct("<q")
_NO_TIME: Final = -(1 << 63)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Index:
    """The records of one model.

    Args:
        model: The model.
        fingerprints: Of the values that are compared.
        by_all_keyables: Whether records are to be found by other keyables than their `_id`.
        update_time: The property that says when a record was changed, if that is to be known.

    Attributes:
        stale: Whether something was written whose effect is not known here, so that the list has
            to be read again.
    """

    def __init__(
        self,
        model: Model,
        fingerprints: Fingerprints,
        *,
        by_all_keyables: bool,
        update_time: str | None = None,
    ) -> None:
        # The keyables, and after them the other names under which they may be returned.
        renamed = [name for name in model.keyables if name in model.returned_as]
        sent = (*model.keyables, *renamed)
        self._names = (*model.keyables, *[model.returned_as[name] for name in renamed])
        self._positions = tuple(
            [at for at, name in enumerate(sent) if name == keyable] for keyable in model.keyables
        )
        self._scope_names = tuple(map(model.keyable_scope.get, sent))
        self._returned_as = {name: model.returned_as[name] for name in renamed}
        self._id_position = model.id_position
        self._fingerprints = fingerprints
        self._update_time = update_time
        # Of each record: its present keyables, the scopes of these, the fingerprints of its values,
        # and when it was changed.
        self._keys_width = 2 * WIDTH * len(self._names) if by_all_keyables else 0
        self._values_end = self._keys_width + self._fingerprints.width
        self._records = CompactMap(WIDTH, self._values_end + len(self._packed_time(None)))
        self._by_keyable = CompactMap(WIDTH, WIDTH)
        self._identifiers: dict[bytes, str | None] = {}
        self._created = 0
        self._unlinked: set[bytes] = set()
        self.stale = False

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a record as Planhat lists it.

        Args:
            row: `_id`, the keyables and their scopes, the compared properties, and the time.
        """
        time = parse_timestamp(row.get(self._update_time)) if self._update_time else None
        self._put(self._register(row[ID]), row, self._fingerprints.of(row), time)

    def add_created(self, identifiers: Iterable[str]) -> None:
        """Add ids that Planhat assigned in this run; which records have them is not known."""
        for identifier in identifiers:
            reference = self._register(identifier)
            if reference not in self._records:
                if self._keys_width:
                    self._unlinked.add(reference)
                self._put(reference, {}, self._fingerprints.unsure)

    def has_unlinked_id(self, payload: Payload) -> bool:
        """Return whether the record of a payload's `_id` may also be known by other keyables."""
        identifier = self._id_of(payload) if self._unlinked else None
        return identifier is not None and reference_of(identifier) in self._unlinked

    def find(self, payload: Payload) -> Existing:
        """Return the record that a payload refers to: the one with the strongest of its keyables.

        Args:
            payload: A payload that carries at least one keyable.
        """
        return find_strongest(payload, self._find_by)

    def write(self, payload: Payload, item: Mapping[str, Any]) -> None:
        """Update the record of a payload that Planhat has accepted, or add it.

        Args:
            payload: The payload.
            item: Its item, as values.
        """
        existing = self.find(payload)
        for name, other in self._returned_as.items():
            if name in item:
                item = {**item, other: item[name]}
        if isinstance(existing, ExistingRecord):
            self.stale |= existing.reference in self._unlinked
            keys = (self._records.get(existing.reference) or b"")[: self._keys_width]
            values = self._fingerprints.after(item, existing.values)
            # It keeps its time: what this run writes makes no record newer than a replayed one.
            time = existing.updated_at
            self.stale |= not self._put(existing.reference, item, values, time, keys)
        elif existing is None:
            # An _id is sent only if it exists, so here the record is known by other keyables alone.
            self.stale |= self._id_of(payload) is not None
            self._created += 1
            reference = created_reference(self._created)
            self._identifiers[reference] = None
            self.stale |= not self._put(reference, item, self._fingerprints.after(item, None))
        else:
            self.stale = True

    def remove(self, reference: bytes, *, existed: bool = True) -> None:
        """Remove a record that was deleted.

        Args:
            reference: What stands for the record.
            existed: Whether it existed until now. If it did, and is not known here by this
                reference, it may be known by its other keyables alone.
        """
        is_unknown = bool(self._keys_width) and reference not in self._records
        self.stale |= reference in self._unlinked or (existed and is_unknown)
        self._records.remove(reference)

    def _id_of(self, payload: Payload) -> str | None:
        return payload.keys[self._id_position] if self._id_position >= 0 else None

    def _register(self, identifier: str) -> bytes:
        reference = reference_of(identifier)
        if reference.hex() != identifier:
            self._identifiers[reference] = identifier
        return reference

    def _put(
        self,
        reference: bytes,
        row: Mapping[str, Any],
        values: bytes,
        time: datetime | None = None,
        keys_before: bytes | None = None,
    ) -> bool:
        """Store a record; return whether all keyables that it has now are known."""
        keys = bytearray(keys_before or bytes(self._keys_width))
        is_known = True
        for position, keyable in enumerate(self._names if keys else ()):
            if keyable != ID:
                is_known = self._put_key(reference, keys, position, row) and is_known
        self._records.set(reference, bytes(keys) + values + self._packed_time(time))
        return is_known

    def _put_key(
        self, reference: bytes, keys: bytearray, position: int, row: Mapping[str, Any]
    ) -> bool:
        value, scope_name = row.get(self._names[position]), self._scope_names[position]
        own = slice(position * WIDTH, (position + 1) * WIDTH)
        scope = EVERYWHERE_REFERENCE
        is_known = True
        if scope_name is not None:
            offset = len(self._names) * WIDTH
            own_scope = slice(own.start + offset, own.stop + offset)
            before = bytes(keys[own_scope])
            if scope_name in row:
                keys[own_scope] = scope_reference(row[scope_name])
            scope = bytes(keys[own_scope])
            if scope != before and any(keys[own]):
                keys[own] = NONE  # its company has changed, and its value is not stored
                is_known = value is not None
        if not isinstance(value, str) or not value:
            return is_known
        if scope_name is not None:
            self._by_keyable.set(keyable_reference(position, value, NONE), reference)
        if scope == NONE:
            keys[own] = keyable_reference(position, value, NONE)  # it may get a company later
            return False
        keys[own] = keyable_reference(position, value, scope)
        self._by_keyable.set(bytes(keys[own]), reference)
        return True

    def _find_by(self, position: int, key: str, scope: str | None) -> Existing:
        """Return the record that has a keyable now, under any of its names."""
        if self._names[position] == ID:
            reference = reference_of(key)
            row = self._records.get(reference)
            return None if row is None else self._existing(reference, row, position)
        if not self._keys_width:
            return UNKNOWN
        for at in self._positions[position] if scope is not None else ():
            wanted = keyable_reference(at, key, scope_reference(scope))
            found = self._by_keyable.get(wanted)
            row = self._records.get(found) if found is not None else None
            # A record that has another value by now is still listed under the old one.
            if found and row and row[at * WIDTH : (at + 1) * WIDTH] == wanted:
                return self._existing(found, row, position)
        # A company that is not identified by its _id may be any company.
        if scope != EVERYWHERE and scope_kind(scope) != ID:
            anywhere = [keyable_reference(at, key, NONE) for at in self._positions[position]]
            if any(each in self._by_keyable for each in anywhere):
                return UNKNOWN
        return None

    def _existing(self, reference: bytes, row: bytes, found_by: int) -> ExistingRecord:
        identifier = self._identifiers.get(reference, reference.hex())
        values, time = row[self._keys_width : self._values_end], row[self._values_end :]
        return ExistingRecord(
            reference, identifier, found_by, values, self._fingerprints, _unpacked_time(time)
        )

    def _packed_time(self, time: datetime | None) -> bytes:
        if self._update_time is None:
            return b""
        return _TIME.pack(_NO_TIME if time is None else (time - _EPOCH) // _MICROSECOND)


def _unpacked_time(packed: bytes) -> datetime | None:
    microseconds: int = _TIME.unpack(packed)[0] if packed else _NO_TIME
    return None if microseconds == _NO_TIME else _EPOCH + microseconds * _MICROSECOND
