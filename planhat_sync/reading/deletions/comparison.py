"""Compares the ids of a complete scan with those that were known before it.

Pure. What it finds missing is not yet deleted: a list may lag, or be cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sync.reading.deletions.id_table import IdTable
from planhat_sync.reading.deletions.known_ids import MOST_DELETED, KnownIds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """What is known and was not scanned.

    Attributes:
        count: How many ids that is, at least.
        named: Those whose ids are known without the table: what was emitted after the last sweep,
            and what was the greatest id then. Ascending.
        ids: All of them, ascending; None if they cannot be decoded.
    """

    count: int
    named: list[str]
    ids: list[str] | None


class Comparison:
    """One complete scan, compared with what was known before it.

    An id above the greatest of the known table is not compared with it: it is newer.

    Args:
        known: What is known; None if nothing is.

    Attributes:
        others: How many of the scanned ids are not ObjectIds, and are not watched.
        first: An id that was scanned; None if there is none yet.
        last: The id that was scanned last; None if there is none yet.
    """

    def __init__(self, known: KnownIds | None) -> None:
        self.others = 0
        self.first: str | None = None
        self.last: str | None = None
        self._known = known
        self._known_top = known.top if known else ""
        self._top = ""
        self._older = IdTable()  # to compare with the known table
        self._newer = IdTable()
        self._recent = set(known.recent) if known else set()
        self._deleted = dict.fromkeys(known.deleted) if known else {}
        self._has_known_top = not self._known_top

    @property
    def size(self) -> int:
        """How many ids have been scanned."""
        return self._older.size + self._newer.size + self.others

    def add(self, ids: Sequence[str]) -> None:
        """Add ids of the scan, each once in the course of it.

        Args:
            ids: Ids of existing records.
        """
        if not ids:
            return
        self.first = self.first or ids[0]
        self.last = ids[-1]
        top = self._known_top
        self._has_known_top = self._has_known_top or top in ids
        newer = [identifier for identifier in ids if identifier > top]
        others = self._newer.add(newer)
        if len(newer) < len(ids):
            others += self._older.add(identifier for identifier in ids if identifier <= top)
        if others:
            self.others += len(others)
            skipped = set(others)
            ids = [identifier for identifier in ids if identifier not in skipped]
        self._recent.difference_update(ids)
        for identifier in set(self._deleted).intersection(ids):
            del self._deleted[identifier]
        self._top = max(self._top, max(ids, default=""))

    def missing(self) -> Missing:
        """Return what is known and was not scanned, after the scan."""
        if self._known is None:
            return Missing(0, [], [])
        recent = sorted(self._recent)
        difference = self._known.table.difference(self._older)
        if difference is None:
            fewer = self._known.table.size - self._older.size
            named = recent if self._has_known_top else sorted([self._known_top, *recent])
            return Missing(max(0, fewer) + len(recent), named, None)
        # The table has none of the recent ids, unless the state has been changed by hand.
        ids = sorted({*difference.removed, *recent})
        return Missing(len(ids), recent, ids)

    def known_after(
        self, at: datetime, kept: Sequence[str] = (), deleted: Sequence[str] = ()
    ) -> KnownIds:
        """Return what is known after the scan.

        Args:
            at: When the scan ended.
            kept: Ids that are missing in the scan, although their records exist.
            deleted: Ids of the records that are missing because they do not exist any more.
        """
        table = self._older.union(self._newer)
        table.add(kept)
        again = {*kept, *deleted}
        remembered = [identifier for identifier in self._deleted if identifier not in again]
        remembered += deleted
        return KnownIds(table, max([self._top, *kept]), at, deleted=remembered[-MOST_DELETED:])
