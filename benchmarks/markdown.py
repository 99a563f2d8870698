"""What the tables of `docs/performance.md` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def measured(results: Mapping[str, Any]) -> str:
    """Return when, on what and with what was measured, as a sentence.

    Args:
        results: They hold what `benchmarks.report.circumstances` returns.
    """
    machine, versions = results["machine"], results["versions"]
    return (
        f"Measured {results['measured']} on {machine['cores']} cores of an {machine['processor']}, "
        f"{machine['system']}, Python {machine['python']}, with "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )


def row(*cells: str) -> list[str]:
    """Return a row of a table, as a list of one line."""
    return [f"| {' | '.join(cells)} |"]


def subject(name: str) -> str:
    """Return the name of a subject as tables have it: in bold if it is ours."""
    return f"**{name}**" if is_ours(name) else name


def is_ours(name: str) -> bool:
    """Return whether a subject is one of our connectors, by its name."""
    return "-planhat" in name
