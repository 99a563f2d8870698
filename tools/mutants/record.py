"""Records which tests call which functions, for each file of tests once.

What was recorded is kept until a module, the file itself or what tests have in common changes.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pytest

from tools.mutants.calls import Recorder, read
from tools.mutants.process import start, write_json
from tools.mutants.trial import run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tools.mutants.calls import Calls
    from tools.mutants.process import Process
    from tools.mutants.rooms import Project

FILES_AT_ONCE: Final = 6
"""How many files of tests one process takes: each process imports the code anew."""

CPU_SECONDS: Final = 3_600

_COMPLETE: Final = {
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
}
"""Codes of a run that has come to its end, also if some tests do not pass."""


def record(project: Project, jobs: int) -> Calls:
    """Return which tests call which functions; what is not known yet is recorded.

    Args:
        project: The checkout.
        jobs: How many processes run at once.

    Raises:
        RuntimeError: The tests of a file could not be run.
    """
    common = _digest(
        sys.version.encode(),
        *[path.read_bytes() for room in project.rooms for path in room.modules],
        *[path.read_bytes() for path in project.support],
    )
    kept = {}
    for path in project.tests:
        name = path.relative_to(project.root).as_posix()
        key = _digest(common.encode(), name.encode(), path.read_bytes())
        kept[path] = project.cache / "calls" / f"{key}.json"
    missing = [path for path, file in kept.items() if not file.exists()]
    # Neighbours take about the same time, so each process gets files from all over.
    count = -(-len(missing) // FILES_AT_ONCE)
    groups = [missing[at::count] for at in range(count)]
    (project.cache / "calls").mkdir(parents=True, exist_ok=True)
    starts = [(at, _recording(project, group, kept, at)) for at, group in enumerate(groups)]
    for _ in run_all(starts, jobs):
        pass
    if unknown := [path for path, file in kept.items() if not file.exists()]:
        raise RuntimeError(f"the tests in {unknown[0]} could not be run: see {project.cache}")
    return read(list(kept.values()))


def _recording(
    project: Project, paths: Sequence[Path], kept: Mapping[Path, Path], at: int
) -> Callable[[], Process]:
    modules = [path for room in project.rooms for path in room.modules]
    recorder = Recorder(project.root, modules, project.fixtures)
    names = {path.relative_to(project.root).as_posix(): path for path in paths}

    def write(code: int) -> int:
        if code not in _COMPLETE:
            return code
        by_file: dict[str, dict[str, Any]] = defaultdict(dict)
        for test, calls in recorder.tests.items():
            by_file[test.partition("::")[0]][test] = calls
        for name, path in names.items():
            write_json(kept[path], by_file[name])
        return code

    return lambda: start(
        project.root,
        list(names),
        mutant=None,
        plugins=[recorder],
        options=["-m", "not slow"],
        output=project.cache / "calls" / f"{os.getpid()}-{at}.txt",
        cpu_seconds=CPU_SECONDS,
        at_end=write,
    )


def _digest(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:32]
