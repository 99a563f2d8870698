"""What a run in this process leaves under way when it ends."""

from __future__ import annotations

import threading


def wait_for_pages() -> None:
    """A run does not wait for pages that were asked for ahead and that it does not need."""
    for thread in threading.enumerate():
        if thread.name == "planhat-pages":
            thread.join(30)
