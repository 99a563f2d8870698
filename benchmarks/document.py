"""The tables of `docs/performance.md`, written from `docs/performance/results.json`.

`python -m benchmarks.document` writes them again, and so does a complete run of the
benchmarks.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from benchmarks.measure import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DOCUMENT = PROJECT / "docs" / "performance.md"
RESULTS = PROJECT / "docs" / "performance" / "results.json"
BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


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


def main() -> None:
    """Put the tables of the last complete run into the page."""
    page = DOCUMENT.read_text()
    between = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
    tables = f"{BEGIN}\n{figures(json.loads(RESULTS.read_text()))}\n{END}"
    DOCUMENT.write_text(between.sub(lambda _: tables, page))


if __name__ == "__main__":
    main()
