"""Readers of a connector that are slow until a signal comes, or go away."""

from __future__ import annotations

import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from singer_conformance.process import TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILL_SECONDS = 1
STOP_SECONDS = 0.2


def read_slowly(
    command: Sequence[str], environment: Mapping[str, str] | None
) -> tuple[int, bytes] | None:
    """Send SIGTERM to a connector whose output nobody reads, and only then read it.

    Args:
        command: Program and arguments.
        environment: Its environment variables; the caller's own if None.

    Returns:
        Its exit code and what it printed; None if its output fits into the pipe, so that it had
        ended, or had printed nothing.
    """
    process = _start(command, environment)
    assert process.stdout is not None
    select.select([process.stdout], [], [], TIMEOUT_SECONDS)  # it has begun to write
    time.sleep(FILL_SECONDS)  # nothing is read: the pipe is full, or the connector is done
    done = process.poll() is not None
    process.send_signal(signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    out, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    return None if done or not out else (process.returncode, out)


def read_one_line(command: Sequence[str], environment: Mapping[str, str] | None) -> int:
    """Read the first line of a connector's output, and close the pipe.

    Args:
        command: Program and arguments.
        environment: Its environment variables; the caller's own if None.

    Returns:
        Its exit code.
    """
    process = _start(command, environment)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process.wait(TIMEOUT_SECONDS)


def _start(
    command: Sequence[str], environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the command is the caller's own connector
        list(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=None if environment is None else dict(environment),
    )
