"""Which functions each test calls, and how long it takes: decides which tests a mutant is run with.

A plugin for pytest records it once, without any mutant. Calls are recorded, not lines: that costs
little enough for tests that read and write a hundred thousand records.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from tools.mutants.mutant import Mutant

Function = tuple[str, int]
"""A module, relative to the checkout, and the number of the function's first line."""


class RecordedTest(NamedTuple):
    """A test that passes.

    Attributes:
        name: Its name, as pytest has it.
        seconds: How long it took.
    """

    name: str
    seconds: float


class Recorder:
    """A plugin for pytest that records calls.

    Args:
        root: The checkout.
        modules: The modules whose functions are recorded.
        fixtures: Tests that use one of these fixtures are left out.
    """

    def __init__(self, root: Path, modules: Sequence[Path], fixtures: frozenset[str]) -> None:
        self._names = {str(path): path.relative_to(root).as_posix() for path in modules}
        self._fixtures = fixtures
        self._called: set[tuple[str, int]] = set()
        self._failed: set[str] = set()
        self.tests: dict[str, Any] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out tests that run the code in another process."""
        items[:] = [
            item for item in items if self._fixtures.isdisjoint(getattr(item, "fixturenames", ()))
        ]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Record the calls of a test, in every thread that it starts."""
        self._called = set()
        start = time.perf_counter()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)
        if item.nodeid not in self._failed:
            functions: dict[str, set[int]] = defaultdict(set)
            for file, line in self._called:
                functions[self._names[file]].add(line)
            self.tests[item.nodeid] = [
                round(time.perf_counter() - start, 4),
                {name: sorted(lines) for name, lines in functions.items()},
            ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Forget a test that does not pass: it would not pass with a mutant either."""
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def _trace(self, frame: FrameType, _: str, __: object) -> None:
        code = frame.f_code
        if code.co_filename in self._names:
            self._called.add((code.co_filename, code.co_firstlineno))


@dataclass(frozen=True, slots=True)
class Calls:
    """Which tests call which functions.

    Attributes:
        by_function: The tests that call a function.
        by_module: The tests that call any function of a module.
    """

    by_function: Mapping[Function, Sequence[RecordedTest]]
    by_module: Mapping[str, Sequence[RecordedTest]]

    @classmethod
    def of(cls, recorded: Mapping[str, Any]) -> Calls:
        """Read what recorders have recorded.

        Args:
            recorded: The `tests` of all of them.
        """
        by_function: dict[Function, list[RecordedTest]] = defaultdict(list)
        by_module: dict[str, list[RecordedTest]] = defaultdict(list)
        for name, (seconds, functions) in recorded.items():
            for path, lines in functions.items():
                by_module[path].append(RecordedTest(name, seconds))
                for line in lines:
                    by_function[path, line].append(RecordedTest(name, seconds))
        return cls(by_function, by_module)

    def tests_for(self, mutant: Mutant, own: tuple[str, ...], budget: float) -> list[RecordedTest]:
        """Return the tests to run with a mutant: those of its room first, the fastest first.

        Args:
            mutant: The mutant. Outside of any function it may concern each test of its module.
            own: Beginnings of the names of the tests of its room.
            budget: Seconds that all of them may take together, by what they took without it. The
                first one is run however long it takes.
        """
        path, line = mutant.name.path, mutant.edit.line
        tests = self.by_function.get((path, line), ()) if line else self.by_module.get(path, ())
        chosen: list[RecordedTest] = []
        seconds = 0.0
        for test in sorted(tests, key=lambda each: (not each.name.startswith(own), each.seconds)):
            seconds += test.seconds
            if chosen and seconds > budget:
                break
            chosen.append(test)
        return chosen


def read(files: Sequence[Path]) -> Calls:
    """Read the files that recorders have written.

    Args:
        files: The files; the tests of each are others.
    """
    recorded: dict[str, Any] = {}
    for file in files:
        recorded |= json.loads(file.read_text("utf-8"))
    return Calls.of(recorded)
