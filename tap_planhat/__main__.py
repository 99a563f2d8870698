"""The console script `tap-planhat`."""

from __future__ import annotations

import sys

from planhat_console.allocation import keep_freed_memory
from planhat_console.collector import nothing_to_collect
from planhat_console.exits import run


def main() -> None:
    """Run the tap from the command line, and exit with 0, 1 or 128 and a signal's number."""
    keep_freed_memory()
    sys.exit(run("tap-planhat", _run, _sentence_for))


def _run() -> None:
    with nothing_to_collect():
        from tap_planhat.tap import TapPlanhat  # noqa: PLC0415 - a failing import ends in a sentence

    sys.exit(TapPlanhat.cli(standalone_mode=False))


def _sentence_for(error: BaseException) -> str | None:
    from click import Abort, ClickException  # noqa: PLC0415 - comes with the SDK, see above
    from singer_sdk.exceptions import MappingError  # noqa: PLC0415 - it is the SDK

    if isinstance(error, ClickException):
        return f"{error.format_message()} See tap-planhat --help."
    if type(error).__name__ == "JSONDecodeError":  # the SDK reads the file with another library
        return f"the file given as --config is not JSON: {error}"
    if isinstance(error, MappingError):
        return f"stream_maps cannot be used: {error}"
    if isinstance(error, FileNotFoundError) and error.args:
        return f"{error.args[-1]}"
    return "stopped" if isinstance(error, Abort) else None


if __name__ == "__main__":
    main()
