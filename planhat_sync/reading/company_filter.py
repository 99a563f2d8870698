"""Splits a filter by companies into walks, and tells which rows of each walk are to be emitted.

Pure. That `companyId` takes several ids with commas between them is third-party knowledge (fact
list-company-commas), so it is believed only once rows have come that no single id explains.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONGEST_FILTER = 1500
"""Most characters of ids in one request; many servers refuse addresses beyond some 2,000."""


class CompanyFilter:
    """The walks that a filter by companies takes, one after another.

    Without companies there is one walk, of everything.

    Args:
        ids: ``_id`` of each company.
        joined: Whether the server is known to read several ids with commas between them.

    Attributes:
        joined: The same, after the walks so far.
        current: The companies of the walk under way.
    """

    def __init__(self, ids: Iterable[str], *, joined: bool = False) -> None:
        self.joined = joined
        self.current: tuple[str, ...] = ()
        self._left = deque(_chunks(list(dict.fromkeys(ids))) or [()])
        self._walked: frozenset[str] = frozenset()
        self._came: frozenset[str] = frozenset()
        self._explaining: frozenset[str] = frozenset()
        self._has_rows = False

    @property
    def several(self) -> bool:
        """Whether there is more than one walk left."""
        return len(self._left) > 1

    def start(self) -> bool:
        """Begin the next walk, if there is one."""
        if not self._left:
            return False
        self.current = self._left.popleft()
        self._explaining = frozenset(self.current)
        self._has_rows = False
        return True

    def admits(self, companies: Collection[str] | None) -> bool:
        """Tell whether a row of the current walk is to be emitted.

        A row that several walks meet is emitted by the first of them, so nothing needs to be
        remembered of the rows. A row that no listed company has comes from a server that ignores
        the filter.

        Args:
            companies: The companies that the row points at; None if it does not say.
        """
        if not self.current or companies is None:
            return True
        mine = self._explaining.intersection(companies)
        if not mine and not set(self.current).intersection(companies):
            return False
        self._has_rows = True
        self._explaining = mine
        return self._walked.isdisjoint(companies) and not (
            self._came and self._came.issubset(companies)
        )

    def doubtful(self) -> tuple[str, ...]:
        """End the current walk; give the ids to ask one by one, lest the server read only one.

        Returns:
            The ids, or nothing where all of them are known to have been read.
        """
        if len(self.current) <= 1 or self.joined:
            self._walked |= set(self.current)
            return ()
        if not self._explaining:
            self.joined = True
            self._walked |= set(self.current)
            return ()
        return tuple(one for one in self.current if self._explaining != {one})

    def contradicts(self, companies: Collection[str] | None) -> bool:
        """Tell whether a row, asked for by a doubtful id, should have come and did not.

        Args:
            companies: The companies that the row points at; None if it does not say.
        """
        if not self._has_rows or companies is None:
            return True
        return not self._explaining.issubset(companies)

    def trust(self) -> None:
        """Take the doubtful ids for read: there was nothing to find."""
        self._walked |= set(self.current)

    def split(self) -> None:
        """Go on id by id: the server does not read several.

        Which one it has read may be any of those that all its rows have; then it has given every
        row that has all of them.
        """
        self._came = self._explaining if self._has_rows else frozenset()
        read = self._came if len(self._came) == 1 else frozenset()
        self._walked |= read
        left = [one for chunk in (self.current, *self._left) for one in chunk if one not in read]
        self._left = deque((one,) for one in left)


def _chunks(ids: list[str]) -> list[tuple[str, ...]]:
    chunks: list[list[str]] = []
    length = 0
    for one in ids:
        length += len(one) + 1
        if not chunks or length > LONGEST_FILTER + 1:
            chunks.append([])
            length = len(one) + 1
        chunks[-1].append(one)
    return [tuple(chunk) for chunk in chunks]
