"""What the replication keys of a page's rows show: their order, and whether the server sorts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    Moments = Sequence[datetime | None]


def keyed(moments: Moments) -> list[datetime]:
    """Give the keys of the rows that have one, in the order of the page.

    Args:
        moments: The key of each row, None where it has none.
    """
    return [moment for moment in moments if moment is not None]


def ascend(moments: Moments) -> bool:
    """Tell whether the rows with a key ascend, and those without stand together at one end.

    Args:
        moments: The key of each row.
    """
    holes = sum((a is None) != (b is None) for a, b in pairwise(moments))
    return holes <= 1 and all(a <= b for a, b in pairwise(keyed(moments)))


def positions(moments: Moments, oldest: datetime, newest: datetime | None = None) -> list[int]:
    """Give the positions of the rows whose key lies between two moments, both included.

    Args:
        moments: The key of each row.
        oldest: The earlier moment.
        newest: The later one, None for no bound.
    """
    return [
        at
        for at, moment in enumerate(moments)
        if moment and moment >= oldest and (newest is None or moment <= newest)
    ]


def last_above(low: datetime, moments: Moments) -> int:
    """Give the position of the last row newer than a moment; 0 if there is none.

    Args:
        low: The moment.
        moments: The key of each row.
    """
    return max((i for i, moment in enumerate(moments) if moment and moment > low), default=0)


def show_sort(
    newest: tuple[Collection[str], datetime, datetime], ids: Sequence[str], moments: Moments
) -> bool:
    """Tell whether a server that was asked for the newest rows, then for the oldest, sorted both.

    A server that ignores the sort gives the same rows twice, and they may look sorted: rows in
    the order of their creation are also in that of their last change, where hardly any changes.

    Args:
        newest: Of the newest rows: the ``_id`` of those that cannot be among the oldest, the
            oldest key and the newest.
        ids: The ``_id`` of the oldest rows, the oldest first.
        moments: Their keys.
    """
    upper, low, high = newest
    old = keyed(moments)
    return (
        set(upper).isdisjoint(ids)
        and ascend(moments)
        and (not old or (old[0] <= low and old[0] < high))
    )
