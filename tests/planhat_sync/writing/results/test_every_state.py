"""Every state is returned, in order, when everything before it is durable, with exact numbers."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.writing.results.every_state import MOST_BYTES, MOST_STATES, EveryState


class Form:
    """States as JSON, with the name of their stream."""

    def stream_of(self, state):
        return json.loads(state)["stream"]

    def returned(self, state, *, records, rejected):
        return json.dumps([json.loads(state)["n"], records, rejected]).encode() + b"\n"


def state(number, stream="issues"):
    return json.dumps({"n": number, "stream": stream}).encode()


@pytest.fixture
def states():
    return EveryState(Form())


def test_a_state_waits_for_the_oldest_record_that_is_not_durable(states):
    states.add(state(1), after=3)
    states.add(state(2), after=7)
    assert not states.is_ready(3)
    assert states.lines(3) == []
    assert states.lines(4) == [b"[1, 0, 0]\n"]
    assert states.lines(None) == [b"[2, 0, 0]\n"]
    assert states.lines(None) == []


def test_equal_states_and_empty_ones_are_all_returned(states):
    for _ in range(3):
        states.add(state(1), after=1)
    assert states.lines(2) == [b"[1, 0, 0]\n"] * 3


def test_a_reject_belongs_to_the_first_state_of_its_stream_behind_it(states):
    states.add_records("issues", 3)
    states.add(state(1), after=3)
    states.add_records("issues", 2)
    states.add_records("objectives", 1)
    states.add(state(2, "objectives"), after=6)
    states.add(state(3), after=6)
    for line in (5, 2, 4):  # batches end in any order
        states.add_reject("issues", line)
    assert states.lines(None) == [b"[1, 3, 1]\n", b"[2, 1, 0]\n", b"[3, 2, 2]\n"]


def test_a_state_of_all_streams_counts_the_records_of_all(states):
    states.add_records("issues", 2)
    states.add_records("objectives", 3)
    states.add_reject("issues", 1)
    states.add_reject("objectives", 4)
    states.add(state(1, None), after=5)
    states.add(state(2, None), after=5)
    assert states.lines(None) == [b"[1, 5, 2]\n", b"[2, 0, 0]\n"]


@pytest.mark.parametrize("size", [0, MOST_BYTES // 10])
def test_what_waits_is_bounded_if_it_is_sent_when_it_is_full(states, size):
    added = 0
    while not states.is_full:
        states.add(json.dumps({"n": added, "stream": "x" * size}).encode(), after=added)
        added += 1
    assert len(states) <= MOST_STATES
    assert sum(len(waiting.value) for waiting in states._waiting) <= MOST_BYTES * 1.2
    assert [json.loads(line)[0] for line in states.lines(None)] == list(range(added))
    assert not states.is_full


class Input:
    """Records and states of three streams, and what their states have to be returned with."""

    def __init__(self):
        self.states = EveryState(Form())
        self.undecided, self.line = {}, 0
        self.read, self.refused = Counter(), Counter()  # since the last state of a stream
        self.expected, self.returned = [], []

    def record(self, stream, *, is_rejected=False):
        self.line += 1
        self.undecided[self.line] = (stream, is_rejected)
        self.read[stream] += 1
        self.refused[stream] += is_rejected
        self.states.add_records(stream, 1)

    def reject(self, stream):
        self.record(stream, is_rejected=True)

    def state(self, stream):
        numbers = [len(self.expected), self.read.pop(stream, 0), self.refused.pop(stream, 0)]
        self.expected.append((numbers, self.line))
        self.states.add(state(numbers[0], stream), after=self.line)

    def decide(self, line):
        stream, is_rejected = self.undecided.pop(line)
        if is_rejected:
            self.states.add_reject(stream, line)

    def check(self):
        oldest = min(self.undecided, default=None)
        for text in self.states.lines(oldest):
            numbers, after = self.expected[len(self.returned)]
            assert json.loads(text) == numbers
            assert oldest is None or after < oldest
            self.returned.append(numbers)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["record", "reject", "state", "decide"]), st.sampled_from("abc")),
    max_size=60,
)


@given(EVENTS, st.randoms())
def test_whatever_happens_no_state_is_early_or_lost_and_the_numbers_add_up(events, chance):
    played = Input()
    for kind, stream in events:
        if kind != "decide":
            getattr(played, kind)(stream)
        elif played.undecided:
            played.decide(chance.choice(list(played.undecided)))
        played.check()
    for line in chance.sample(list(played.undecided), len(played.undecided)):
        played.decide(line)
        played.check()
    assert len(played.returned) == len(played.expected)
