"""What is under way: requests, pipes, processes. Each is waited for, as no machine is too slow."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator

    from planhat_sandbox import Sandbox

TIMEOUT_SECONDS = 60


def until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition returns something true, and return that."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)
    return value


def waiting_in(pipe: Any) -> int:
    """Return how many bytes wait in a pipe for whoever reads it."""
    size = bytearray(4)
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, size)
    return int.from_bytes(size, sys.byteorder)


def is_full(pipe: Any) -> bool:
    """Return whether whoever writes into a pipe has to wait for its reader."""
    descriptor = os.open(f"/proc/self/fd/{pipe.fileno()}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        return not select.select([], [descriptor], [], 0)[1]
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def answers_held(sandbox: Sandbox, route: str) -> Iterator[None]:
    """Keep back the answers to requests, whose work is done, until the context ends."""
    go = threading.Event()

    def hold(request: Any) -> None:
        if request.route == route:
            go.wait(TIMEOUT_SECONDS)

    sandbox.after_each_request.append(hold)
    try:
        yield
    finally:
        sandbox.after_each_request.remove(hold)
        go.set()


def signal_until_it_ends(process: subprocess.Popen[bytes], signum: signal.Signals) -> int:
    """Send a signal each second until a process has ended, and return how many it took.

    Two signals are one to a process that had no time to take the first.
    """
    for count in range(1, TIMEOUT_SECONDS):
        process.send_signal(signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
            return count
    raise AssertionError("it does not end")


def wait_for_pages() -> None:
    """Wait for the pages that were asked for ahead; a run that does not need them does not wait.

    Where one is still on its way after a long time, the test that asked for it is wrong.
    """
    for thread in threading.enumerate():
        if thread.name == "planhat-pages":
            thread.join(30)
            assert not thread.is_alive(), "a page is still being asked for"
