"""The console script `tap-planhat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_singer.main import run_plugin

if TYPE_CHECKING:
    from tap_planhat.tap import TapPlanhat


def main() -> None:
    """Run the tap from the command line, and exit with its code."""
    run_plugin("tap-planhat", _load)


def _load() -> type[TapPlanhat]:
    from tap_planhat.tap import TapPlanhat  # noqa: PLC0415 - see `run_plugin`

    return TapPlanhat


if __name__ == "__main__":
    main()
