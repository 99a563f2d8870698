"""Measures what it takes to copy 200,000 issues from one tenant into another.

    python -m benchmarks.pipe [--rows N] [--rounds N] [--only NAME]

Every pipe runs against two tenants of a server that answers after 100 ms: once where each tenant
allows 200 requests a minute, 51 of them at once, and once without a limit. What has a limit of its
own sends no more than it allows; what has none is answered 429, and does what it does then. Taken
are the time on the wall, the CPU time of all processes, the requests, and how many issues arrived.

It writes `docs/performance/pipe.json`, and the tables and the chart of `docs/performance.md`; with
`--only` nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import document, pipe_tables
from benchmarks.commands import Job
from benchmarks.environments import PYAIRBYTE, MissingEnvironmentError, python_of
from benchmarks.measure import FailedRunError, last_line, measure_pipe
from benchmarks.pipes import PIPES
from benchmarks.quota import REQUESTS_A_MINUTE
from benchmarks.report import circumstances, timed
from benchmarks.rounds import counts_of, items_of, server
from benchmarks.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.pipes import Pipe

ROWS, ROUNDS, LATENCY_MILLISECONDS = 200_000, 2, 100
LIMITS = {"limited": REQUESTS_A_MINUTE, "unlimited": 0}
"""Requests a minute that a tenant allows, as `pipe_tables` names them; 0 for any number."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One run of a pipe.

    Attributes:
        wall_seconds: From the start of its processes to the end of the last.
        cpu_seconds: User and system time of all of them.
        read_requests: How many requests the tenant has received that is read.
        write_requests: The same of the other.
        refused: How many of all these were answered 429.
        arrived: How many issues were written; -1 if one was written twice.
        has_failed: Whether a process ended with another exit code than 0.
    """

    wall_seconds: float
    cpu_seconds: float
    read_requests: int
    write_requests: int
    refused: int
    arrived: int
    has_failed: bool


def copy(pipe: Pipe, url: str, rows: int, limit: int) -> Copy:
    """Run a pipe once.

    Args:
        pipe: What to run.
        url: The server's address.
        rows: How many issues there are.
        limit: Requests a minute that each tenant allows; 0 for any number.

    Raises:
        FailedRunError: It is ours, and failed, lost an issue or wrote one twice.
    """
    read, write = (
        Tenant(f"{random.getrandbits(48):x}", rows, LATENCY_MILLISECONDS, requests_per_minute=limit)
        for _ in range(2)
    )
    settings = {"requests_per_minute": limit}
    with tempfile.TemporaryDirectory(prefix="planhat-bench-") as given:
        folders = [Path(given, name) for name in ("read", "write")]
        for folder in folders:
            folder.mkdir()
        jobs = [
            Job(url, tenant, folder, settings=settings)
            for tenant, folder in zip((read, write), folders, strict=True)
        ]
        code, cost = measure_pipe(pipe.commands(*jobs), Path(given))
        said = [last_line(path) for path in sorted(Path(given).glob("err-*"))]
    reads, writes = counts_of(url, read), counts_of(url, write)
    run = Copy(
        cost.wall_seconds,
        cost.cpu_seconds,
        reads["requests"],
        writes["requests"],
        reads["refused"] + writes["refused"],
        items_of(writes),
        bool(code),
    )
    if pipe.is_ours and (run.has_failed or run.arrived != rows):
        ended = f"{pipe.name} ended with {code}, {run.arrived} of {rows} arrived"
        raise FailedRunError(f"{ended}: {'; '.join(said)}")
    return run


def copies(url: str, pipes: Sequence[Pipe], rows: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Run every pipe with and without a limit, in a new order each round, and return the results.

    Args:
        url: The server's address.
        pipes: What to compare.
        rows: How many issues there are.
        rounds: How often.
    """
    taken: dict[str, dict[str, list[Copy]]] = {
        pipe.name: {name: [] for name in LIMITS} for pipe in pipes
    }
    for number in range(1, rounds + 1):
        for pipe in random.sample(pipes, len(pipes)):
            for name, limit in LIMITS.items():
                run = copy(pipe, url, rows, limit)
                taken[pipe.name][name].append(run)
                note = f"round {number}/{rounds}  {pipe.name:38} {name:9} {run}"
                print(note, file=sys.stderr)
    return {
        pipe: {name: summary(runs) for name, runs in by_limit.items()}
        for pipe, by_limit in taken.items()
    }


def summary(runs: Sequence[Copy]) -> dict[str, Any]:
    """Return the runs of one pipe under one limit, as JSON.

    Args:
        runs: One a round.
    """
    return {
        "wall_seconds": [round(run.wall_seconds, 2) for run in runs],
        "cpu_seconds": [round(run.cpu_seconds, 2) for run in runs],
        "read_requests": round(median(run.read_requests for run in runs)),
        "write_requests": round(median(run.write_requests for run in runs)),
        "refused": max(run.refused for run in runs),
        "arrived": min(run.arrived for run in runs),
        "failed": sum(run.has_failed for run in runs),
    }


def main() -> None:
    """Copy, and write the results into the documentation."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipe")
    parser.add_argument("--rows", type=int, default=ROWS, help="issues to copy")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each pipe runs")
    parser.add_argument("--only", metavar="NAMES", help="pipes, with commas between")
    given = parser.parse_args()
    pipes = [
        pipe
        for pipe in PIPES
        if (not given.only or pipe.name in given.only.split(",")) and _is_there(pipe)
    ]
    with server() as url, timed("pipes"):
        found = copies(url, pipes, given.rows, given.rounds)
    results = {
        **circumstances(PYAIRBYTE),
        "rows": given.rows,
        "latency_milliseconds": LATENCY_MILLISECONDS,
        "copies": found,
    }
    print(pipe_tables.copies(results))
    if not given.only:
        document.write(document.PIPE, results)


def _is_there(pipe: Pipe) -> bool:
    try:
        if pipe.environment:
            python_of(pipe.environment)
    except MissingEnvironmentError as error:
        print(f"without {pipe.name}: {error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    try:
        main()
    except FailedRunError as error:
        sys.exit(f"benchmarks: {error}")
