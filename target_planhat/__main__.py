"""Runs target-planhat from the command line."""

from __future__ import annotations

import gc
import sys

from planhat_sync.runtime.allocation import keep_freed_memory
from planhat_sync.runtime.collector import without_collector
from planhat_sync.runtime.exits import run

NAME = "target-planhat"


def main() -> None:
    """Run the target; its exit code is the process's."""
    # A batch is thousands of small objects that live until it is sent: looking through them for
    # cycles again and again costs a sixth of the time and finds none.
    gc.set_threshold(50_000, 20, 100)
    keep_freed_memory()
    sys.exit(run(NAME, _run))


def _run() -> None:
    with without_collector():  # imported here: a failing import ends in a sentence
        from planhat_singer.command_line import run_command  # noqa: PLC0415
        from target_planhat.target import TargetPlanhat  # noqa: PLC0415

    run_command(NAME, lambda: TargetPlanhat.cli)


if __name__ == "__main__":
    main()
