"""What the keys of a page's rows show: every condition counts by itself."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from planhat_sync.reading.sort_evidence import is_ascending, shows_sort

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)


def at(day: int | None) -> datetime | None:
    return None if day is None else EPOCH + timedelta(days=day)


def shown(ids: list[str], days: list[int | None], *, low: int = 7, high: int = 9) -> bool:
    """Whether these oldest rows show a sort, where the newest rows are x and y."""
    keys = [at(day) for day in days]
    return shows_sort(ids, keys, newest_ids={"x", "y"}, low=at(low), high=at(high))


@pytest.mark.parametrize(
    ("days", "low", "high"),
    [([1, 2], 7, 9), ([7, 8], 7, 9), ([None, None], 7, 9), ([1, None], 7, 9), ([None, 1], 7, 9)],
)
def test_other_rows_in_order_that_begin_no_later_than_the_newest_rows_show_a_sort(days, low, high):
    assert shown(["a", "b"], days, low=low, high=high)


def test_no_rows_at_all_contradict_no_sort():
    assert shown([], [])


@pytest.mark.parametrize(
    ("ids", "days", "high"),
    [
        (["a", "x"], [1, 2], 9),  # one of the newest rows is among the oldest
        (["a", "b"], [2, 1], 9),  # they do not ascend
        (["a", "b"], [8, 9], 9),  # the oldest is newer than the oldest of the newest
        (["a", "b"], [7, 7], 7),  # the oldest is as new as the newest
    ],
)
def test_each_condition_that_fails_alone_shows_no_sort(ids, days, high):
    assert not shown(ids, days, high=high)


@pytest.mark.parametrize(
    ("days", "ascends"),
    [
        ([], True),
        ([1, 1, 2], True),
        ([None, 1, 2], True),
        ([1, 2, None], True),
        ([2, 1], False),
        ([1, None, 2], False),
        ([None, 1, None], False),
    ],
)
def test_rows_ascend_with_those_without_a_key_at_one_end(days, ascends):
    assert is_ascending([at(day) for day in days]) is ascends
