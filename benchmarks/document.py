"""The tables of `docs/performance.md`, written from the results in `docs/performance/`.

`python -m benchmarks.document` writes them again, and so do `python -m benchmarks.requests`,
`python -m benchmarks.all_models` and a complete run of the benchmarks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.measure import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DOCUMENT = PROJECT / "docs" / "performance.md"
RESULTS = PROJECT / "docs" / "performance" / "results.json"
REQUESTS = RESULTS.with_name("requests.json")
ALL_MODELS = RESULTS.with_name("all_models.json")
REQUESTS_A_MINUTE = 200
"""What Planhat allows (fact rate-limit)."""


def figures(results: Mapping[str, Any]) -> str:
    """Return the tables, as Markdown.

    Args:
        results: The return value of `benchmarks.report.results`.
    """
    machine, versions = results["machine"], results["versions"]
    lines = [
        f"Measured {results['measured']} on {machine['cores']} cores of an {machine['processor']}, "
        f"{machine['system']}, Python {machine['python']}, with "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
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
                f"**{name}**" if name.endswith("-planhat") else name,
                f"{taken['median']:.1f} µs",
                f"{min(rounds):.1f} to {max(rounds):.1f}",
                f"{taken['start_up_seconds']:.2f} s",
                f"{taken['peak_megabytes']} MB",
            )
    return "\n".join(lines)


def _row(*cells: str) -> Iterable[str]:
    return [f"| {' | '.join(cells)} |"]


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
        name = f"**{name}**" if name.endswith("-planhat") else name
        lines += _row(name, one["what"], str(one["requests"]), f"{seconds:.1f} s")
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


def main() -> None:
    """Put the tables of the last complete runs into the page."""
    page = DOCUMENT.read_text()
    for name, tables in (
        ("figures", figures(json.loads(RESULTS.read_text()))),
        ("requests", requests(json.loads(REQUESTS.read_text()))),
        ("all models", all_models(json.loads(ALL_MODELS.read_text()))),
    ):
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{tables}\n{end}{rest.partition(end)[2]}"
    DOCUMENT.write_text(page)


if __name__ == "__main__":
    main()
