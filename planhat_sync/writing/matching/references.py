"""What stands for a record, a keyable or a scope in an index: twelve bytes each."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

from planhat_sync.writing.batching.identity import normalized_scope
from planhat_sync.writing.records.keys import EVERYWHERE

WIDTH: Final = 12
"""Bytes of an ObjectId; a hash of the same length stands for anything else."""
NONE: Final = bytes(WIDTH)
"""Stands for a keyable or a scope that is absent or not known."""
EVERYWHERE_REFERENCE: Final = b"\xff" * WIDTH
"""Stands for the scope of a keyable that is unique among all records."""

_OBJECT_ID: Final = re.compile("[0-9a-fA-F]{24}")


def reference_of(identifier: str) -> bytes:
    """Return what stands for a record with an `_id`: the bytes of an ObjectId, or a hash."""
    if _OBJECT_ID.fullmatch(identifier):
        return bytes.fromhex(identifier)
    return _hash(identifier.encode("utf-8", "surrogatepass"))


def keyable_reference(position: int, key: str, scope: bytes) -> bytes:
    """Return what stands for the value of a keyable within a scope.

    Args:
        position: Position of the keyable among the model's.
        key: Its value.
        scope: What stands for its scope; NONE for any.
    """
    return _hash(b"%d %b %b" % (position, scope, key.encode("utf-8", "surrogatepass")))


def scope_reference(scope: object) -> bytes:
    """Return what stands for a scope."""
    if scope == EVERYWHERE:
        return EVERYWHERE_REFERENCE
    if not isinstance(scope, str):
        return NONE
    return _hash(b"scope " + normalized_scope(scope).encode("utf-8", "surrogatepass"))


def created_reference(number: int) -> bytes:
    """Return what stands for a record that this run has created, and whose `_id` is not known.

    Args:
        number: How many there are so far.
    """
    return _hash(b"created %d" % number)


def _hash(text: bytes) -> bytes:
    return blake2b(text, digest_size=WIDTH).digest()
