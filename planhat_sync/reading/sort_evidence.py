"""What the replication keys of a page's rows show: their order, and whether the server sorts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    Ids = Sequence[str]
    Timestamps = Sequence[datetime | None]


FEW_ROWS = 100
"""The vendor's default `limit`: a shorter page is taken to be the complete collection when deciding
whether to check that the server sorts (and for nothing else)."""


@dataclass(frozen=True, slots=True)
class OldestRead:
    """The oldest rows that a scan has read, the newest first.

    Attributes:
        key: The key that they share.
        ids: Their ``_id``.
    """

    key: datetime
    ids: frozenset[str]

    @classmethod
    def of(cls, ids: Ids, timestamps: Timestamps) -> OldestRead:
        """Return the oldest rows of a page.

        Args:
            ids: The ``_id`` of each row, the newest first.
            timestamps: The key of each row; at least one has one.
        """
        key = without_none(timestamps)[-1]
        return cls(key, frozenset(ids[at] for at in indices_between(timestamps, key, key)))

    def unread(self, ids: Ids, timestamps: Timestamps, cutoff: datetime) -> list[int]:
        """Return the indices of the rows of a page that have not been read.

        Args:
            ids: The ``_id`` of each row.
            timestamps: The key of each row.
            cutoff: Rows older than this are left out.
        """
        older = indices_between(timestamps, cutoff, self.key)
        return [at for at in older if timestamps[at] != self.key or ids[at] not in self.ids]


def are_few(rows: int, limit: int) -> bool:
    """Return whether rows are too few to check whether the server sorts.

    Args:
        rows: How many there are.
        limit: How many were requested at once.
    """
    return rows < min(limit, FEW_ROWS)


def without_none(timestamps: Timestamps) -> list[datetime]:
    """Return the keys of the rows that have one, in the order of the page.

    Args:
        timestamps: The key of each row, None where it has none.
    """
    return [timestamp for timestamp in timestamps if timestamp is not None]


def is_ascending(timestamps: Timestamps) -> bool:
    """Return whether the rows with a key ascend, with all those without one at the same end.

    Args:
        timestamps: The key of each row.
    """
    changes = sum((a is None) != (b is None) for a, b in pairwise(timestamps))
    return changes <= 1 and all(a <= b for a, b in pairwise(without_none(timestamps)))


def indices_between(
    timestamps: Timestamps, oldest: datetime, newest: datetime | None = None
) -> list[int]:
    """Return the indices of the rows whose key lies in an interval, both ends included.

    Args:
        timestamps: The key of each row.
        oldest: The lower end.
        newest: The upper end; None for no limit.
    """
    return [
        at
        for at, timestamp in enumerate(timestamps)
        if timestamp and timestamp >= oldest and (newest is None or timestamp <= newest)
    ]


def last_newer(timestamps: Timestamps, limit: datetime) -> int:
    """Return the index of the last row whose key is newer than a limit; 0 if there is none.

    Args:
        timestamps: The key of each row.
        limit: The limit.
    """
    newer = (at for at, timestamp in enumerate(timestamps) if timestamp and timestamp > limit)
    return max(newer, default=0)


def shows_sort(
    ids: Ids,
    timestamps: Timestamps,
    *,
    newest_ids: Collection[str],
    low: datetime,
    high: datetime,
) -> bool:
    """Return whether a server that was asked for the newest and the oldest rows sorted both.

    A server that ignores `sort` answers both with the same rows, and these may look sorted: rows in
    the order of their creation are also in that of their last change, if few have changed since.

    Args:
        ids: The ``_id`` of the oldest rows, the oldest first.
        timestamps: Their keys.
        newest_ids: The ``_id`` of the newest rows, as far as those cannot be among the oldest.
        low: The oldest key of the newest rows.
        high: The newest key of the newest rows.
    """
    oldest = next(iter(without_none(timestamps)), None)
    return (
        set(newest_ids).isdisjoint(ids)
        and is_ascending(timestamps)
        and (oldest is None or (oldest <= low and oldest < high))
    )
