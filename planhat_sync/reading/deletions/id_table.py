"""A set of ids in constant space, which can be compared with a later one.

An invertible Bloom lookup table: each id is added to a few cells, and what two tables do not have
in common is decoded from their difference, however many ids they do have in common. See
D. Eppstein, M. T. Goodrich, F. Uyeda and G. Varghese, "What's the Difference? Efficient Set
Reconciliation without Prior Context", SIGCOMM 2011, https://doi.org/10.1145/2018436.2018462.

A cell of the paper has a count, the XOR of the ids and the XOR of their hashes. Here it is one sum
modulo 2**144 of ``id * 2**48 + check``. A cell that holds a single id says so itself (its two parts
fit each other), and its sign says from which of the tables the id comes, so no count is needed. An
id that was added twice is not taken for one that was not added at all.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

CELLS = 512
_HASHES = 4
_POSITIONS = CELLS // _HASHES  # of each hash: an id never meets itself in a cell
_POSITION_BITS = _POSITIONS.bit_length() - 1
_CHECK_BITS = 48
_CELL_BYTES = 18
_MODULUS = 1 << 8 * _CELL_BYTES
_ID_BYTES = 12
_DIGEST_BYTES = _HASHES + _CHECK_BITS // 8  # more than enough bits for the positions
_is_object_id = re.compile("[0-9a-f]{24}").fullmatch


class Difference(NamedTuple):
    """What two tables do not have in common.

    Attributes:
        removed: The ids that only the earlier table has.
        added: The ids that only the later table has.
    """

    removed: list[str]
    added: list[str]


class IdTable:
    """A table of ObjectIds.

    Attributes:
        size: How many ids have been added.
    """

    def __init__(self) -> None:
        self.size = 0
        self._cells = [0] * CELLS

    def add(self, ids: Iterable[str]) -> list[str]:
        """Add ids; each must be added once.

        Args:
            ids: ObjectIds as 24 hexadecimal digits in lower case.

        Returns:
            Those that are not ObjectIds. They were not added.
        """
        others = []
        cells = self._cells
        for identifier in ids:
            if _is_object_id(identifier):
                value, positions = _hashed(identifier)
                for position in positions:
                    cells[position] += value
                self.size += 1
            else:
                others.append(identifier)
        return others

    def union(self, other: IdTable) -> IdTable:
        """Return a table of the ids of both.

        Args:
            other: A table that has none of the ids of this one.
        """
        both = IdTable()
        both.size = self.size + other.size
        both._cells = [
            ours + theirs for ours, theirs in zip(self._cells, other._cells, strict=True)
        ]
        return both

    def difference(self, later: IdTable) -> Difference | None:
        """Compare this table with a later one.

        Args:
            later: The table to compare with.

        Returns:
            What they do not have in common. None if it cannot be decoded: there is too much of it,
            an id was added more than once, or a table is not what it was.
        """
        cells = [
            (ours - theirs) % _MODULUS
            for ours, theirs in zip(self._cells, later._cells, strict=True)
        ]
        removed: dict[str, None] = {}
        added: dict[str, None] = {}
        left = set(range(CELLS))
        while left:
            cell = cells[left.pop()]
            for value, found in ((cell, removed), (-cell % _MODULUS, added)):
                identifier = _single(value)
                if identifier is None:
                    continue
                if identifier in found:
                    return None  # two tables of sets cannot differ in one id twice
                found[identifier] = None
                step = -value if found is removed else value
                _, positions = _hashed(identifier)
                for position in positions:
                    cells[position] = (cells[position] + step) % _MODULUS
                left.update(positions)
                break
        if any(cells) or len(removed) - len(added) != self.size - later.size:
            return None
        return Difference(sorted(removed), sorted(added))

    def to_text(self) -> str:
        """Return the cells as text, 12,288 characters long."""
        cells = ((cell % _MODULUS).to_bytes(_CELL_BYTES, "big") for cell in self._cells)
        return base64.b64encode(b"".join(cells)).decode()

    @classmethod
    def from_text(cls, text: str, size: int) -> Self:
        """Read a table.

        Args:
            text: What `to_text` returned.
            size: How many ids it had.

        Raises:
            ValueError: It is not the text of a table.
        """
        try:
            content = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError("not Base64") from error
        if len(content) != CELLS * _CELL_BYTES or size < 0:
            raise ValueError("not a table")
        table = cls()
        table.size = size
        table._cells = [int.from_bytes(cell, "big") for cell in _cut(content)]
        return table


def is_object_id(identifier: str) -> bool:
    """Return whether a text is an ObjectId as Planhat writes it.

    Args:
        identifier: An ``_id``.
    """
    return _is_object_id(identifier) is not None


def _hashed(identifier: str) -> tuple[int, list[int]]:
    """Return what an id adds to a cell, and the cells that it is added to."""
    raw = bytes.fromhex(identifier)
    digest = int.from_bytes(blake2b(raw, digest_size=_DIGEST_BYTES).digest(), "big")
    check = digest & (1 << _CHECK_BITS) - 1
    rest = digest >> _CHECK_BITS
    positions = []
    for first in range(0, CELLS, _POSITIONS):
        positions.append(first + (rest & _POSITIONS - 1))
        rest >>= _POSITION_BITS
    return int.from_bytes(raw, "big") << _CHECK_BITS | check, positions


def _single(value: int) -> str | None:
    """Return the id of a cell that holds nothing else; None if it holds none or several."""
    raw = value >> _CHECK_BITS
    if not value:
        return None
    identifier = f"{raw:0{2 * _ID_BYTES}x}"
    return identifier if _hashed(identifier)[0] == value else None


def _cut(content: bytes) -> Iterator[bytes]:
    return (content[at : at + _CELL_BYTES] for at in range(0, len(content), _CELL_BYTES))
