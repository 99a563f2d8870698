"""What the destination holds, as far as the run has to know it, in little memory.

Pure: owns which records there are, by which keyables each is found, and the fingerprints of what
they hold. `destination` fills it from list pages and tells it what is written meanwhile.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.writing.batching.identity import normalized_scope, scope_kind
from planhat_sync.writing.matching.compact_map import CompactMap
from planhat_sync.writing.matching.existing import DOUBT, Doubt, IndexedRecord
from planhat_sync.writing.matching.fingerprints import Fingerprints
from planhat_sync.writing.records.keys import EVERYWHERE, ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Payload

WIDTH: Final = 12
"""Bytes of a record's name here: those of an ObjectId, or of a hash where it has none."""
NONE: Final = bytes(WIDTH)
"""Stands for a key, or what a key is unique within, that is not there or not known."""
EVERYWHERE_HASH: Final = b"\xff" * WIDTH
"""Stands for "unique among all records"."""

_OBJECT_ID: Final = re.compile("[0-9a-fA-F]{24}")


class Index:
    """The records of one model.

    Args:
        model: The model.
        keyed: Whether records are to be found by keyables other than their `_id`.
        properties: Those whose values are compared.

    Attributes:
        stale: Whether something was written that cannot be followed here: what is held has to be
            read anew.
    """

    def __init__(self, model: Model, *, keyed: bool, properties: Sequence[str] = ()) -> None:
        self._keyables = model.keyables
        self._scopes = tuple(model.keyable_scope.get(name) for name in model.keyables)
        self._id_at = model.id_position
        self._fingerprints = Fingerprints(properties)
        # Of each record: what it is found by now, keyable by keyable; what these are unique
        # within; its fingerprints.
        self._keys_width = 2 * WIDTH * len(model.keyables) if keyed else 0
        self._records = CompactMap(WIDTH, self._keys_width + self._fingerprints.width)
        self._found_by = CompactMap(WIDTH, WIDTH)
        self._identifiers: dict[bytes, str | None] = {}
        self._created = 0
        self._loose: set[bytes] = set()
        self.stale = False

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in a record as Planhat lists it.

        Args:
            row: `_id`, the keyables with what they are unique within, and the properties.
        """
        self._put(self._register(row[ID]), row, self._fingerprints.of(row))

    def add_created(self, identifiers: Iterable[str]) -> None:
        """Add ids of records that this run may have created; of which ones is not known."""
        for identifier in identifiers:
            name = self._register(identifier)
            if name not in self._records:
                if self._keys_width:
                    self._loose.add(name)
                self._put(name, {}, self._fingerprints.unsure)

    def is_loose(self, payload: Payload) -> bool:
        """Return whether the `_id` of a payload may be that of a record known by other keyables."""
        identifier = self._id_of(payload) if self._loose else None
        return identifier is not None and name_of(identifier) in self._loose

    def find(self, payload: Payload) -> IndexedRecord | Doubt | None:
        """Find the record that a payload means: by the strongest of its keyables that is held.

        Args:
            payload: A payload that carries at least one keyable.
        """
        doubt = False
        for at, key in enumerate(payload.keys):
            if key is None:
                continue
            scope = payload.scopes[at] if payload.scopes else EVERYWHERE
            name = self._named(at, key, scope)
            if name is not None:
                return self._held(name, at)
            doubt = doubt or self._may_be_held(at, key, scope)
        return DOUBT if doubt else None

    def _held(self, name: bytes, at: int) -> IndexedRecord:
        row = self._records.get(name) or b""
        identifier = self._identifiers.get(name, name.hex())
        return IndexedRecord(name, identifier, at, row[self._keys_width :], self._fingerprints)

    def write(self, payload: Payload, item: Mapping[str, Any]) -> None:
        """Take note that Planhat took a payload.

        Args:
            payload: The payload.
            item: Its item, as values.
        """
        held = self.find(payload)
        if isinstance(held, IndexedRecord):
            self.stale |= held.name in self._loose
            keys = (self._records.get(held.name) or b"")[: self._keys_width]
            marks = self._fingerprints.after(item, held.marks)
            self.stale |= not self._put(held.name, item, marks, keys)
        elif held is None:
            # An _id is sent only if it is held, so this record is known by other keyables alone.
            self.stale |= self._id_of(payload) is not None
            self._created += 1
            name = _hash(b"created %d" % self._created)
            self._identifiers[name] = None
            self.stale |= not self._put(name, item, self._fingerprints.after(item, None))
        else:
            self.stale = True

    def remove(self, name: bytes, *, existed: bool = True) -> None:
        """Remove a record that is gone.

        Args:
            name: What `IndexedRecord` or `name_of` calls it.
            existed: Whether it was there until now. If it was, and is not known here by this
                name, it may be known by its other keyables alone.
        """
        is_unknown = bool(self._keys_width) and name not in self._records
        self.stale |= name in self._loose or (existed and is_unknown)
        self._records.remove(name)

    def _id_of(self, payload: Payload) -> str | None:
        return payload.keys[self._id_at] if self._id_at >= 0 else None

    def _register(self, identifier: str) -> bytes:
        name = name_of(identifier)
        if name.hex() != identifier:
            self._identifiers[name] = identifier
        return name

    def _put(
        self, name: bytes, row: Mapping[str, Any], marks: bytes, before: bytes | None = None
    ) -> bool:
        """Enter a record; tell whether all that it is found by from now on is known."""
        keys = bytearray(before or bytes(self._keys_width))
        known = True
        for at, keyable in enumerate(self._keyables if keys else ()):
            if keyable != ID:
                known = self._put_key(name, keys, at, row) and known
        self._records.set(name, bytes(keys) + marks)
        return known

    def _put_key(self, name: bytes, keys: bytearray, at: int, row: Mapping[str, Any]) -> bool:
        value, scope_name = row.get(self._keyables[at]), self._scopes[at]
        here = slice(at * WIDTH, (at + 1) * WIDTH)
        scope = EVERYWHERE_HASH
        known = True
        if scope_name is not None:
            behind = len(self._keyables) * WIDTH
            there = slice(here.start + behind, here.stop + behind)
            before = bytes(keys[there])
            if scope_name in row:
                keys[there] = _scope_hash(row[scope_name])
            scope = bytes(keys[there])
            if scope != before and any(keys[here]):
                keys[here] = NONE  # its company is another now, and the key is not known in full
                known = value is not None
        if not isinstance(value, str) or not value:
            return known
        if scope_name is not None:
            self._found_by.set(_key(at, value, NONE), name)
        if scope == NONE:
            keys[here] = _key(at, value, NONE)  # not forgotten: it may get a company later
            return False
        keys[here] = _key(at, value, scope)
        self._found_by.set(bytes(keys[here]), name)
        return True

    def _named(self, at: int, key: str, scope: str | None) -> bytes | None:
        """Name the record that has a keyable by now."""
        if self._keyables[at] == ID:
            name = name_of(key)
            return name if name in self._records else None
        if not self._keys_width or scope is None:
            return None
        wanted = _key(at, key, _scope_hash(scope))
        found = self._found_by.get(wanted)
        row = self._records.get(found) if found is not None else None
        is_so_still = row is not None and row[at * WIDTH : (at + 1) * WIDTH] == wanted
        return found if is_so_still else None

    def _may_be_held(self, at: int, key: str, scope: str | None) -> bool:
        """Tell whether a record may have a keyable although none is found by it."""
        if self._keyables[at] == ID:
            return False
        if not self._keys_width:
            return True
        # A company that is not named by its _id may be any.
        nameless = scope != EVERYWHERE and scope_kind(scope) != ID
        return nameless and _key(at, key, NONE) in self._found_by


def name_of(identifier: str) -> bytes:
    """Give what an index calls a record: the bytes of an ObjectId, of any other `_id` a hash."""
    if _OBJECT_ID.fullmatch(identifier):
        return bytes.fromhex(identifier)
    return _hash(identifier.encode("utf-8", "surrogatepass"))


def _key(at: int, key: str, scope: bytes) -> bytes:
    return _hash(b"%d %b %b" % (at, scope, key.encode("utf-8", "surrogatepass")))


def _scope_hash(scope: object) -> bytes:
    if scope == EVERYWHERE:
        return EVERYWHERE_HASH
    if not isinstance(scope, str):
        return NONE
    return _hash(b"scope " + normalized_scope(scope).encode("utf-8", "surrogatepass"))


def _hash(text: bytes) -> bytes:
    return blake2b(text, digest_size=WIDTH).digest()
