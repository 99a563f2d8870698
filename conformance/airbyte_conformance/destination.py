"""Tests that every destination should pass: one guarantee each."""

from __future__ import annotations

import signal
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from singer_conformance.instants import plan_instants
from singer_conformance.process import Ended, run

from airbyte_conformance.feed import as_line, feed, upto_of, without_stats
from airbyte_conformance.messages import DESTINATION_KINDS, count_of, read_messages, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from airbyte_conformance.subjects import DestinationUnderTest

REFUSED_EVERY = 7
IDLE_SECONDS = 5
"""A destination may store nothing before its input has ended."""

States = dict[str, list[dict[str, Any]]]


class DestinationConformance:
    """Subclass it, and give it a fixture `destination` that returns a `DestinationUnderTest`."""

    def test_everything_read_is_stored_once(self, destination: DestinationUnderTest) -> None:
        """No records are lost or duplicated in an undisturbed run."""
        _load_all(destination)
        _assert_stored_once(destination, range(destination.records))

    def test_standard_output_is_complete_messages(self, destination: DestinationUnderTest) -> None:
        """Whatever reads the pipe must be able to read every line."""
        ended = _load_all(destination)
        assert ended.rest == b"", f"half a line at the end: {ended.rest[:100]!r}"
        read_messages(ended.lines, DESTINATION_KINDS)

    def test_every_state_is_returned_unchanged_in_the_order_of_its_stream(
        self, destination: DestinationUnderTest
    ) -> None:
        """The platform counts by them: none may be skipped, merged or repeated."""
        ended = _load_all(destination)
        _assert_returned(_fed_states(destination, {}), _states(ended.lines), complete=True)

    def test_a_returned_state_is_safe_at_that_instant(
        self, destination: DestinationUnderTest
    ) -> None:
        """All records of its stream before a state are stored when the state is printed."""
        seen: list[tuple[bytes, set[int]]] = []
        _load_all(destination, on_line=lambda line: seen.append((line, set(destination.stored()))))
        for line, stored in seen:
            for stream, states in _states([line]).items():
                missing = _covered(destination, stream, states) - stored
                assert not missing, (
                    f"a state of {stream} was printed while {len(missing)} records before it are "
                    "missing"
                )

    def test_every_state_is_returned_while_the_input_is_open(
        self, destination: DestinationUnderTest
    ) -> None:
        """A source may be silent for long; the platform gives up on a destination that is, too."""
        destination.reset()
        lines: list[bytes] = []
        fed = _fed_states(destination, {})
        latest = time.monotonic() + destination.idle_seconds

        def is_over() -> bool:
            is_complete = sum(map(len, _states(list(lines)).values())) == sum(
                map(len, fed.values())
            )
            return is_complete or time.monotonic() > latest

        _load(destination, end_when=is_over, hold=True, on_line=lines.append)
        _assert_returned(fed, _states(lines), complete=True, what="While the input was open:")

    def test_the_counts_of_states_add_up(self, destination: DestinationUnderTest) -> None:
        """A state returns with the number of records of its stream since the one before it."""
        _assert_counts(destination, refused=set())

    def test_rejected_records_are_counted_and_the_others_are_stored(
        self, destination: DestinationUnderTest
    ) -> None:
        """A rejected record is counted as such in the state after it, and covered by it."""
        if destination.refused is None:
            pytest.skip("there are no records that it rejects")
        refused = set(range(0, destination.records, REFUSED_EVERY))
        _assert_counts(destination, refused=refused)
        _assert_stored_once(destination, set(range(destination.records)) - refused)

    @pytest.mark.parametrize("end_with", [signal.SIGKILL, signal.SIGTERM])
    def test_a_killed_run_is_completed_from_its_last_states(
        self,
        destination: DestinationUnderTest,
        end_with: signal.Signals,
        conformance_instants: int,
        conformance_seed: int,
    ) -> None:
        """At any instant, no acknowledged record is missing, and none is duplicated in the end."""
        quiet = _load_all(destination).seconds
        for instant in plan_instants(
            conformance_instants, conformance_seed, seconds=quiet, counts=destination.records
        ):
            destination.reset()
            ended = _load(
                destination,
                end_after=instant.seconds,
                end_when=partial(_holds, destination, instant.count) if instant.count else None,
                end_with=end_with,
            )
            what = f"{end_with.name} {instant.what}"
            returned = _states(ended.lines)
            _assert_returned(_fed_states(destination, {}), returned, complete=False, what=what)
            stored = set(destination.stored())
            for stream, states in returned.items():
                missing = _covered(destination, stream, states) - stored
                assert not missing, f"{what}: {len(missing)} acknowledged records are missing"
            after = {stream: upto_of(states[-1]) for stream, states in returned.items()}
            again = _load(destination, after)
            assert again.code == 0, f"{what}: {again.errors}"
            fed = _fed_states(destination, after)
            _assert_returned(fed, _states(again.lines), complete=True, what=what)
            _assert_stored_once(destination, range(destination.records), what)

    def test_sigterm_before_the_end_is_not_a_success(
        self, destination: DestinationUnderTest
    ) -> None:
        """The platform must see that the load is not complete."""
        destination.reset()
        latest = time.monotonic() + IDLE_SECONDS

        def begun() -> bool:
            return _holds(destination, 1) or time.monotonic() > latest

        ended = _load(destination, end_when=begun, end_with=signal.SIGTERM, hold=True)
        assert ended.killed, f"the destination ended while its input was open: {ended.errors}"
        assert ended.code != 0


def _load(
    destination: DestinationUnderTest,
    after: Mapping[str, int] | None = None,
    refused: Collection[int] = (),
    **how: Any,  # noqa: ANN401 - the options of `run`
) -> Ended:
    """Run the destination over the records that come after the given ones."""
    messages = feed(destination, after or {}, refused)
    lines = [as_line(message) for message in messages]
    return run(destination.command, feed=lines, environment=destination.environment, **how)


def _load_all(
    destination: DestinationUnderTest,
    refused: Collection[int] = (),
    on_line: Callable[[bytes], object] = len,
) -> Ended:
    """Empty the destination, and run it over all records."""
    destination.reset()
    ended = _load(destination, refused=refused, on_line=on_line)
    assert ended.code == 0, ended.errors
    return ended


def _states(lines: Iterable[bytes]) -> States:
    states: States = {}
    for message in read_messages(lines, DESTINATION_KINDS):
        if message["type"] == "STATE":
            states.setdefault(state_of(message)[0], []).append(message)
    return states


def _fed_states(destination: DestinationUnderTest, after: Mapping[str, int]) -> States:
    states = (message for message in feed(destination, after) if message["type"] == "STATE")
    return _states(map(as_line, states))


def _covered(
    destination: DestinationUnderTest, stream: str, states: list[dict[str, Any]]
) -> set[int]:
    """Return the numbers of a stream's records before the last of its states."""
    numbers = range(upto_of(states[-1]) + 1)
    return {n for n in numbers if destination.stream_of(n) == stream}


def _assert_returned(fed: States, returned: States, *, complete: bool, what: str = "") -> None:
    """Check that the states returned are those that were fed, or their first ones."""
    for stream in fed.keys() | returned.keys():
        there = [without_stats(state) for state in fed.get(stream, [])]
        back = [without_stats(state) for state in returned.get(stream, [])]
        for number, (one, other) in enumerate(zip(there, back, strict=False), 1):
            assert one == other, (
                f"{what} state {number} returned of {stream} is not the one fed: "
                f"{other[:300]} instead of {one[:300]}"
            )
        missing, more = len(there) - len(back), len(back) - len(there)
        assert more <= 0, f"{what} {more} states of {stream} were returned, but not fed"
        assert not complete or not missing, f"{what} {missing} states of {stream} are missing"


def _assert_counts(destination: DestinationUnderTest, refused: set[int]) -> None:
    returned = _states(_load_all(destination, refused).lines)
    _assert_returned(_fed_states(destination, {}), returned, complete=True)
    for stream, states in returned.items():
        before: set[int] = set()
        for state in states:
            covered = _covered(destination, stream, [state])
            new = covered - before
            before = covered
            counts = (_count(state, "recordCount"), _count(state, "rejectedRecordCount"))
            expected = (len(new - refused), len(new & refused))
            assert counts == expected, (
                f"a state of {stream} counts {counts[0]} records and {counts[1]} rejected ones; "
                f"{expected[0]} and {expected[1]} came"
            )


def _count(message: dict[str, Any], name: str) -> float:
    if name not in (message["state"].get("destinationStats") or {}) and name != "recordCount":
        return 0.0
    return count_of(message, "destinationStats", name)


def _holds(destination: DestinationUnderTest, count: int) -> bool:
    return len(list(destination.stored())) >= count


def _assert_stored_once(
    destination: DestinationUnderTest, numbers: Iterable[int], what: str = ""
) -> None:
    held = Counter(destination.stored())
    missing = sorted(set(numbers) - held.keys())
    twice = [n for n, times in held.items() if times > 1]
    strange = sorted(held.keys() - set(numbers))
    assert not missing, f"{what} {len(missing)} records are missing, the first is {missing[0]}"
    assert not twice, f"{what} {len(twice)} records are stored twice, the first is {twice[0]}"
    assert not strange, f"{what} {len(strange)} records are stored that should not be: {strange[0]}"
