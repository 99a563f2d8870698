"""Run the benchmarks: `python -m benchmarks [--quick]`.

It prints a table, and writes `docs/performance/results.json`, `docs/performance/cpu.svg` and the
tables of `docs/performance.md`. With `--quick` it only prints the table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import document, lines, plan
from benchmarks.comparisons import of_slopes
from benchmarks.environments import MissingEnvironmentError, python_of
from benchmarks.limits import latency_claims, memory_claims, start_claims
from benchmarks.measure import FailedRunError
from benchmarks.report import results, table, timed
from benchmarks.rounds import server, slopes
from benchmarks.subjects import READERS, WRITERS

if TYPE_CHECKING:
    from benchmarks.comparisons import Claim
    from benchmarks.rounds import Slope
    from benchmarks.subjects import Subject

    Sides = dict[str, dict[str, list[Slope]]]


def main() -> None:
    """Run the benchmarks that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run that writes no file")
    parser.add_argument(
        "--only",
        metavar="NAMES",
        help="CPU a record of these subjects, with commas between; writes no file",
    )
    arguments = parser.parse_args()
    wanted = plan.QUICK if arguments.quick else plan.WHOLE
    names = set(arguments.only.split(",")) if arguments.only else None
    claims, sides = _measure(wanted, names)
    print(table(claims, sides))
    if not arguments.quick and not names:
        document.write(document.RESULTS, results(claims, sides))


def _measure(wanted: plan.Plan, names: set[str] | None) -> tuple[list[Claim], Sides]:
    readers, writers = (_ready(subjects, wanted, names) for subjects in (READERS, WRITERS))
    with tempfile.TemporaryDirectory(prefix="planhat-bench-") as given, server() as url:
        folder = Path(given)
        for rows in {*wanted.sizes, *wanted.slow_sizes, plan.LATENCY_ROWS}:
            for subject in {one.form: one for one in writers}.values():
                with subject.lines(folder, rows).open("wb") as out:
                    out.writelines(lines.lines(rows, subject.form))
        with timed("CPU of reading"):
            reading = slopes(readers, url, wanted)
        with timed("CPU of writing"):
            writing = slopes(writers, url, wanted, folder)
        claims = of_slopes(reading, writing)
        if names is None:
            with timed("latency"):
                claims += latency_claims(url, wanted, folder)
            with timed("memory"):
                claims += memory_claims(url, wanted)
            with timed("start-up"):
                claims += start_claims(wanted)
    return claims, {"Reading": reading, "Writing": writing}


def _ready(subjects: list[Subject], wanted: plan.Plan, names: set[str] | None) -> list[Subject]:
    """Return the requested subjects that can run here."""
    ready = []
    for subject in subjects:
        if (names and subject.name not in names) or (subject.curiosity and not wanted.peers):
            continue
        try:
            if subject.environment:
                python_of(subject.environment)
            ready.append(subject)
        except MissingEnvironmentError as error:
            print(f"without {subject.name}: {error}", file=sys.stderr)
    return ready


if __name__ == "__main__":
    try:
        main()
    except FailedRunError as error:
        sys.exit(f"benchmarks: {error}")
