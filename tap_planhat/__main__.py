"""The console script `tap-planhat`."""

from __future__ import annotations

import sys

from planhat_sync.runtime.allocation import keep_freed_memory
from planhat_sync.runtime.collector import without_collector
from planhat_sync.runtime.exits import run

NAME = "tap-planhat"


def main() -> None:
    """Run the tap from the command line, and exit with 0, 1 or 128 and a signal's number."""
    keep_freed_memory()
    sys.exit(run(NAME, _run))


def _run() -> None:
    with without_collector():  # imported here: a failing import ends in a sentence
        from planhat_singer.command_line import run_command  # noqa: PLC0415
        from tap_planhat.tap import TapPlanhat  # noqa: PLC0415

    run_command(NAME, lambda: TapPlanhat.cli)


if __name__ == "__main__":
    main()
