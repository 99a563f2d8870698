"""When a request is sent again: decisions without a clock."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.api.http.exchange import Repeat
from planhat_sync.api.http.retry import (
    LONGEST_DELAY_SECONDS,
    Schedule,
    backoff_seconds,
    may_be_carried_out,
    retry_after_seconds,
)
from planhat_sync.errors import (
    BusyError,
    LostAnswerError,
    NotSentError,
    UnreadableAnswerError,
)

randoms = st.floats(0, 1, exclude_max=True)
seconds = st.floats(0, 1000)
failures = st.one_of(
    st.sampled_from([408, 425, 429, 500, 502, 503, 504]).map(lambda s: BusyError("", status=s)),
    st.sampled_from([NotSentError(""), LostAnswerError(""), UnreadableAnswerError("")]),
)


@given(st.integers(1, 10_000), randoms)
def test_a_delay_lies_between_zero_and_its_ceiling(count, random):
    assert 0 <= backoff_seconds(count, random) <= LONGEST_DELAY_SECONDS


def test_the_ceiling_doubles_until_it_is_thirty_seconds():
    ceilings = [backoff_seconds(count, 1.0) for count in range(1, 10)]
    assert ceilings == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_full_jitter_includes_zero():
    assert backoff_seconds(9, 0.0) == 0


@given(st.text() | st.integers().map(str) | st.floats(allow_nan=True).map(str) | st.none())
def test_any_retry_after_is_some_time_from_now_on(value):
    assert retry_after_seconds(value, 1_700_000_000) >= 0


@given(st.integers(0, 10**9))
def test_retry_after_in_seconds_is_read_as_it_is(number):
    assert retry_after_seconds(f" {number} ", 0) == number


@given(st.integers(-(10**8), 10**8))
def test_retry_after_as_a_date_counts_from_now(offset):
    now = 1_700_000_000
    assert retry_after_seconds(formatdate(now + offset, usegmt=True), now) == max(0, offset)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("suffix", ["GMT", "-0000", "+0000"])
def test_retry_after_as_a_date_is_utc_whatever_the_zone_of_this_machine(monkeypatch, zone, suffix):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        date = f"Tue, 14 Nov 2023 22:13:30 {suffix}"
        assert retry_after_seconds(date, 1_700_000_000) == 10
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "inf", "Fri, 99 Foo 2026", "٣"])
def test_an_unreadable_retry_after_is_ignored(value):
    assert retry_after_seconds(value, 0) == 0


@given(
    st.sampled_from(Repeat),
    st.floats(0, 500),
    st.lists(st.tuples(failures, st.floats(0, 60), st.floats(0, 1e6), randoms), max_size=60),
)
def test_waiting_ends_within_the_budget_and_the_time_for_running_writes_to_settle(
    repeat, budget, story
):
    schedule = Schedule(repeat, budget)
    now, first_failure, settling = 0.0, None, 0.0
    for error, ran, retry_after, random in story:
        now += ran
        first_failure = now if first_failure is None else first_failure
        wait = schedule.next_wait(error, now=now, ran=ran, retry_after=retry_after, random=random)
        if wait is None:
            assert now - first_failure >= budget + settling - 1e-6
            return
        if repeat is Repeat.WHEN_SETTLED and (
            isinstance(error, LostAnswerError) or error.status in (502, 504)
        ):
            assert wait >= ran
            settling += ran
        now += wait
        assert now - first_failure <= budget + settling + 1e-6


@given(failures, seconds, randoms)
def test_retry_after_is_a_floor_as_long_as_the_budget_lasts(error, retry_after, random):
    schedule = Schedule(Repeat.FREELY, 300)
    wait = schedule.next_wait(error, now=0, ran=1, retry_after=retry_after, random=random)
    assert wait is not None
    assert wait >= min(retry_after, 300)


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (BusyError("", status=502), True),
        (BusyError("", status=504), True),
        (LostAnswerError(""), True),
        *((BusyError("", status=status), False) for status in (408, 425, 429, 500, 503)),
        (NotSentError(""), False),
        (UnreadableAnswerError("", status=200), False),
    ],
)
@pytest.mark.parametrize("repeat", Repeat)
def test_only_an_upsert_that_may_still_run_is_given_the_time_to_settle(error, waits, repeat):
    schedule = Schedule(repeat, 300)
    wait = schedule.next_wait(error, now=0, ran=40, retry_after=0, random=0.0)
    assert wait == (40 if waits and repeat is Repeat.WHEN_SETTLED else 0)


def test_no_budget_means_no_second_attempt():
    schedule = Schedule(Repeat.FREELY, 0)
    assert schedule.next_wait(NotSentError(""), now=5, ran=1, retry_after=0, random=0.5) is None


def test_a_slow_first_attempt_does_not_use_the_budget_up():
    schedule = Schedule(Repeat.WHEN_SETTLED, 300)
    wait = schedule.next_wait(LostAnswerError(""), now=300, ran=300, retry_after=0, random=0.5)
    assert wait is not None
    assert wait >= 300


def test_the_time_for_a_running_write_to_settle_is_not_taken_from_the_budget():
    schedule = Schedule(Repeat.WHEN_SETTLED, 100)
    lost = LostAnswerError("")
    assert schedule.next_wait(lost, now=300, ran=300, retry_after=0, random=0.0) == 300
    assert schedule.next_wait(lost, now=650, ran=50, retry_after=0, random=0.0) == 50
    assert schedule.next_wait(lost, now=751, ran=51, retry_after=0, random=0.0) is None


@pytest.mark.parametrize(
    ("error", "maybe"),
    [
        (NotSentError(""), False),
        (BusyError("", status=429), False),
        (BusyError("", status=425), False),
        (BusyError("", status=408), True),
        (BusyError("", status=500), True),
        (BusyError("", status=502), True),
        (BusyError("", status=503), True),
        (BusyError("", status=504), True),
        (LostAnswerError(""), True),
        (UnreadableAnswerError("", status=200), True),
    ],
)
def test_only_what_certainly_did_nothing_counts_as_not_carried_out(error, maybe):
    assert may_be_carried_out(error) is maybe
