"""Runs subjects in turn, in several rounds, and checks that each read or wrote every row."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.commands import Job
from benchmarks.issues import FIRST_ID
from benchmarks.measure import PROJECT, Cost, FailedRunError, measure
from benchmarks.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.plan import Plan
    from benchmarks.subjects import Subject

_ID = re.compile(rb'"_id":\s?"([0-9a-f]{24})"')


@dataclass(frozen=True, slots=True)
class Slope:
    """The cost of one subject in one round, at two sizes.

    Attributes:
        small: The run over the fewer rows.
        large: The run over the more rows.
        small_rows: How many the fewer are.
        large_rows: How many the more are.
    """

    small: Cost
    large: Cost
    small_rows: int
    large_rows: int

    @property
    def microseconds(self) -> float:
        """CPU of one more record, start-up apart."""
        rows = self.large_rows - self.small_rows
        return (self.large.cpu_seconds - self.small.cpu_seconds) / rows * 1e6

    @property
    def start_seconds(self) -> float:
        """CPU before the first record: the small run without what its rows cost."""
        return self.small.cpu_seconds - self.small_rows * self.microseconds / 1e6


@contextmanager
def server() -> Iterator[str]:
    """Start the benchmark's server in a separate process, and yield its address."""
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def run(
    subject: Subject,
    url: str,
    tenant: Tenant,
    *,
    lines: Path | None = None,
    feeder: Sequence[str] = (),
    settings: dict[str, Any] | None = None,
) -> Cost:
    """Run a subject once and check that every row was read, or written, exactly once.

    Args:
        subject: What to run.
        url: The server's address.
        tenant: What the server serves; its `run` is made unique here.
        lines: The file of messages to write, for a subject that writes.
        feeder: A process that prints them, instead.
        settings: Settings in addition to the usual ones, for our plugins.

    Raises:
        FailedRunError: It failed, or lost or duplicated a row.
    """
    tenant = replace(tenant, run=f"{random.getrandbits(48):x}")
    folder = Path(tempfile.mkdtemp(prefix="planhat-bench-"))
    try:
        command = subject.command(Job(url, tenant, folder, lines, settings))
        cost = measure(replace(command, feeder=feeder), folder)
        writes = lines is not None or bool(feeder)
        done = items_of(counts_of(url, tenant)) if writes else rows_in(folder)
        if done != tenant.rows:
            raise FailedRunError(f"{subject.name} did {done} of {tenant.rows} rows")
    finally:
        shutil.rmtree(folder)
    return cost


def counts_of(url: str, tenant: Tenant) -> Counter[str]:
    """Ask the server for what it has counted of a run.

    Args:
        url: The server's address.
        tenant: The run's.
    """
    with urllib.request.urlopen(f"{url}/_counts/{tenant.token}") as answer:  # noqa: S310 - ours
        return Counter(json.load(answer))


def items_of(counts: Counter[str]) -> int:
    """Return how many rows a run has written, or -1 unless each row was written once.

    Args:
        counts: What the server has counted of it.
    """
    return _once(counts["items"], counts["numbers"])


def _once(count: int, total: int) -> int:
    """Return a count of rows, or -1 if the sum of their numbers is not that of so many from 0.

    The sum shows a duplicated row that hides a lost one.
    """
    return count if total == count * (count - 1) // 2 else -1


def rows_in(folder: Path) -> int:
    """Count the rows that a reader wrote, or return -1 unless each row occurs once.

    Args:
        folder: The files that it wrote.
    """
    count = total = 0
    for path in folder.rglob("*"):
        if path.is_file():
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as left:
                for found in (one for line in left for one in _ID.findall(line)):
                    count += 1
                    total += int(found, 16) - FIRST_ID
    return _once(count, total)


def slopes(
    subjects: Sequence[Subject], url: str, plan: Plan, lines: Path | None = None
) -> dict[str, list[Slope]]:
    """Run every subject at two sizes, in a new order each round.

    Args:
        subjects: What to compare.
        url: The server's address.
        plan: The sizes, and how often.
        lines: The folder with the files of messages, for writers.
    """
    taken: dict[str, list[Slope]] = defaultdict(list)
    for number in range(1, plan.rounds + 1):
        for subject in random.sample(list(subjects), len(subjects)):
            sizes = plan.slow_sizes if subject.slow else plan.sizes
            small, large = (
                run(
                    subject,
                    url,
                    Tenant("", rows, gzip=subject.gzip),
                    lines=subject.lines(lines, rows) if lines else None,
                )
                for rows in sizes
            )
            slope = Slope(small, large, *sizes)
            taken[subject.name].append(slope)
            note = f"round {number}/{plan.rounds}  {subject.name:26} {slope.microseconds:8.2f} µs"
            print(note, file=sys.stderr)
    return taken
