"""When a request is tried again: decisions without a clock."""

from __future__ import annotations

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

chances = st.floats(0, 1, exclude_max=True)
seconds = st.floats(0, 1000)
failures = st.one_of(
    st.sampled_from([408, 425, 429, 500, 502, 503, 504]).map(lambda s: BusyError("", status=s)),
    st.sampled_from([NotSentError(""), LostAnswerError(""), UnreadableAnswerError("")]),
)


@given(st.integers(1, 10_000), chances)
def test_a_delay_lies_between_nothing_and_its_ceiling(count, chance):
    assert 0 <= backoff_seconds(count, chance) <= LONGEST_DELAY_SECONDS


def test_the_ceiling_doubles_until_it_is_thirty_seconds():
    ceilings = [backoff_seconds(count, 1.0) for count in range(1, 10)]
    assert ceilings == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_full_jitter_reaches_down_to_nothing():
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


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "inf", "Fri, 99 Foo 2026", "٣"])
def test_a_retry_after_that_says_nothing_asks_for_nothing(value):
    assert retry_after_seconds(value, 0) == 0


@given(
    st.sampled_from(Repeat),
    st.floats(0, 500),
    st.lists(st.tuples(failures, st.floats(0, 60), st.floats(0, 1e6), chances), max_size=60),
)
def test_waiting_ends_within_the_budget_and_what_is_owed_to_running_writes(repeat, budget, story):
    schedule = Schedule(repeat, budget)
    now, first_failure, owed = 0.0, None, 0.0
    for error, ran, asked, chance in story:
        now += ran
        first_failure = now if first_failure is None else first_failure
        wait = schedule.next_wait(error, now=now, ran=ran, retry_after=asked, random=chance)
        if wait is None:
            assert now - first_failure >= budget + owed - 1e-6
            return
        if repeat is Repeat.WHEN_SETTLED and (
            isinstance(error, LostAnswerError) or error.status in (502, 504)
        ):
            assert wait >= ran
            owed += ran
        now += wait
        assert now - first_failure <= budget + owed + 1e-6


@given(failures, seconds, chances)
def test_retry_after_is_a_floor_as_long_as_the_budget_lasts(error, asked, chance):
    schedule = Schedule(Repeat.FREELY, 300)
    wait = schedule.next_wait(error, now=0, ran=1, retry_after=asked, random=chance)
    assert wait is not None
    assert wait >= min(asked, 300)


def test_no_budget_means_no_second_attempt():
    schedule = Schedule(Repeat.FREELY, 0)
    assert schedule.next_wait(NotSentError(""), now=5, ran=1, retry_after=0, random=0.5) is None


def test_a_slow_first_attempt_does_not_use_the_budget_up():
    schedule = Schedule(Repeat.WHEN_SETTLED, 300)
    wait = schedule.next_wait(LostAnswerError(""), now=300, ran=300, retry_after=0, random=0.5)
    assert wait is not None
    assert wait >= 300


def test_what_is_owed_to_a_running_write_is_not_taken_from_the_budget():
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
def test_only_what_surely_did_nothing_counts_as_not_carried_out(error, maybe):
    assert may_be_carried_out(error) is maybe
