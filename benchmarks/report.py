"""The outcome: a table on stdout, `results.json` for machines."""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.environments import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.comparisons import Claim
    from benchmarks.rounds import Slope


def table(claims: Sequence[Claim], sides: Mapping[str, Mapping[str, list[Slope]]]) -> str:
    """Return the printed table: CPU a record of every subject, then the claims.

    Args:
        claims: The rows.
        sides: Slopes by subject, by side (`reading`, `writing`).
    """
    lines = []
    for side, taken in sides.items():
        lines += ["", f"{side:40}  µs CPU a record      start-up s    peak MB"]
        for name, slopes in sorted(taken.items(), key=lambda item: _microseconds(item[1])):
            values = [slope.microseconds for slope in slopes]
            spread = f"{min(values):.1f}-{max(values):.1f}"
            peak = median(slope.large.peak_megabytes for slope in slopes)
            lines.append(
                f"  {name:38}  {_microseconds(slopes):6.2f}  ({spread:>11})"
                f"  {_start_seconds(slopes):8.2f}  {peak:9.0f}"
            )
    lines += ["", f"{'claim':78}  {'median':>9}  {'spread':>15}  {'at most':>8}"]
    for claim in claims:
        spread = f"{min(claim.samples):.3f}-{max(claim.samples):.3f}"
        limit = "" if claim.limit is None else f"{claim.limit:8.3f}"
        holds = {True: "holds", False: "FAILS", None: ""}[claim.holds]
        value = f"{claim.value:7.3f} {claim.unit:2}"
        lines.append(f"  {claim.what:76}  {value} {spread:>15}  {limit:>8}  {holds}")
    return "\n".join(lines)


def _microseconds(slopes: Sequence[Slope]) -> float:
    return median(slope.microseconds for slope in slopes)


def _start_seconds(slopes: Sequence[Slope]) -> float:
    return median(slope.start_seconds for slope in slopes)


def results(
    claims: Sequence[Claim],
    sides: Mapping[str, Mapping[str, list[Slope]]],
) -> dict[str, Any]:
    """Return everything measured, as JSON.

    Args:
        claims: The rows.
        sides: Slopes by subject, by side.
    """
    return {
        **circumstances("bare", "airbyte", "dlt", "cruds"),
        "cpu_microseconds_a_record": {
            side: {
                name: {
                    "median": round(_microseconds(slopes), 2),
                    "rounds": [round(slope.microseconds, 2) for slope in slopes],
                    "start_up_seconds": round(_start_seconds(slopes), 2),
                    "peak_megabytes": round(median(one.large.peak_megabytes for one in slopes)),
                }
                for name, slopes in taken.items()
            }
            for side, taken in sides.items()
        },
        "claims": [
            {
                "what": claim.what,
                "median": round(claim.value, 4),
                "rounds": [round(value, 4) for value in claim.samples],
                "at_most": claim.limit,
                "unit": claim.unit,
                "holds": claim.holds,
            }
            for claim in claims
        ],
    }


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Print on stderr how long a part of the benchmarks took.

    Args:
        part: What it is called.
    """
    began = time.monotonic()
    yield
    print(f"{part} took {time.monotonic() - began:.0f} s", file=sys.stderr)


def circumstances(*environments: str) -> dict[str, Any]:
    """Return when, on what and with what is measured.

    Args:
        environments: Those of the peers.
    """
    return {
        "measured": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "machine": _machine(),
        "versions": versions(*environments),
    }


def _machine() -> dict[str, Any]:
    """Return the facts about the machine that a reader needs to compare figures."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - not a path of ours
            models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        processor = models[0] if models else processor
    except OSError:
        pass  # not Linux: only the platform module knows
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
