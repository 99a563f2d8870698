"""The console script `target-planhat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_singer.main import run_plugin

if TYPE_CHECKING:
    from target_planhat.target import TargetPlanhat


def main() -> None:
    """Run the target from the command line, and exit with its code."""
    run_plugin("target-planhat", _load)


def _load() -> type[TargetPlanhat]:
    from target_planhat.target import TargetPlanhat  # noqa: PLC0415 - see `run_plugin`

    return TargetPlanhat


if __name__ == "__main__":
    main()
