"""The standard streams of a process that was started with some of them closed, as by ``2>&-``."""

from __future__ import annotations

import os
import sys
from typing import TextIO, cast


def fill_closed_streams() -> bool:
    """Put the null device in the place of closed standard streams.

    Python makes them None, which nobody expects who prints; and their numbers would go to the
    next file or connection that is opened, which is then written to as if it were they.

    Returns:
        Whether standard output was open.
    """
    for descriptor in range(3):
        _fill(descriptor)
    was_open = cast("TextIO | None", sys.stdout) is not None
    if not was_open:
        sys.stdout = _nowhere()
    if cast("TextIO | None", sys.stderr) is None:
        sys.stderr = _nowhere()
    return was_open


def _fill(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - a device, no path of ours
