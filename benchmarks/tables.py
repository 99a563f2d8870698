"""The tables of CPU, memory and requests, as Markdown, made from the results of the benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.markdown import measured, row, subject
from benchmarks.quota import REQUESTS_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping


def figures(results: Mapping[str, Any]) -> str:
    """Return the tables, as Markdown.

    Args:
        results: The return value of `benchmarks.report.results`.
    """
    lines = [
        measured(results),
        "",
        *row("claim", "median", "rounds", "at most", ""),
        *row("---", "---:", "---", "---:", "---"),
    ]
    for claim in results["claims"]:
        unit, limit = f" {claim['unit']}".rstrip(), claim["at_most"]
        holds = {True: "holds", False: "**does not hold**", None: ""}[claim["holds"]]
        lines += row(
            claim["what"],
            f"{claim['median']:.3g}{unit}",
            f"{min(claim['rounds']):.3g} to {max(claim['rounds']):.3g}",
            "" if limit is None else f"{limit:.3g}{unit}",
            holds,
        )
    for side, subjects in results["cpu_microseconds_a_record"].items():
        lines += [
            "",
            *row(side, "CPU a record", "rounds", "start-up", "peak memory"),
            *row("---", "---:", "---", "---:", "---:"),
        ]
        for name, taken in sorted(subjects.items(), key=lambda item: item[1]["median"]):
            rounds = taken["rounds"]
            lines += row(
                subject(name),
                f"{taken['median']:.1f} µs",
                f"{min(rounds):.1f} to {max(rounds):.1f}",
                f"{taken['start_up_seconds']:.2f} s",
                f"{taken['peak_megabytes']} MB",
            )
    return "\n".join(lines)


def requests(results: Mapping[str, Any]) -> str:
    """Return the table of requests, as Markdown.

    Args:
        results: What `python -m benchmarks.requests` has written.
    """
    lines = [
        *row(f"Reading {results['rows']:,} issues", "what is read", "requests", "at 200 a minute"),
        *row("---", "---", "---:", "---:"),
    ]
    for one in results["readings"]:
        name, seconds = one["subject"], one["requests"] * 60 / REQUESTS_A_MINUTE
        lines += row(subject(name), one["what"], str(one["requests"]), f"{seconds:.1f} s")
    return "\n".join(lines)


def all_models(results: Mapping[str, Any]) -> str:
    """Return the table of a tenant of all models, as Markdown.

    Args:
        results: What `python -m benchmarks.all_models` has written.
    """
    lines = [
        *row(
            f"Reading {results['models']} models", "records", "requests", "at 200 a minute", "taken"
        ),
        *row("---", "---:", "---:", "---:", "---:"),
    ]
    for one in results["readings"]:
        lines += row(
            one["what"],
            f"{one['records']:,}",
            str(one["requests"]),
            f"{one['requests'] * 60 / REQUESTS_A_MINUTE:.1f} s",
            f"{one['seconds']:.1f} s",
        )
    return "\n".join(lines)
