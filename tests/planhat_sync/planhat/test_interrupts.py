"""Ctrl-C ends a write in order: what is in flight is settled, and its outcome is known."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from itertools import count

import pytest
from under_way import TIMEOUT_SECONDS, until

from planhat_sync import Planhat, Result, WriteInterrupted

ROWS = [{"sourceId": f"s{number}", "name": f"n{number}"} for number in range(200)]


@pytest.fixture
def ctrl_c():
    """Press Ctrl-C from any thread, and wait until Python interrupts the main thread."""
    handled = threading.Event()

    def interrupt(signum, frame):
        handled.set()
        raise KeyboardInterrupt

    def press():
        os.kill(os.getpid(), signal.SIGINT)
        assert handled.wait(TIMEOUT_SECONDS)

    before = signal.signal(signal.SIGINT, interrupt)
    yield press
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def at_request(sandbox, ctrl_c):
    """Press Ctrl-C while a request is performed, or before it is answered: `at_request(3)`."""

    def press_at(number, *routes, when="before_each_request"):
        numbers = count(1)

        def watch(request):
            if request.route in routes and next(numbers) == number:
                ctrl_c()

        getattr(sandbox, when).append(watch)

    return press_at


def no_thread_is_left():
    names = ("planhat-", "writer")
    return not [each for each in threading.enumerate() if each.name.startswith(names)]


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("when", ["before_each_request", "after_each_request"])
def test_the_request_in_flight_is_settled_and_counted_and_no_other_is_sent(
    at_request, planhat, alpha, concurrency, when
):
    at_request(3, "bulk", when=when)
    with pytest.raises(WriteInterrupted) as interrupted:
        planhat.write("companies", iter(ROWS), batch_size_rows=5, concurrency=concurrency)
    result = interrupted.value.result
    stored = len(alpha.records("companies"))
    assert 15 <= stored < len(ROWS)
    assert (result.created, result.rejected) == (stored, 0)
    assert result.rows == result.created + result.undecided
    assert isinstance(interrupted.value, KeyboardInterrupt)
    assert until(no_thread_is_left)
    # The same object goes on, and what was not written comes after it.
    again = planhat.write("companies", ROWS, match_on=["sourceId"])
    assert (again.created, again.unchanged) == (len(ROWS) - stored, stored)


def test_a_delete_in_flight_is_settled_too(at_request, planhat, alpha):
    planhat.write("companies", ROWS)
    at_request(3, "delete")
    with pytest.raises(WriteInterrupted) as interrupted:
        planhat.delete("companies", ROWS)
    result = interrupted.value.result
    assert result.deleted == len(ROWS) - len(alpha.records("companies")) >= 3
    assert result.undecided == result.rows - result.deleted > 0


def test_rejects_that_are_decided_meanwhile_are_received(at_request, planhat):
    rows = [{"sourceId": f"s{number}"} for number in range(10)]  # no name: Planhat refuses them
    at_request(1, "bulk")
    received = []
    with pytest.raises(WriteInterrupted) as interrupted:
        planhat.write(
            "companies", rows, batch_size_rows=1, on_reject="continue", on_rejected=received.append
        )
    result = interrupted.value.result
    assert result.rejected == len(received) == len(result.rejects) >= 1


def test_an_interrupted_write_is_handed_over_between_processes():
    interrupted = WriteInterrupted(Result(rows=3, created=2, undecided=1))
    again = pickle.loads(pickle.dumps(interrupted))  # noqa: S301 - made here
    assert (again.result, str(again)) == (interrupted.result, "2 of 3 rows have an outcome")


def test_ctrl_c_in_the_callers_iterable_settles_what_is_in_flight(ctrl_c, planhat, alpha):
    def rows():
        yield from ROWS[:13]
        ctrl_c()

    with pytest.raises(WriteInterrupted) as interrupted:
        planhat.write("companies", rows(), batch_size_rows=5, concurrency=2)
    result = interrupted.value.result
    assert result.created == len(alpha.records("companies"))
    assert result.rows == result.created + result.undecided == 13


def test_a_wait_for_another_attempt_ends_at_once(at_request, sandbox, planhat):
    sandbox.fault("status", status=503, route="bulk", retry_after=250)
    at_request(1, "bulk", when="after_each_request")
    with pytest.raises(WriteInterrupted) as interrupted:
        planhat.write("companies", ROWS)
    assert interrupted.value.result.undecided == len(ROWS)
    assert interrupted.value.result.requests == 1


def test_reading_ends_with_its_threads_and_goes_on_with_another_iterator(
    at_request, sandbox, alpha
):
    for row in ROWS:
        alpha.insert("companies", row)
    at_request(4, "list")
    with Planhat("token-a", api_url=sandbox.url, requests_per_minute=0, page_size=5) as planhat:
        with pytest.raises(KeyboardInterrupt):
            all(planhat.read("companies"))
        until(no_thread_is_left)
        assert len(list(planhat.read_ids("companies"))) == len(ROWS)
