"""How fast requests may leave, on a clock that only the test moves."""

from __future__ import annotations

import threading
from itertools import combinations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from planhat_sync.api.http.rate_limit import TokenBucket


class Pacing(RuleBasedStateMachine):
    """Whatever requests are sent and held, no window of time contains too many."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.leaves: list[float] = []
        self.held_until = 0.0

    @initialize(per_minute=st.integers(1, 1000))
    def open(self, per_minute):
        self.per_minute = per_minute
        self.bucket = TokenBucket(per_minute, lambda: self.now)

    @rule(count=st.integers(1, 80))
    def reserve(self, count):
        for _ in range(count):
            wait = self.bucket.reserve()
            assert wait >= 0
            self.leaves.append(self.now + wait)
            assert self.leaves[-1] >= self.held_until - 1e-6

    @rule(seconds=st.floats(0, 120))
    def pass_time(self, seconds):
        self.now += seconds

    @rule(seconds=st.floats(0, 300))
    def hold(self, seconds):
        self.bucket.hold(seconds)
        self.held_until = max(self.held_until, self.now + seconds)

    @invariant()
    def first_come_first_served(self):
        assert self.leaves == sorted(self.leaves)

    @invariant()
    def no_window_has_more_than_a_burst_and_its_share(self):
        newest = self.leaves[-120:]
        for first, last in combinations(range(len(newest)), 2):
            window = newest[last] - newest[first]
            allowed = self.bucket.burst + window * self.per_minute / 60
            assert last - first + 1 <= allowed + 1e-6


Pacing.TestCase.settings = settings(max_examples=25, stateful_step_count=15)
TestPacing = Pacing.TestCase


@pytest.mark.parametrize(
    ("per_minute", "burst"), [(1, 1), (10, 2), (200, 50), (10_000, 50), (0, 1)]
)
def test_a_quarter_of_a_minute_may_leave_at_once_and_never_more_than_fifty(per_minute, burst):
    assert TokenBucket(per_minute, lambda: 0.0).burst == burst


def test_after_the_burst_requests_leave_at_the_pace():
    bucket = TokenBucket(200, lambda: 0.0)
    waits = [bucket.reserve() for _ in range(250)]
    assert waits[:50] == pytest.approx([0.0] * 50)
    assert waits[-1] == pytest.approx(60.0)


def test_without_a_limit_requests_leave_at_once_except_while_held():
    bucket = TokenBucket(0, lambda: 5.0)
    assert [bucket.reserve() for _ in range(1000)] == [0.0] * 1000
    bucket.hold(7)
    assert [bucket.reserve() for _ in range(3)] == [7.0] * 3


def test_threads_share_one_pace():
    bucket = TokenBucket(600, lambda: 0.0)
    waits: list[float] = []

    def reserve() -> None:
        waits.extend(bucket.reserve() for _ in range(100))

    threads = [threading.Thread(target=reserve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([max(0, n - 49) / 10 for n in range(400)])
