"""The claims that are not about CPU a record: wall time under latency, memory, start-up."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import comparisons, plan
from benchmarks.commands import OUR_BIN
from benchmarks.measure import Command, measure
from benchmarks.rounds import run
from benchmarks.subjects import (
    MAPPED_TARGET,
    OUR_DESTINATION,
    OUR_SOURCE,
    OUR_TAP,
    OUR_TARGET,
)
from benchmarks.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.comparisons import Claim
    from benchmarks.plan import Plan
    from benchmarks.subjects import Subject

_PLUGINS = (OUR_TAP.name, OUR_TARGET.name)
_CONNECTORS = (OUR_SOURCE.name, OUR_DESTINATION.name)
_STARTS = 3


def latency_claims(url: str, wanted: Plan, folder: Path) -> list[Claim]:
    """Measure the wall time with several requests in flight, beside one at a time.

    Args:
        url: The server's address.
        wanted: How often.
        folder: Files of messages, as `Subject.lines` names them.
    """
    if not wanted.latency_rounds:
        return []
    cases: list[tuple[Subject, int, int, Path | None, float]] = [
        (OUR_TAP, plan.TAP_LATENCY_MILLISECONDS, plan.TAP_WIDTH, None, comparisons.CONCURRENT_TAP),
        (
            OUR_TARGET,
            plan.TARGET_LATENCY_MILLISECONDS,
            plan.TARGET_WIDTH,
            OUR_TARGET.lines(folder, plan.LATENCY_ROWS),
            comparisons.CONCURRENT_TARGET,
        ),
    ]
    claims = []
    for subject, latency, width, lines, limit in cases:
        walls: dict[int, list[float]] = {1: [], width: []}
        for _ in range(wanted.latency_rounds):
            for concurrency, taken in walls.items():
                settings: dict[str, Any] = {"concurrency": concurrency}
                tenant = Tenant("", plan.LATENCY_ROWS, latency_milliseconds=latency)
                cost = run(subject, url, tenant, lines=lines, settings=settings)
                taken.append(cost.wall_seconds)
                print(f"{subject.name} x{concurrency}: {cost.wall_seconds:.1f} s", file=sys.stderr)
        what = f"wall time: {subject.name}, {latency} ms, concurrency {width} / 1"
        claims.append(comparisons.of_ratios(what, walls[width], walls[1], limit))
    return claims


def memory_claims(url: str, wanted: Plan) -> list[Claim]:
    """Measure the peak of memory over many rows, beside few.

    Args:
        url: The server's address.
        wanted: The sizes, and how often.
    """
    if not wanted.memory_rounds:
        return []
    claims = []
    for subject in (OUR_TAP, OUR_SOURCE, OUR_TARGET, MAPPED_TARGET, OUR_DESTINATION):
        peaks: dict[int, list[float]] = {rows: [] for rows in wanted.memory_sizes}
        for _ in range(wanted.memory_rounds):
            for rows, taken in peaks.items():
                feeder = [sys.executable, "-m", "benchmarks.lines", str(rows), subject.form]
                reads = subject in (OUR_TAP, OUR_SOURCE)
                cost = run(subject, url, Tenant("", rows), feeder=() if reads else feeder)
                taken.append(cost.peak_megabytes)
                print(f"{subject.name} {rows}: {cost.peak_megabytes:.0f} MB", file=sys.stderr)
        few, many = wanted.memory_sizes
        what = f"peak memory: {subject.name}, {many:,} rows over {few:,}"
        claims.append(
            comparisons.of_differences(
                what, peaks[many], peaks[few], comparisons.MORE_MEMORY_MEGABYTES, "MB"
            )
        )
    return claims


def start_claims(wanted: Plan) -> list[Claim]:
    """Measure the CPU time of the shortest commands.

    `--version` of the plugins is compared with importing the SDK, and `spec` of the Airbyte
    connectors with `--version` of the tap.

    Args:
        wanted: How often.
    """
    commands = {
        "import singer_sdk": [sys.executable, "-c", "import singer_sdk"],
        **{f"{name} --version": [str(OUR_BIN / name), "--version"] for name in _PLUGINS},
        **{f"{name} spec": [str(OUR_BIN / name), "spec"] for name in _CONNECTORS},
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(wanted.start_rounds):
            for name, argv in commands.items():
                taken[name].append(measure(Command(argv), Path(folder)).cpu_seconds)
    imported, version = taken["import singer_sdk"], _least(taken[f"{OUR_TAP.name} --version"])
    return [
        *(
            comparisons.of_differences(
                f"start-up: {name} --version over import singer_sdk",
                taken[f"{name} --version"],
                imported,
                comparisons.MORE_START_SECONDS,
                "s",
            )
            for name in _PLUGINS
        ),
        *(
            comparisons.of_ratios(
                f"CPU of a start: {name} spec / {OUR_TAP.name} --version",
                _least(taken[f"{name} spec"]),
                version,
                comparisons.SPEC_START,
            )
            for name in _CONNECTORS
        ),
    ]


def _least(seconds: Sequence[float]) -> list[float]:
    """Return the least of every few: a ratio of single starts says more about other programs."""
    return [min(seconds[at : at + _STARTS]) for at in range(0, len(seconds), _STARTS)]
