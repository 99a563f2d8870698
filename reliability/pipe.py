"""A pair of connectors as two processes, and everything that passes between them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from reliability.pipe_run import PipeRun
from reliability.world import COPY, SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reliability.pair import Pair

TIMEOUT_SECONDS, LONG_TIMEOUT_SECONDS = 120, 3600
_HOW: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)


def run_pipe(
    pair: Pair,
    folder: Path,
    url: str,
    *,
    state: bytes | None = None,
    reader: Mapping[str, Any] | None = None,
    writer: Mapping[str, Any] | None = None,
    started: Callable[[subprocess.Popen[bytes], subprocess.Popen[bytes]], None] | None = None,
    between: Callable[[bytes], bytes] | None = None,
    long: bool = False,
    environment: Mapping[str, str] | None = None,
) -> PipeRun:
    """Run the pipe once, both processes in their own process group.

    Args:
        pair: The connectors.
        folder: For their files.
        url: Address of the sandbox.
        state: The state the reader starts from.
        reader: Settings of the reader in addition to the usual ones.
        writer: Settings of the writer in addition to the usual ones; None removes a usual one.
        started: Called with both processes once they run.
        between: Called with each line of the reader; what it returns is inserted after that line.
        long: Whether there are millions of records: it may take an hour, and the lines, which would
            not fit into memory, are not kept.
        environment: Variables of the writer's environment beyond those of this process.

    Returns:
        How it ended.

    Raises:
        subprocess.TimeoutExpired: It did not end.
    """
    common = {
        "api_url": url,
        "requests_per_minute": 0,
        "request_timeout_seconds": 2,
        "retry_budget_seconds": 20,
    }
    reads = {**common, "api_token": SOURCE, "page_size": 40, **(reader or {})}
    writes = {**common, "api_token": COPY, "match_on": ["sourceId"], "batch_size_rows": 15}
    writes = {
        name: value for name, value in (writes | dict(writer or {})).items() if value is not None
    }
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("TAP_", "TARGET_"))}
    writing = subprocess.Popen(  # noqa: S603 - our own connector
        pair.writer_command(folder, writes),
        env={**inherited, **(environment or {})},
        **_HOW,
        **_in_group(0),
    )
    reading = subprocess.Popen(  # noqa: S603 - same
        pair.reader_command(folder, reads, state),
        env=inherited,
        **{**_HOW, "stdin": subprocess.DEVNULL},
        **_in_group(writing.pid),
    )
    with writing, reading:
        if started is not None:
            started(reading, writing)
        timeout = LONG_TIMEOUT_SECONDS if long else TIMEOUT_SECONDS
        return _relay(reading, writing, PipeRun(pair, keeps=not long), between, timeout)


def _in_group(leader: int) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        return {"process_group": leader}
    return {"preexec_fn": partial(os.setpgid, 0, leader)}


def _relay(
    reader: subprocess.Popen[bytes],
    writer: subprocess.Popen[bytes],
    run: PipeRun,
    between: Callable[[bytes], bytes] | None,
    timeout_seconds: float,
) -> PipeRun:
    threads = [
        threading.Thread(target=_pass_on, args=(reader, writer, run, between)),
        threading.Thread(target=_keep_output, args=(writer, run)),
        threading.Thread(target=_keep_errors, args=(reader, run, "reader_errors")),
        threading.Thread(target=_keep_errors, args=(writer, run, "writer_errors")),
    ]
    for thread in threads:
        thread.start()
    try:
        run.reader_code = reader.wait(timeout_seconds)
        run.writer_code = writer.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        for process in (reader, writer):
            process.send_signal(signal.SIGKILL)
        raise
    finally:
        for thread in threads:
            thread.join(timeout_seconds)
    return run


def _pass_on(
    reader: subprocess.Popen[bytes],
    writer: subprocess.Popen[bytes],
    run: PipeRun,
    between: Callable[[bytes], bytes] | None,
) -> None:
    assert reader.stdout is not None  # noqa: S101 - opened as a pipe above
    assert writer.stdin is not None  # noqa: S101 - opened as a pipe above
    for line in reader.stdout:
        run.emits(line)
        for each in filter(None, (line, between(line) if between else b"")):
            run.feeds(each)
            with contextlib.suppress(OSError, ValueError):
                writer.stdin.write(each)
    with contextlib.suppress(OSError, ValueError):
        writer.stdin.close()


def _keep_output(writer: subprocess.Popen[bytes], run: PipeRun) -> None:
    assert writer.stdout is not None  # noqa: S101 - opened as a pipe above
    for line in writer.stdout:
        run.prints(line)


def _keep_errors(process: subprocess.Popen[bytes], run: PipeRun, name: str) -> None:
    assert process.stderr is not None  # noqa: S101 - opened as a pipe above
    setattr(run, name, process.stderr.read().decode(errors="replace"))
