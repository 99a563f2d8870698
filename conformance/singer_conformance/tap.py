"""Tests that every tap should pass: one guarantee each."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from singer_conformance.instants import plan_instants
from singer_conformance.process import Ended, run
from singer_conformance.readers import read_one_line, read_slowly

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from pathlib import Path

    from singer_conformance.subjects import TapUnderTest

KINDS = {"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION", "BATCH"}


class TapConformance:
    """Subclass it, and give it a fixture `tap` that returns a `TapUnderTest`."""

    def test_every_record_is_emitted_once(self, tap: TapUnderTest) -> None:
        """No records are lost or duplicated in an undisturbed run."""
        ended = run(tap.command, environment=tap.environment)
        assert ended.code == 0, ended.errors
        emitted = Counter(_keys(tap, _messages(ended.lines)))
        expected = set(tap.expected())
        missing = expected - emitted.keys()
        duplicated = [key for key, times in emitted.items() if times > 1]
        assert not missing, f"{len(missing)} records are missing, one is {next(iter(missing))}"
        assert not duplicated, (
            f"{len(duplicated)} records are emitted twice, one is {duplicated[0]}"
        )
        strange = emitted.keys() - expected
        assert not strange, f"{len(strange)} unexpected records, one is {next(iter(strange))}"

    def test_every_line_is_a_message_and_schemas_come_first(self, tap: TapUnderTest) -> None:
        """Whatever reads the pipe must be able to read every line."""
        ended = run(tap.command, environment=tap.environment)
        assert ended.rest == b"", f"half a line at the end: {ended.rest[:100]!r}"
        known: set[str] = set()
        for message in _messages(ended.lines):
            if message["type"] == "SCHEMA":
                known.add(message["stream"])
            elif message["type"] == "RECORD":
                assert message["stream"] in known, f"a RECORD of {message['stream']} comes first"

    def test_sigterm_with_a_slow_reader_leaves_complete_lines_and_is_not_a_success(
        self, tap: TapUnderTest
    ) -> None:
        """A tap blocked on a full pipe must neither cut a line nor report a success."""
        ended = read_slowly(tap.command, tap.environment)
        if ended is None:
            pytest.skip("the output fits into the pipe: give the tap more records")
        code, out = ended
        assert out.endswith(b"\n"), f"half a line at the end: {out[-100:]!r}"
        _messages(out.splitlines())
        assert code != 0

    def test_a_reader_that_goes_away_is_not_a_success(self, tap: TapUnderTest) -> None:
        """An orchestrator must not mistake a broken pipe for a complete read."""
        assert read_one_line(tap.command, tap.environment) != 0

    @pytest.mark.parametrize("end_with", [signal.SIGKILL, signal.SIGTERM])
    def test_a_killed_run_is_completed_from_its_last_state(
        self,
        tap: TapUnderTest,
        end_with: signal.Signals,
        tmp_path: Path,
        conformance_instants: int,
        conformance_seed: int,
    ) -> None:
        """At any instant, what the first run emitted and what the second adds is complete."""
        quiet = run(tap.command, environment=tap.environment)
        for instant in plan_instants(
            conformance_instants,
            conformance_seed,
            seconds=quiet.seconds,
            counts=len(quiet.lines),
        ):
            ended = run(
                tap.command,
                environment=tap.environment,
                end_after=instant.seconds,
                end_at_line=instant.count,
                end_with=end_with,
            )
            what = f"{end_with.name} {instant.what}"
            first = _messages(ended.lines)
            states = [n for n, message in enumerate(first) if message["type"] == "STATE"]
            self._go_on(tap, first[: states[-1] + 1] if states else [], tmp_path, what)

    def test_a_run_goes_on_from_any_state_it_printed(
        self,
        tap: TapUnderTest,
        tmp_path: Path,
        conformance_instants: int,
        conformance_seed: int,
    ) -> None:
        """Each state is safe: what came before it and what a run from it emits is complete."""
        messages = _messages(run(tap.command, environment=tap.environment).lines)
        states = [n for n, message in enumerate(messages) if message["type"] == "STATE"]
        chance = random.Random(conformance_seed)
        chosen = {states[0], states[-1]} if states else set()
        chosen |= set(chance.sample(states, min(len(states), conformance_instants)))
        for n in sorted(chosen):
            self._go_on(tap, messages[: n + 1], tmp_path, f"from the state of line {n + 1}")

    def _go_on(
        self, tap: TapUnderTest, covered: list[dict[str, Any]], folder: Path, what: str
    ) -> None:
        """Run from the last state that a target has acknowledged; no record may be missing."""
        again = self._resume(tap, covered[-1]["value"] if covered else None, folder)
        assert again.code == 0, f"{what}: {again.errors}"
        seen = set(_keys(tap, covered)) | set(_keys(tap, _messages(again.lines)))
        missing = set(tap.expected()) - seen
        assert not missing, f"{what}: {len(missing)} records are in neither run"

    def _resume(self, tap: TapUnderTest, state: object, folder: Path) -> Ended:
        path = folder / "state.json"
        path.write_text(json.dumps(state), encoding="utf-8")
        arguments = tap.state_arguments(path) if state is not None else ()
        return run([*tap.command, *arguments], environment=tap.environment)


def _messages(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """Read messages; anything else on standard output is a failure."""
    messages = []
    for line in lines:
        try:
            message = json.loads(line)
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            pytest.fail(f"standard output holds a line that is not a message: {line[:200]!r}")
        assert kind in KINDS, f"a message of an unknown type: {kind}"
        messages.append(message)
    return messages


def _keys(tap: TapUnderTest, messages: Iterable[dict[str, Any]]) -> list[Hashable]:
    return [tap.key(m["stream"], m["record"]) for m in messages if m["type"] == "RECORD"]
