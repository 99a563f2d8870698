"""The tables and charts of `docs/performance.md`, written from the results in `docs/performance/`.

`python -m benchmarks.document` writes them again, and so does every program that measures.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks import pipe_tables, tables
from benchmarks.chart import chart
from benchmarks.measure import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOCUMENT = PROJECT / "docs" / "performance.md"
RESULTS = PROJECT / "docs" / "performance" / "results.json"
PIPE = RESULTS.with_name("pipe.json")
QUIET = RESULTS.with_name("quiet.json")
REQUESTS = RESULTS.with_name("requests.json")
ALL_MODELS = RESULTS.with_name("all_models.json")
CPU_CHART = RESULTS.with_name("cpu.svg")
PIPE_CHART = RESULTS.with_name("pipe.svg")
TABLES = {
    "pipe": (PIPE, pipe_tables.copies),
    "quiet": (QUIET, pipe_tables.quiet),
    "figures": (RESULTS, tables.figures),
    "requests": (REQUESTS, tables.requests),
    "all models": (ALL_MODELS, tables.all_models),
}
"""The parts of the page: where their results are, and what makes their tables."""


def results_in(path: Path) -> dict[str, Any]:
    """Read a file of results."""
    return json.loads(path.read_text())  # type: ignore[no-any-return]  # JSON


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Write results, and the page with them.

    Args:
        path: The file of results.
        results: What was measured, as JSON.
    """
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    main()


def cpu_chart() -> str:
    """Return the chart of CPU a record."""
    results = results_in(RESULTS)
    sides = {
        f"{side}: CPU a record, µs": {name: taken["median"] for name, taken in subjects.items()}
        for side, subjects in results["cpu_microseconds_a_record"].items()
    }
    sizes = "issues of 1.1 KB, slope between 20,000 and 200,000, start-up apart"
    return chart(sides, f"{sizes}; {_where(results)}")


def pipe_chart() -> str:
    """Return the chart of the pipes."""
    results = results_in(PIPE)
    rows = f"{results['rows']:,} issues, answers after {results['latency_milliseconds']} ms"
    return chart(pipe_tables.sides_of(results), f"{rows}; {_where(results)}")


def _where(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    return f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}"


def main() -> None:
    """Put the tables and the charts of the last complete runs into the page."""
    page = DOCUMENT.read_text()
    for name, (path, table) in TABLES.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = page.partition(begin)
        text = table(results_in(path))
        page = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    DOCUMENT.write_text(page)
    CPU_CHART.write_text(cpu_chart())
    PIPE_CHART.write_text(pipe_chart())


if __name__ == "__main__":
    main()
