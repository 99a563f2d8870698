"""Splits a filter by companies into one scan for each group of ids, and selects each scan's rows.

Pure. That `companyId` accepts several ids with commas between them is third-party knowledge (fact
list-company-commas), so it is relied on only after rows have come that no single id explains.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from planhat_sync.model_file import CompanyFilter as CompanyFilterKind

LONGEST_FILTER = 1500
"""Most characters of ids in one request; many servers refuse URLs beyond about 2,000."""


class CompanyFilter:
    """The scans that a filter by companies needs, one after another.

    Without companies there is one scan, of everything.

    Args:
        ids: ``_id`` of each company.
        takes: What the list takes as `companyId`. With ``none``, there is one scan of everything.
        joined: Whether the server is known to accept several ids with commas between them.

    Attributes:
        joined: The same, after the scans so far.
        current: The companies of the current scan.
    """

    def __init__(
        self, ids: Iterable[str], takes: CompanyFilterKind = "one", *, joined: bool = False
    ) -> None:
        self.joined = joined or takes != "one"
        self.current: tuple[str, ...] = ()
        self._is_sent = takes != "none"
        distinct = tuple(dict.fromkeys(ids))
        self._left = deque(_groups(distinct) or [()] if self._is_sent else [distinct])
        self._scanned: frozenset[str] = frozenset()
        self._emitted_by: frozenset[str] = frozenset()
        self._common: frozenset[str] = frozenset()  # ids of the scan that all its rows refer to
        self._has_rows = False

    @property
    def sent(self) -> tuple[str, ...]:
        """The companies that the current scan sends."""
        return self.current if self._is_sent else ()

    @property
    def may_be_several(self) -> bool:
        """Whether more than one scan may be left."""
        return len(self._left) > 1 or any(
            len(group) > 1 and not self.joined for group in self._left
        )

    def start(self) -> bool:
        """Start the next scan; return False if none is left."""
        if not self._left:
            return False
        self.current = self._left.popleft()
        self._common = frozenset(self.current)
        self._has_rows = False
        return True

    def includes(self, companies: Collection[str] | None) -> bool:
        """Return whether a row of the current scan is to be emitted.

        A row that several scans find is emitted by the first of them, so no row needs to be
        remembered. A row that refers to none of the companies comes from a server that ignores the
        filter.

        Args:
            companies: The companies that the row refers to; None if it does not say.
        """
        if not self.current or companies is None:
            return True
        common = self._common.intersection(companies)
        if not common and not set(self.current).intersection(companies):
            return False
        self._has_rows = True
        self._common = common
        return self._scanned.isdisjoint(companies) and not (
            self._emitted_by and self._emitted_by.issubset(companies)
        )

    def unverified(self) -> tuple[str, ...]:
        """End the current scan, and return the ids that the server may have ignored.

        Returns:
            The ids to check one by one, before either `split` or `confirm`; none if all of them
            are known to have been applied.
        """
        if len(self.current) > 1 and not self._common:
            self.joined = True
        if len(self.current) <= 1 or self.joined:
            return ()
        return tuple(one for one in self.current if self._common != {one})

    def contradicts(self, companies: Collection[str] | None) -> bool:
        """Return whether a row, found by an unverified id alone, is missing from the current scan.

        Args:
            companies: The companies that the row refers to; None if it does not say.
        """
        if not self._has_rows or companies is None:
            return True
        return not self._common.issubset(companies)

    def confirm(self) -> None:
        """Treat all companies of the current scan as read."""
        self._scanned |= set(self.current)

    def split(self) -> None:
        """Continue with one id at a time, because the server applies only one.

        It may have applied any of the ids that all rows so far refer to. Whichever it was, every
        row that refers to all of those has been emitted.
        """
        self._emitted_by = self._common if self._has_rows else frozenset()
        read = self._emitted_by if len(self._emitted_by) == 1 else frozenset()
        self._scanned |= read
        left = [one for group in (self.current, *self._left) for one in group if one not in read]
        self._left = deque((one,) for one in left)


def _groups(ids: Sequence[str]) -> list[tuple[str, ...]]:
    groups: list[list[str]] = []
    length = 0
    for one in ids:
        length += len(one) + 1
        if not groups or length > LONGEST_FILTER + 1:
            groups.append([])
            length = len(one) + 1
        groups[-1].append(one)
    return [tuple(group) for group in groups]
