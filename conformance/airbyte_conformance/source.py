"""Tests that every source should pass: one guarantee each."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from singer_conformance.instants import plan_instants
from singer_conformance.process import Ended, run
from singer_conformance.readers import read_one_line, read_slowly

from airbyte_conformance.messages import (
    SOURCE_KINDS,
    count_of,
    errors_of,
    read_messages,
    state_of,
)
from airbyte_conformance.stream_output import StreamOutput, by_stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airbyte_conformance.subjects import SourceUnderTest


class SourceConformance:
    """Subclass it, and give it a fixture `source` that returns a `SourceUnderTest`."""

    def test_every_record_is_emitted_once(self, source: SourceUnderTest) -> None:
        """No records are lost or duplicated in an undisturbed run."""
        outputs = _undisturbed(source)
        for stream, expected in source.expected().items():
            emitted = Counter(source.key(data) for data in outputs[stream].records)
            missing = set(expected) - emitted.keys()
            twice = [key for key, times in emitted.items() if times > 1]
            strange = emitted.keys() - set(expected)
            assert not missing, f"{len(missing)} records of {stream} are missing: {_some(missing)}"
            assert not twice, f"{len(twice)} records of {stream} are emitted twice: {_some(twice)}"
            assert not strange, f"{len(strange)} records of {stream} are unknown: {_some(strange)}"

    def test_standard_output_is_complete_messages(self, source: SourceUnderTest) -> None:
        """Whatever reads the pipe must be able to read every line."""
        ended = run(source.command, environment=source.environment)
        assert ended.rest == b"", f"half a line at the end: {ended.rest[:100]!r}"
        read_messages(ended.lines, SOURCE_KINDS)

    def test_every_stream_starts_runs_and_is_complete(self, source: SourceUnderTest) -> None:
        """The platform shows these statuses, and takes a stream without COMPLETE for failed."""
        for stream, output in _undisturbed(source).items():
            statuses = [status for status, _ in output.statuses]
            shown = f"{stream} has the statuses {statuses}"
            assert statuses[:1] == ["STARTED"], shown
            assert statuses[-1] == "COMPLETE", shown
            assert set(statuses[1:-1]) == ({"RUNNING"} if output.records else set()), shown
            assert output.statuses[0][1] == 0, f"a record of {stream} comes before STARTED"
            after = len(output.records) - output.statuses[-1][1]
            assert not after, f"{after} records of {stream} come after COMPLETE"

    def test_every_stream_ends_with_a_state_and_none_comes_twice(
        self, source: SourceUnderTest
    ) -> None:
        """A sync fails in Airbyte if a stream has no state, or the same one twice in a row."""
        for stream, output in _undisturbed(source).items():
            assert output.states, f"{stream} has no state"
            after = len(output.records) - output.states[-1][1]
            assert not after, f"{after} records of {stream} come after its last state"
            values = [state_of(message)[1] for message, _ in output.states]
            assert None not in values, f"a state of {stream} is null"
            twice = [one for one, other in pairwise(values) if one == other]
            assert not twice, f"{stream} has the same state twice in a row: {twice[0]}"

    def test_the_counts_of_states_add_up(self, source: SourceUnderTest) -> None:
        """A state counts the records of its stream since the state before it."""
        for stream, output in _undisturbed(source).items():
            counted = 0
            for message, before in output.states:
                count = count_of(message, "sourceStats")
                assert count == before - counted, (
                    f"a state of {stream} counts {count} records, and {before - counted} came"
                )
                counted = before
            left = len(output.records) - counted
            assert not left, f"{left} records of {stream} are in no count"

    def test_a_run_goes_on_from_any_state_it_printed(
        self,
        source: SourceUnderTest,
        tmp_path: Path,
        conformance_instants: int,
        conformance_seed: int,
    ) -> None:
        """Each state is safe: what came before it and what a run from it emits is complete."""
        ended = run(source.command, environment=source.environment)
        messages = read_messages(ended.lines, SOURCE_KINDS)
        states = [n for n, message in enumerate(messages) if message["type"] == "STATE"]
        assert states, "no state was printed"
        chance = random.Random(conformance_seed)
        chosen = {states[0], states[-1]}
        chosen |= set(chance.sample(states, min(len(states), conformance_instants)))
        for n in sorted(chosen):
            where = f"from the state of line {n + 1}"
            _go_on(source, by_stream(messages[: n + 1]), tmp_path, where)

    @pytest.mark.parametrize("end_with", [signal.SIGKILL, signal.SIGTERM])
    def test_a_killed_run_is_completed_from_its_last_states(
        self,
        source: SourceUnderTest,
        end_with: signal.Signals,
        tmp_path: Path,
        conformance_instants: int,
        conformance_seed: int,
    ) -> None:
        """At any instant, what the first run emitted and what the second adds is complete."""
        quiet = run(source.command, environment=source.environment)
        for instant in plan_instants(
            conformance_instants,
            conformance_seed,
            seconds=quiet.seconds,
            counts=len(quiet.lines),
        ):
            ended = run(
                source.command,
                environment=source.environment,
                end_after=instant.seconds,
                end_at_line=instant.count,
                end_with=end_with,
            )
            what = f"{end_with.name} {instant.what}"
            outputs = by_stream(read_messages(ended.lines, SOURCE_KINDS))
            _assert_complete_streams_are(source, outputs, what)
            _go_on(source, outputs, tmp_path, what)

    def test_sigterm_with_a_slow_reader_leaves_complete_lines_and_is_not_a_success(
        self, source: SourceUnderTest
    ) -> None:
        """A source blocked on a full pipe must neither cut a line nor report a success."""
        ended = read_slowly(source.command, source.environment)
        if ended is None:
            pytest.skip("the output fits into the pipe: give the source more records")
        code, out = ended
        assert out.endswith(b"\n"), f"half a line at the end: {out[-100:]!r}"
        messages = read_messages(out.splitlines(), SOURCE_KINDS)
        _assert_complete_streams_are(source, by_stream(messages), "SIGTERM")
        assert code != 0

    def test_a_reader_that_goes_away_is_not_a_success(self, source: SourceUnderTest) -> None:
        """The platform must not mistake a broken pipe for a complete read."""
        assert read_one_line(source.command, source.environment) != 0

    def test_a_state_that_cannot_be_read_is_an_error_and_not_a_success(
        self, source: SourceUnderTest, tmp_path: Path
    ) -> None:
        """A TRACE message says what is wrong: standard error is not shown to users."""
        path = tmp_path / "state.json"
        path.write_text("not JSON", encoding="utf-8")
        ended = run([*source.command, "--state", str(path)], environment=source.environment)
        messages = read_messages(ended.lines, SOURCE_KINDS)
        assert ended.code != 0
        assert errors_of(messages), "no TRACE message of type ERROR was printed"


def _undisturbed(source: SourceUnderTest) -> dict[str, StreamOutput]:
    ended = run(source.command, environment=source.environment)
    assert ended.code == 0, ended.errors
    outputs = by_stream(read_messages(ended.lines, SOURCE_KINDS))
    return {stream: outputs.pop(stream, StreamOutput()) for stream in source.expected()} | outputs


def _assert_complete_streams_are(
    source: SourceUnderTest, outputs: dict[str, StreamOutput], what: str
) -> None:
    """Check that a stream that is called complete is complete."""
    for stream, expected in source.expected().items():
        output = outputs.get(stream, StreamOutput())
        if "COMPLETE" in [status for status, _ in output.statuses]:
            missing = set(expected) - {source.key(data) for data in output.records}
            assert not missing, f"{what}: {stream} is COMPLETE, and {len(missing)} are missing"


def _go_on(
    source: SourceUnderTest, outputs: dict[str, StreamOutput], folder: Path, what: str
) -> None:
    """Run from the last states that a destination has returned; no record may be missing."""
    again = _resume(source, outputs, folder)
    assert again.code == 0, f"{what}: {again.errors}"
    added = by_stream(read_messages(again.lines, SOURCE_KINDS))
    for stream, expected in source.expected().items():
        covered = outputs.get(stream, StreamOutput()).covered
        seen = {source.key(data) for data in covered + added.get(stream, StreamOutput()).records}
        missing = set(expected) - seen
        assert not missing, f"{what}: {len(missing)} records of {stream} are in neither run"


def _resume(source: SourceUnderTest, outputs: dict[str, StreamOutput], folder: Path) -> Ended:
    states = [output.states[-1][0]["state"] for output in outputs.values() if output.states]
    path = folder / "state.json"
    path.write_text(json.dumps(states), encoding="utf-8")
    return run([*source.command, "--state", str(path)], environment=source.environment)


def _some(keys: Iterable[Any]) -> str:
    return f"one is {next(iter(keys))}"
