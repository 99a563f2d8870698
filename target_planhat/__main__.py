"""The console script `target-planhat`."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from planhat_singer.main import run_plugin

if TYPE_CHECKING:
    from target_planhat.target import TargetPlanhat


def main() -> None:
    """Run the target from the command line, and exit with its code."""
    # A batch is thousands of small objects that live until it is sent: looking through them for
    # cycles again and again costs a sixth of the time and finds none.
    gc.set_threshold(50_000, 20, 100)
    run_plugin("target-planhat", _load)


def _load() -> type[TargetPlanhat]:
    from target_planhat.target import TargetPlanhat  # noqa: PLC0415 - see `run_plugin`

    return TargetPlanhat


if __name__ == "__main__":
    main()
