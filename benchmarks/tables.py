"""The tables of `docs/performance.md` as Markdown, made from the results in `docs/performance/`."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REQUESTS_A_MINUTE = 200
"""What Planhat allows (fact rate-limit-soft)."""
LIMITS = {"limited": f"at {REQUESTS_A_MINUTE} requests a minute", "unlimited": "without a limit"}
"""The limits under which pipes run, in words."""


def copies(results: Mapping[str, Any]) -> str:
    """Return the tables of the pipes, as Markdown.

    Args:
        results: What `python -m benchmarks.pipe` has written.
    """
    lines = [_measured(results)]
    for limit, words in LIMITS.items():
        lines += [
            "",
            *_row(
                f"Copying {results['rows']:,} issues, {words}",
                *("wall time", "rounds", "CPU of all processes", "rounds"),
                *("requests", "issues that arrived"),
            ),
            *_row("---", *("---:", "---") * 2, "---", "---:"),
        ]
        pipes = {name: by_limit[limit] for name, by_limit in results["copies"].items()}
        for name, runs in sorted(pipes.items(), key=lambda item: median(item[1]["wall_seconds"])):
            refused = f", {runs['refused']} refused" if runs["refused"] else ""
            lines += _row(
                _subject(name),
                *_seconds(runs["wall_seconds"]),
                *_seconds(runs["cpu_seconds"]),
                f"{runs['read_requests']} + {runs['write_requests']}{refused}",
                _arrived(runs, results["rows"]),
            )
    return "\n".join(lines)


def _arrived(runs: Mapping[str, Any], rows: int) -> str:
    """Say what arrived in the worst of some runs."""
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
        **{f"{words.capitalize()}: seconds": (limit, "wall") for limit, words in LIMITS.items()},
        "CPU of all processes: seconds": ("limited", "cpu"),
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
        *_row("Nothing has changed", "wall time", "rounds", "CPU", "rounds", "requests"),
        *_row("---", *("---:", "---") * 2, "---:"),
    ]
    for name, runs in results["subjects"].items():
        wall, cpu = (
            (f"{median(seconds):.2f} s", f"{min(seconds):.2f} to {max(seconds):.2f}")
            for seconds in (runs["wall_seconds"], runs["cpu_seconds"])
        )
        lines += _row(_subject(name), *wall, *cpu, str(runs["requests"]))
    return "\n".join(lines)


def figures(results: Mapping[str, Any]) -> str:
    """Return the tables, as Markdown.

    Args:
        results: The return value of `benchmarks.report.results`.
    """
    lines = [
        _measured(results),
        "",
        *_row("claim", "median", "rounds", "at most", ""),
        *_row("---", "---:", "---", "---:", "---"),
    ]
    for claim in results["claims"]:
        unit, limit = f" {claim['unit']}".rstrip(), claim["at_most"]
        holds = {True: "holds", False: "**does not hold**", None: ""}[claim["holds"]]
        lines += _row(
            claim["what"],
            f"{claim['median']:.3g}{unit}",
            f"{min(claim['rounds']):.3g} to {max(claim['rounds']):.3g}",
            "" if limit is None else f"{limit:.3g}{unit}",
            holds,
        )
    for side, subjects in results["cpu_microseconds_a_record"].items():
        lines += [
            "",
            *_row(side, "CPU a record", "rounds", "start-up", "peak memory"),
            *_row("---", "---:", "---", "---:", "---:"),
        ]
        for name, taken in sorted(subjects.items(), key=lambda item: item[1]["median"]):
            rounds = taken["rounds"]
            lines += _row(
                _subject(name),
                f"{taken['median']:.1f} µs",
                f"{min(rounds):.1f} to {max(rounds):.1f}",
                f"{taken['start_up_seconds']:.2f} s",
                f"{taken['peak_megabytes']} MB",
            )
    return "\n".join(lines)


def _measured(results: Mapping[str, Any]) -> str:
    machine, versions = results["machine"], results["versions"]
    return (
        f"Measured {results['measured']} on {machine['cores']} cores of an {machine['processor']}, "
        f"{machine['system']}, Python {machine['python']}, with "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )


def _row(*cells: str) -> Iterable[str]:
    return [f"| {' | '.join(cells)} |"]


def _subject(name: str) -> str:
    return f"**{name}**" if is_ours(name) else name


def is_ours(name: str) -> bool:
    """Return whether a subject is one of our connectors, by its name."""
    return "-planhat" in name


def requests(results: Mapping[str, Any]) -> str:
    """Return the table of requests, as Markdown.

    Args:
        results: What `python -m benchmarks.requests` has written.
    """
    lines = [
        *_row(f"Reading {results['rows']:,} issues", "what is read", "requests", "at 200 a minute"),
        *_row("---", "---", "---:", "---:"),
    ]
    for one in results["readings"]:
        name, seconds = one["subject"], one["requests"] * 60 / REQUESTS_A_MINUTE
        lines += _row(_subject(name), one["what"], str(one["requests"]), f"{seconds:.1f} s")
    return "\n".join(lines)


def all_models(results: Mapping[str, Any]) -> str:
    """Return the table of a tenant of all models, as Markdown.

    Args:
        results: What `python -m benchmarks.all_models` has written.
    """
    lines = [
        *_row(
            f"Reading {results['models']} models", "records", "requests", "at 200 a minute", "taken"
        ),
        *_row("---", "---:", "---:", "---:", "---:"),
    ]
    for one in results["readings"]:
        lines += _row(
            one["what"],
            f"{one['records']:,}",
            str(one["requests"]),
            f"{one['requests'] * 60 / REQUESTS_A_MINUTE:.1f} s",
            f"{one['seconds']:.1f} s",
        )
    return "\n".join(lines)
