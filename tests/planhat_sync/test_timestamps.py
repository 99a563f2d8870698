"""Timestamps are parsed as they were formatted, and formatted as Planhat does."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.timestamps import earlier, format_timestamp, parse_timestamp

UTC = timezone.utc
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.floats(0, 4e9), offsets)
def test_a_formatted_timestamp_is_parsed_to_the_same_timestamp(seconds, offset):
    timestamp = datetime.fromtimestamp(seconds, offset)
    assert parse_timestamp(format_timestamp(timestamp)) == timestamp


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_000, tzinfo=UTC), "2026-01-02T03:04:05.006Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_007, tzinfo=UTC), "2026-01-02T03:04:05.006007Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T03:04:05.000+02:00",
        ),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05.000"),  # noqa: DTZ001 - on purpose
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_a_timestamp_is_formatted_as_planhat_does(timestamp, text):
    assert format_timestamp(timestamp) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-13-01T00:00:00Z", 5, None, "2026-01-01T", "\ud800"),
        # Not in a year that can be written in UTC.
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_a_value_that_is_not_a_date_time_is_none(text):
    assert parse_timestamp(text) is None


def test_a_date_time_without_an_offset_is_taken_as_utc():
    assert parse_timestamp("2026-01-01T00:00:00") == parse_timestamp("2026-01-01T00:00:00Z")
    assert parse_timestamp("2026-01-01") == parse_timestamp("2026-01-01T00:00:00Z")


def test_nothing_is_earlier_than_the_earliest_timestamp():
    first = datetime.min.replace(tzinfo=UTC)
    assert earlier(first + timedelta(seconds=1), timedelta(seconds=2)) == first
    assert earlier(first + timedelta(seconds=2), timedelta(seconds=1)) > first
