"""The watermark: a state is released when, and only when, everything before it is durable."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.writing.results.states import MOST_BYTES, MOST_STATES, Watermark


def state(number):
    return json.dumps({"bookmarks": {"issues": number}}).encode()


def test_a_state_waits_for_the_oldest_record_that_is_not_durable():
    mark = Watermark()
    mark.add(state(1), after=3)
    mark.add(state(2), after=7)
    assert mark.release(3) is None
    assert mark.release(4) == state(1)
    assert mark.release(7) is None
    assert mark.release(8) == state(2)


def test_of_several_states_that_may_be_printed_only_the_newest_is_released():
    mark = Watermark()
    for number in range(5):
        mark.add(state(number), after=number)
    assert mark.release(None) == state(4)
    assert mark.release(None) is None


def test_a_state_without_records_before_it_is_released_at_once():
    mark = Watermark()
    mark.add(state(1), after=0)
    assert mark.release(1) == state(1)


@pytest.mark.parametrize("empty", [b"{}", b"null", b"[]", b" { } ", b'""'])
def test_an_empty_state_is_never_released(empty):
    mark = Watermark()
    mark.add(state(1), after=1)
    mark.add(empty, after=2)
    assert mark.release(None) == state(1)
    assert mark.release(None) is None


def test_the_same_state_is_not_released_twice_however_it_is_written():
    mark = Watermark()
    mark.add(b'{"a": 1, "b": 0.10}', after=1)
    assert mark.release(None) is not None
    mark.add(b'{"b":0.10,"a":1}', after=2)
    assert mark.release(None) is None
    mark.add(b'{"b":0.10,"a":1.0}', after=3)
    assert mark.release(None) == b'{"b":0.10,"a":1.0}'


@pytest.mark.parametrize("big", [b"1e400", b"1" * 5000, b"[" * 5000 + b"]" * 5000])
def test_a_state_is_released_as_received(big):
    value = b'{"bookmarks": {"x": {"at": "2026-01-01T00:00:00.10Z", "n": 0.10, "big": %b}}}' % big
    mark = Watermark()
    mark.add(value, after=1)
    assert mark.release(None) == value


@pytest.mark.parametrize("size", [10, MOST_BYTES // 4])
def test_any_number_of_states_between_two_drains_takes_bounded_memory(size):
    mark = Watermark()
    pad = b"x" * size
    for line in range(1, 600):
        mark.add(b'{"line": %d, "pad": "%b"}' % (line, pad), after=line)
        assert len(mark) <= MOST_STATES
        assert sum(len(waiting.value) for waiting in mark._waiting) <= 2 * MOST_BYTES
    released = mark.release(300)
    assert released is None or json.loads(released)["line"] < 300
    assert json.loads(mark.release(None))["line"] == 599


def test_of_too_many_states_every_second_one_still_waits():
    mark = Watermark()
    for line in range(1, MOST_STATES + 2):
        mark.add(state(line), after=line)
    assert mark.release(64) == state(63)
    assert mark.release(65) is None
    assert mark.release(66) == state(65)
    assert mark.release(None) == state(MOST_STATES + 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=60), st.randoms())
def test_every_released_state_is_covered_newer_than_the_last_and_the_last_one_is_the_last(
    lines, random
):
    """Lines are states or records; records become durable in any order."""
    mark = Watermark()
    pending: set[int] = set()
    released = []
    last_record = 0
    states = []
    for number, (is_state, share) in enumerate(lines, 1):
        if is_state:
            mark.add(state(number), after=last_record)
            states.append(number)
        else:
            pending.add(number)
            last_record = number
        for line in sorted(pending):
            if random.randrange(4) >= share:
                pending.discard(line)
        value = mark.release(min(pending, default=None))
        if value is not None:
            at = json.loads(value)["bookmarks"]["issues"]
            assert not any(line < at for line in pending)
            released.append(at)
    value = mark.release(None)
    if value is not None:
        released.append(json.loads(value)["bookmarks"]["issues"])
    assert released == sorted(set(released))
    assert released[-1:] == states[-1:]
