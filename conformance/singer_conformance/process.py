"""Runs a connector as a process, and sends it a signal when a test requests it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Ended:
    """A process that has ended.

    Attributes:
        code: Exit code; negative for a signal that it did not handle.
        lines: Complete lines of its standard output.
        rest: What followed the last line end: half a line, if anything.
        errors: Its standard error.
        seconds: How long it ran.
        killed: Whether it was still running when the signal was sent.
    """

    code: int
    lines: list[bytes]
    rest: bytes
    errors: str
    seconds: float
    killed: bool


def run(
    command: Sequence[str],
    *,
    feed: Iterable[bytes] = (),
    environment: Mapping[str, str] | None = None,
    end_after: float | None = None,
    end_at_line: int | None = None,
    end_when: Callable[[], bool] | None = None,
    end_with: signal.Signals = signal.SIGKILL,
    hold: bool = False,
    on_line: Callable[[bytes], object] = len,
) -> Ended:
    """Run a command to its end, or end it.

    Args:
        command: Program and arguments.
        feed: Lines for its standard input, line ends included.
        environment: Its environment variables; the caller's own if None.
        end_after: Seconds after which it is sent a signal; never if None.
        end_at_line: The signal is sent after this many lines of output, before the next one is
            read; never if None.
        end_when: Asked every few milliseconds; it is sent the signal at the first yes.
        end_with: The signal.
        hold: Whether its standard input stays open until it has ended.
        on_line: Called with each line of standard output at the instant it arrives.

    Returns:
        How it ended.

    Raises:
        TimeoutError: It did not end by itself.
    """
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - the command is the caller's own connector
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=None if environment is None else dict(environment),
    )
    lines: list[bytes] = []
    errors: list[bytes] = []
    running: list[bool] = []

    def send() -> None:
        running.append(process.poll() is None)
        process.send_signal(end_with)

    def look(line: bytes) -> None:
        on_line(line)
        if len(lines) == end_at_line:
            send()

    threads = [
        threading.Thread(target=_feed, args=(process, feed), kwargs={"hold": hold}),
        threading.Thread(target=_collect, args=(process, lines, look)),
        threading.Thread(
            target=lambda: errors.append(process.stderr.read() if process.stderr else b"")
        ),
    ]
    for thread in threads:
        thread.start()
    try:
        if _came(process, end_after, end_when):
            send()
        code = process.wait(TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} did not end in {TIMEOUT_SECONDS} seconds") from error
    finally:
        process.kill()  # if `end_when` failed, or it did not end
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)
        _close(process)
    rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
    said = b"".join(errors).decode(errors="replace")
    return Ended(code, lines, rest, said, time.monotonic() - began, any(running))


def _came(
    process: subprocess.Popen[bytes],
    end_after: float | None,
    end_when: Callable[[], bool] | None,
) -> bool:
    """Wait until the signal is to be sent; return False if it ends before."""
    if end_after is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(end_after)
    while end_when is not None and process.poll() is None and not end_when():
        time.sleep(POLL_SECONDS)
    return end_after is not None or end_when is not None


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()


def _feed(process: subprocess.Popen[bytes], lines: Iterable[bytes], *, hold: bool) -> None:
    """Write the input, and end it; it does not matter if the reader has ended."""
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ValueError):
        for line in lines:
            process.stdin.write(line)
            process.stdin.flush()
    if hold:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TIMEOUT_SECONDS)
    with contextlib.suppress(BrokenPipeError, ValueError):
        process.stdin.close()


def _collect(
    process: subprocess.Popen[bytes],
    lines: list[bytes],
    look: Callable[[bytes], None],
) -> None:
    """Read the output line by line."""
    if process.stdout is None:
        return
    for line in process.stdout:
        lines.append(line)
        look(line)
