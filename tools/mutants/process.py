"""Runs tests in a process that is forked from this one, with one module replaced by a mutant.

A process that begins anew would spend seconds on imports. This one has imported what tests need of
others and nothing of the checkout, so that whatever imports the module gets the mutant.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from tools.replaced_module import replace_module

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tools.mutants.mutant import Mutant

LONGEST_SECONDS: Final = 1_200
"""The longest time for a process, and for one test in it."""

_OPTIONS: Final = (
    *("-q", "-p", "no:xdist", "-p", "no:random_order"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # what is loaded first has no assertions
)


class Ending(Enum):
    """How tests ended.

    A test has failed also if what it imports cannot be imported. A process is broken if pytest ran
    no tests.
    """

    PASSED = "passed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    BROKEN = "broken"


_ENDINGS: Final[dict[int, Ending]] = {
    pytest.ExitCode.OK: Ending.PASSED,
    pytest.ExitCode.NO_TESTS_COLLECTED: Ending.BROKEN,
    pytest.ExitCode.INTERNAL_ERROR: Ending.BROKEN,
}


@dataclass(frozen=True, slots=True)
class Process:
    """A process that runs tests.

    Attributes:
        number: Its number, and that of its process group.
        ends_at: When it is ended, by `time.monotonic`.
        output: The file with what it prints.
    """

    number: int
    ends_at: float
    output: Path

    def ending(self) -> Ending | None:
        """Return how it ended, None as long as it runs. What it has started ends with it."""
        number, status = os.waitpid(self.number, os.WNOHANG)
        if not number and time.monotonic() < self.ends_at:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.number, signal.SIGKILL)
        if not number:
            os.waitpid(self.number, 0)
            return Ending.TIMEOUT
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGXCPU:
            return Ending.TIMEOUT
        return _ENDINGS.get(code, Ending.FAILED)


class Failures:
    """A plugin for pytest that remembers which tests have failed.

    Attributes:
        names: Their names.
    """

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a test that has failed."""
        if report.outcome == "failed":
            self.names.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a file of tests that cannot be imported."""
        if report.outcome == "failed":
            self.names.append(report.nodeid)


class Order:
    """A plugin for pytest that runs some tests and no others, in a given order.

    Args:
        tests: Their names.
    """

    def __init__(self, tests: Sequence[str]) -> None:
        self._places = {name: at for at, name in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose the tests."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._places),
            key=lambda item: self._places[item.nodeid],
        )


def start(
    root: Path,
    tests: Sequence[str],
    *,
    mutant: Mutant | None,
    plugins: Sequence[Any],
    options: Sequence[str] = (),
    output: Path,
    cpu_seconds: int,
    at_end: Callable[[int], int] = int,
) -> Process:
    """Start a process that runs tests.

    Args:
        root: The checkout.
        tests: Files or folders with tests.
        mutant: What replaces its module; None to leave all as it is.
        plugins: Plugins for pytest.
        options: Options for pytest.
        output: A file for what it prints.
        cpu_seconds: How much CPU time it may take: a mutant may never end. Time on the clock says
            little where other work is done too; it is limited to LONGEST_SECONDS, since a mutant
            may also wait for ever.
        at_end: Called in it after the tests, with the exit code of pytest; returns its own.
    """
    number = os.fork()
    if not number:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        _be(root, [*options, *tests], mutant, plugins, output, at_end)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpgid(number, number)  # as it does itself: whoever is first
    return Process(number, time.monotonic() + LONGEST_SECONDS, output)


def _be(
    root: Path,
    arguments: Sequence[str],
    mutant: Mutant | None,
    plugins: Sequence[Any],
    output: Path,
    at_end: Callable[[int], int],
) -> NoReturn:
    """Be that process, to its end."""
    code: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setpgid(0, 0)
        printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        os.chdir(root)
        sys.path.insert(0, str(root))
        os.environ["CI"] = "true"  # the same examples of Hypothesis each time
        options = [*_OPTIONS, f"--timeout={LONGEST_SECONDS}", f"--rootdir={root}"]
        if mutant is None or _can_be_imported(root, mutant):
            code = pytest.main([*options, *arguments], plugins=list(plugins))
            code = at_end(code)
        else:
            code = pytest.ExitCode.TESTS_FAILED
    except BaseException:  # noqa: BLE001 - there is nobody to raise it to
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _can_be_imported(root: Path, mutant: Mutant) -> bool:
    """Put a mutant in the place of its module; return whether that can be imported."""
    name = mutant.name.path.removesuffix(".py").replace("/", ".")
    replace_module(name, str(root / mutant.name.path), mutant.source)
    try:
        importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - whatever it is, every test would fail with it
        return False
    return True


def load(modules: Sequence[str]) -> None:
    """Import modules of others, so that the processes have them.

    Args:
        modules: Their names.
    """
    for module in modules:
        importlib.import_module(module)


def write_json(file: Path, value: object) -> None:
    """Write a file that another process reads, complete or not at all.

    Args:
        file: The file.
        value: Its content.
    """
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(value), "utf-8")
    partial.replace(file)
