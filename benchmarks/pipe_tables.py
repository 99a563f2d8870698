"""The tables and the chart's values of what a user pays: pipes, and runs that find nothing new."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.markdown import measured, row, subject
from benchmarks.quota import REQUESTS_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMITS = {"limited": f"at {REQUESTS_A_MINUTE} requests a minute", "unlimited": "without a limit"}
"""The limits under which pipes run, in words."""


def copies(results: Mapping[str, Any]) -> str:
    """Return the tables of the pipes, as Markdown.

    Args:
        results: What `python -m benchmarks.pipe` has written.
    """
    lines = [measured(results)]
    for limit, words in LIMITS.items():
        lines += [
            "",
            *row(
                f"Copying {results['rows']:,} issues, {words}",
                *("wall time", "rounds", "CPU of all processes", "rounds"),
                *("requests", "issues that arrived"),
            ),
            *row("---", *("---:", "---") * 2, "---", "---:"),
        ]
        pipes = {name: by_limit[limit] for name, by_limit in results["copies"].items()}
        for name, runs in sorted(pipes.items(), key=lambda item: median(item[1]["wall_seconds"])):
            refused = f", {runs['refused']} refused" if runs["refused"] else ""
            lines += row(
                subject(name),
                *_seconds(runs["wall_seconds"]),
                *_seconds(runs["cpu_seconds"]),
                f"{runs['read_requests']} + {runs['write_requests']}{refused}",
                _arrived(runs, results["rows"]),
            )
    return "\n".join(lines)


def _arrived(runs: Mapping[str, Any], rows: int) -> str:
    """Return what arrived in the worst of some runs."""
    if runs["arrived"] == rows and not runs["failed"]:
        return "all"
    arrived = f"{runs['arrived']:,}" if runs["arrived"] >= 0 else "one twice"
    return f"**{arrived}**, failed" if runs["failed"] else f"**{arrived}**"


def _seconds(rounds: Sequence[float]) -> tuple[str, str]:
    return f"{median(rounds):.1f} s", f"{min(rounds):.1f} to {max(rounds):.1f}"


def sides_of(results: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return what the chart of the pipes shows: seconds by pipe, by heading.

    Args:
        results: What `python -m benchmarks.pipe` has written.
    """
    headings = {
        **{f"Time, {words}: seconds": (limit, "wall") for limit, words in LIMITS.items()},
        f"CPU of all processes, {LIMITS['limited']}: seconds": ("limited", "cpu"),
    }
    return {
        heading: {
            name: median(by_limit[limit][f"{clock}_seconds"])
            for name, by_limit in results["copies"].items()
        }
        for heading, (limit, clock) in headings.items()
    }


def quiet(results: Mapping[str, Any]) -> str:
    """Return the table of incremental runs that find nothing new, as Markdown.

    Args:
        results: What `python -m benchmarks.quiet` has written.
    """
    lines = [
        *row(
            f"Nothing new among {results['rows']:,} issues",
            "wall time",
            "rounds",
            "CPU",
            "rounds",
            "requests",
        ),
        *row("---", *("---:", "---") * 2, "---:"),
    ]
    for name, runs in results["subjects"].items():
        wall, cpu = (
            (f"{median(seconds):.2f} s", f"{min(seconds):.2f} to {max(seconds):.2f}")
            for seconds in (runs["wall_seconds"], runs["cpu_seconds"])
        )
        lines += row(subject(name), *wall, *cpu, str(runs["requests"]))
    return "\n".join(lines)
