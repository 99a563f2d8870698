"""The console script `planhat-beliefs`."""

from __future__ import annotations

import sys

from planhat_sync.runtime.exits import run


def main() -> None:
    """Run the command, and exit with its code."""

    def body() -> None:
        from planhat_beliefs.command import NAME, run_command  # noqa: PLC0415 - may fail to import

        run_command(NAME)

    sys.exit(run("planhat-beliefs", body))


if __name__ == "__main__":
    main()
