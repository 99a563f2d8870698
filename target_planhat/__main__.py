"""The console script `target-planhat`."""

from __future__ import annotations

from planhat_singer.main import run_plugin


def main() -> None:
    """Run the target from the command line, and exit with its code."""
    run_plugin("target-planhat", "target_planhat.target:TargetPlanhat")


if __name__ == "__main__":
    main()
