"""Tests that every target should pass: one guarantee each."""

from __future__ import annotations

import json
import signal
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from singer_conformance.instants import plan_instants
from singer_conformance.process import Ended, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_conformance.subjects import TargetUnderTest

UPTO = "upto"


class TargetConformance:
    """Subclass it, and give it a fixture `target` that returns a `TargetUnderTest`."""

    def test_everything_read_is_stored_once(self, target: TargetUnderTest) -> None:
        """No records are lost or duplicated in an undisturbed run."""
        target.reset()
        ended = _load(target)
        assert ended.code == 0, ended.errors
        _assert_stored_once(target, range(target.records))

    def test_standard_output_is_bare_state_values(self, target: TargetUnderTest) -> None:
        """Whatever reads the state must be able to read every line."""
        target.reset()
        ended = _load(target)
        assert ended.rest == b"", f"half a line at the end of standard output: {ended.rest[:100]!r}"
        assert ended.lines, "no state was printed, although states were fed"
        reached = [_upto(line) for line in ended.lines]
        assert reached == sorted(set(reached)), f"states go back or repeat: {reached}"
        assert reached[-1] == target.records - 1, "the last state fed is not the last one printed"

    def test_a_printed_state_is_safe_at_that_instant(self, target: TargetUnderTest) -> None:
        """Everything before a state is stored when the state is printed."""
        target.reset()
        ahead: list[str] = []

        def look(line: bytes) -> None:
            missing = set(range(_upto(line) + 1)) - set(target.stored())
            if missing:
                ahead.append(f"{line!r} printed while {len(missing)} records before it are missing")

        ended = _load(target, on_line=look)
        assert ended.code == 0, ended.errors
        assert not ahead, ahead[0]

    @pytest.mark.parametrize("end_with", [signal.SIGKILL, signal.SIGTERM])
    def test_a_killed_run_is_completed_from_its_last_state(
        self,
        target: TargetUnderTest,
        end_with: signal.Signals,
        conformance_instants: int,
        conformance_seed: int,
    ) -> None:
        """At any instant, no acknowledged record is missing, and none is duplicated in the end."""
        target.reset()
        quiet = _load(target).seconds
        for instant in plan_instants(
            conformance_instants, conformance_seed, seconds=quiet, counts=target.records
        ):
            target.reset()
            ended = _load(
                target,
                end_after=instant.seconds,
                end_when=partial(_holds, target, instant.count) if instant.count else None,
                end_with=end_with,
            )
            what = f"{end_with.name} {instant.what}"
            upto = _upto(ended.lines[-1]) if ended.lines else -1
            missing = set(range(upto + 1)) - set(target.stored())
            assert not missing, f"{what}: {len(missing)} acknowledged records are missing"
            again = _load(target, start=upto + 1)
            assert again.code == 0, f"{what}: {again.errors}"
            _assert_stored_once(target, range(target.records), what)

    def test_sigterm_before_the_end_is_not_a_success(self, target: TargetUnderTest) -> None:
        """An orchestrator must see that the load is not complete."""
        target.reset()
        ended = _load(target, end_after=2, end_with=signal.SIGTERM, hold=True)
        assert ended.killed, f"the target ended while its input was open: {ended.errors}"
        assert ended.code != 0


def _load(
    target: TargetUnderTest,
    *,
    start: int = 0,
    end_after: float | None = None,
    end_when: Callable[[], bool] | None = None,
    end_with: signal.Signals = signal.SIGKILL,
    on_line: Callable[[bytes], object] = len,
    hold: bool = False,
) -> Ended:
    """Run the target over the records from `start` on; perhaps keep its input open."""
    return run(
        target.command,
        feed=_messages(target, start),
        environment=target.environment,
        end_after=end_after,
        end_when=end_when,
        end_with=end_with,
        hold=hold,
        on_line=on_line,
    )


def _messages(target: TargetUnderTest, start: int) -> Iterator[bytes]:
    schema = {
        "type": "SCHEMA",
        "stream": target.stream,
        "schema": dict(target.schema),
        "key_properties": list(target.key_properties),
    }
    yield _line(schema)
    for n in range(start, target.records):
        yield _line({"type": "RECORD", "stream": target.stream, "record": dict(target.record(n))})
        if n % target.state_every == target.state_every - 1 or n == target.records - 1:
            yield _line({"type": "STATE", "value": {"bookmarks": {target.stream: {UPTO: n}}}})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _holds(target: TargetUnderTest, count: int) -> bool:
    return len(list(target.stored())) >= count


def _upto(line: bytes) -> int:
    """Read a printed state; anything else on standard output is a failure."""
    try:
        value = json.loads(line)
        (bookmark,) = value["bookmarks"].values()
        return int(bookmark[UPTO])
    except (ValueError, KeyError, TypeError, AttributeError):
        pytest.fail(f"standard output holds a line that is not a state value: {line[:200]!r}")


def _assert_stored_once(target: TargetUnderTest, numbers: range, what: str = "") -> None:
    held = Counter(target.stored())
    missing = [n for n in numbers if n not in held]
    duplicated = [n for n, times in held.items() if times > 1]
    assert not missing, f"{what} {len(missing)} records are missing, the first is {missing[0]}"
    assert not duplicated, (
        f"{what} {len(duplicated)} records are stored twice, the first is {duplicated[0]}"
    )
