"""The console script `tap-planhat`."""

from __future__ import annotations

from planhat_singer.main import run_plugin


def main() -> None:
    """Run the tap from the command line, and exit with its code."""
    run_plugin("tap-planhat", "tap_planhat.tap:TapPlanhat")


if __name__ == "__main__":
    main()
