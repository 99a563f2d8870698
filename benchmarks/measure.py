"""Measures one process: its CPU time, its wall time and its peak memory."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Command:
    """A process to run.

    Attributes:
        argv: Program and arguments.
        environment: Variables in addition to those of this process.
        stdin: A file it reads, if any.
        feeder: A process whose stdout it reads, if any; its cost is not counted.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None
    feeder: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took.

    Attributes:
        cpu_seconds: User and system time, of the process and of children it waited for.
        wall_seconds: From its start to its end.
        peak_megabytes: The greatest resident set.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float


class FailedRunError(Exception):
    """A process that was to be measured failed."""


def measure(command: Command, folder: Path) -> Cost:
    """Run a process to its end and return its cost.

    The peak memory of a child is at least that of its parent when it was started, so the caller
    must use little memory.

    Args:
        command: The process.
        folder: Where it runs; its stdout and stderr go to the files `out` and `err` there.

    Raises:
        FailedRunError: It did not exit with 0.
    """
    with ExitStack() as opened:
        out = opened.enter_context((folder / "out").open("wb"))
        err = opened.enter_context((folder / "err").open("wb"))
        if command.feeder:
            feeder = opened.enter_context(
                subprocess.Popen(command.feeder, stdout=subprocess.PIPE, cwd=PROJECT)
            )
            stdin = feeder.stdout
        else:
            stdin = opened.enter_context((command.stdin or Path(os.devnull)).open("rb"))
        begun = time.perf_counter()
        code, cost = _end_of(_start(command, folder, stdin, out, err), begun)
    if code:
        raise FailedRunError(f"{command.argv[0]} ended with {code}: {last_line(folder / 'err')}")
    return cost


def measure_pipe(commands: Sequence[Command], folder: Path) -> tuple[int, Cost]:
    """Run processes of which each reads what the one before prints.

    Args:
        commands: The processes; what they read is not taken from the commands.
        folder: Where they run; the stdout of the last goes to the file `out` there, the stderr of
            each to `err-0`, `err-1` and so on.

    Returns:
        The first exit code that is not 0, or 0; and the cost: the CPU time of all, the time until
        the last had ended, and the peak of the largest.
    """
    children: list[subprocess.Popen[bytes]] = []
    with ExitStack() as opened:
        stdin: IO[bytes] = opened.enter_context(Path(os.devnull).open("rb"))
        begun = time.perf_counter()
        for number, command in enumerate(commands):
            is_last = number == len(commands) - 1
            out = opened.enter_context((folder / "out").open("wb")) if is_last else subprocess.PIPE
            err = opened.enter_context((folder / f"err-{number}").open("wb"))
            child = _start(command, folder, stdin, out, err)
            stdin.close()  # the child has it, and has to be the only one
            children.append(child)
            stdin = child.stdout or stdin
        ends = [_end_of(child, begun) for child in children]
    return next((code for code, _ in ends if code), 0), Cost(
        sum(cost.cpu_seconds for _, cost in ends),
        max(cost.wall_seconds for _, cost in ends),
        max(cost.peak_megabytes for _, cost in ends),
    )


def last_line(path: Path) -> str:
    """Return the last line of a file, empty if it has none: what a failed program said."""
    return " ".join(path.read_text(errors="replace").strip().splitlines()[-1:])


def _start(
    command: Command, folder: Path, stdin: IO[bytes] | None, out: IO[bytes] | int, err: IO[bytes]
) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **command.environment}
    return subprocess.Popen(
        command.argv, stdin=stdin, stdout=out, stderr=err, env=environment, cwd=folder
    )


def _end_of(child: subprocess.Popen[bytes], begun: float) -> tuple[int, Cost]:
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    # ru_maxrss is in kilobytes on Linux, in bytes on macOS.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    cost = Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)
    return child.returncode, cost


def main(report: str, *argv: str) -> int:
    """Run a program with our stdin, stdout and stderr, and write its cost to a file.

    For callers that are large themselves, such as tests: `python -m benchmarks.measure FILE …`.
    """
    begun = time.perf_counter()
    code, cost = _end_of(subprocess.Popen(argv), begun)
    Path(report).write_text(json.dumps(dataclasses.asdict(cost)))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
