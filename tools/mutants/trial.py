"""Tries mutants: each in a process of its own, against the tests that call what it changes."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from tools.mutants.process import Ending, Failures, Order, start, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tools.mutants.calls import Calls
    from tools.mutants.mutant import Mutant
    from tools.mutants.process import Process
    from tools.mutants.rooms import Project

POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant.

    Attributes:
        mutant: The mutant.
        ending: How its tests ended; None if no test calls what it changes, so that it survives.
        tests: How many tests were chosen for it.
        failed: The test that failed, if its name is known.
    """

    mutant: Mutant
    ending: Ending | None
    tests: int
    failed: str = ""

    @property
    def is_noticed(self) -> bool:
        """Whether a test failed, or did not end."""
        return self.ending in (Ending.FAILED, Ending.TIMEOUT)


class Trial:
    """Tries mutants of one checkout.

    Args:
        project: The checkout.
        calls: Which tests call which functions.
        jobs: How many processes run at once.
        budget: Seconds that the tests of one mutant may take together.
    """

    def __init__(self, project: Project, calls: Calls, *, jobs: int, budget: float) -> None:
        self._project = project
        self._calls = calls
        self._jobs = jobs
        self._budget = budget
        self._folder = project.cache / f"trial-{os.getpid()}"
        self._own: Mapping[str, tuple[str, ...]] = {room.name: room.tests for room in project.rooms}

    def outcomes(self, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
        """Try mutants.

        Args:
            mutants: The mutants.

        Yields:
            The outcomes, in the order in which they become known.

        Raises:
            RuntimeError: The tests could not be run.
        """
        started: dict[int, tuple[Mutant, int]] = {}
        starts = []
        for at, mutant in enumerate(mutants):
            tests = self._calls.tests_for(mutant, self._own[mutant.room], self._budget)
            started[at] = mutant, len(tests)
            if not tests:
                yield Outcome(mutant, None, 0)
                continue
            seconds = sum(test.seconds for test in tests)
            names = [test.name for test in tests]
            starts.append((at, self._starting(at, mutant, names, seconds)))
        for at, ending in run_all(starts, self._jobs):
            self._check(at, ending)
            failed = self._failures(at)
            yield Outcome(started[at][0], ending, started[at][1], failed[0] if failed else "")

    def failing_without(self, tests: Iterable[str]) -> list[str]:
        """Return those of some tests that fail although nothing is changed.

        Args:
            tests: Names of tests.
        """
        names = sorted(set(tests))
        if not names:
            return []
        for at, ending in run_all([(0, self._starting(0, None, names, 600.0))], 1):
            self._check(at, ending)
        return self._failures(0)

    def clean_up(self) -> None:
        """Remove what the processes have printed."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check(self, at: int, ending: Ending) -> None:
        if ending is Ending.BROKEN:
            raise RuntimeError(f"pytest ran no tests: see {self._file(at, 'txt')}")

    def _starting(
        self, at: int, mutant: Mutant | None, tests: Sequence[str], seconds: float
    ) -> Callable[[], Process]:
        output = self._file(at, "txt")
        failures, file = Failures(), self._file(at, "json")
        file.unlink(missing_ok=True)

        def write(code: int) -> int:
            write_json(file, failures.names)
            # Plugins of the checkout may object to other things, such as a file that was edited.
            is_failed = code != pytest.ExitCode.TESTS_FAILED or failures.names
            return code if is_failed else pytest.ExitCode.OK

        return lambda: start(
            self._project.root,
            list(dict.fromkeys(name.partition("::")[0] for name in tests)),
            mutant=mutant,
            plugins=[Order(tests), failures],
            options=["--exitfirst"] if mutant else [],
            output=output,
            cpu_seconds=60 + round(4 * seconds),
            at_end=write,
        )

    def _failures(self, at: int) -> list[str]:
        file = self._file(at, "json")
        names: list[str] = json.loads(file.read_text("utf-8")) if file.exists() else []
        return names

    def _file(self, at: int, suffix: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{at}.{suffix}"


def run_all(
    starts: Iterable[tuple[int, Callable[[], Process]]], jobs: int
) -> Iterator[tuple[int, Ending]]:
    """Run processes, some at once.

    Args:
        starts: What starts each, with a number for it.
        jobs: How many run at once.

    Yields:
        The numbers, and how the processes ended, as they end.
    """
    waiting, running = iter(starts), dict[int, "Process"]()
    while True:
        while len(running) < jobs and (following := next(waiting, None)) is not None:
            running[following[0]] = following[1]()
        if not running:
            return
        ended = [(at, ending) for at, each in running.items() if (ending := each.ending())]
        for at, ending in ended:
            del running[at]
            yield at, ending
        if not ended:
            time.sleep(POLL_SECONDS)
