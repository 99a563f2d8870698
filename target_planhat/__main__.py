"""Runs target-planhat from the command line."""

from __future__ import annotations

import gc
import json
import sys

from planhat_console.allocation import keep_freed_memory
from planhat_console.collector import nothing_to_collect
from planhat_console.exits import run

NAME = "target-planhat"


def main() -> None:
    """Run the target; its exit code is the process's."""
    # A batch is thousands of small objects that live until it is sent: looking through them for
    # cycles again and again costs a sixth of the time and finds none.
    gc.set_threshold(50_000, 20, 100)
    keep_freed_memory()
    sys.exit(run(NAME, _run, _sentence_for))


def _run() -> None:
    with nothing_to_collect():
        from target_planhat.target import TargetPlanhat  # noqa: PLC0415 - see tap_planhat

    sys.exit(TargetPlanhat.cli(prog_name=NAME, standalone_mode=False))


def _sentence_for(error: BaseException) -> str | None:
    from click import ClickException  # noqa: PLC0415 - comes with the SDK, see above
    from singer_sdk.exceptions import MappingError  # noqa: PLC0415 - it is the SDK

    if isinstance(error, ClickException):
        return f"{error.format_message()} See {NAME} --help."
    if isinstance(error, json.JSONDecodeError):
        return f"a file given as --config is not JSON: {error}"
    if isinstance(error, FileNotFoundError) and not error.strerror:  # the SDK's own
        return f"{error}: name the right file and run again"
    if isinstance(error, MappingError):
        return f"stream_maps cannot be used: {error}"
    return None


if __name__ == "__main__":
    main()
