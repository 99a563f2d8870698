"""`tap-planhat | target-planhat` as two processes, and everything that passes between them."""

from __future__ import annotations

import contextlib
import json
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

TIMEOUT_SECONDS = 120
_HOW: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)


def run_pipe(
    folder: Path,
    url: str,
    *,
    state: bytes | None = None,
    tap: Mapping[str, Any] | None = None,
    target: Mapping[str, Any] | None = None,
    started: Callable[[subprocess.Popen[bytes], subprocess.Popen[bytes]], None] | None = None,
    between: Callable[[bytes], bytes] | None = None,
    keeps: bool = True,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> PipeRun:
    """Run the pipe once, both processes in their own process group.

    Args:
        folder: For configurations and the state file.
        url: Address of the sandbox.
        state: The state the tap starts from.
        tap: Settings of the tap in addition to the usual ones.
        target: Settings of the target in addition to the usual ones; None removes a usual one.
        started: Called with both processes once they run.
        between: Called with each line of the tap; what it returns is inserted after that line.
        keeps: Whether the lines are kept; millions would not fit into memory.
        environment: Variables of the target's environment beyond those of this process.
        timeout_seconds: How long the run may take.

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
    reader = {**common, "api_token": SOURCE, "page_size": 40, **(tap or {})}
    writer = {**common, "api_token": COPY, "match_on": ["sourceId"], "batch_size_rows": 15}
    _write(folder / "tap.json", reader)
    writer = {
        name: value for name, value in {**writer, **(target or {})}.items() if value is not None
    }
    _write(folder / "target.json", writer)
    tap_command = [sys.executable, "-m", "tap_planhat", "--config", str(folder / "tap.json")]
    if state is not None:
        (folder / "state.json").write_bytes(state)
        tap_command += ["--state", str(folder / "state.json")]
    target_command = [sys.executable, "-m", "target_planhat"]
    target_command += ["--config", str(folder / "target.json")]
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("TAP_", "TARGET_"))}
    target_process = subprocess.Popen(  # noqa: S603 - our own plugin
        target_command,
        env={**inherited, **(environment or {})},
        **_HOW,
        **_in_group(0),
    )
    tap_process = subprocess.Popen(  # noqa: S603 - same
        tap_command,
        env=inherited,
        **{**_HOW, "stdin": subprocess.DEVNULL},
        **_in_group(target_process.pid),
    )
    with target_process, tap_process:
        if started is not None:
            started(tap_process, target_process)
        return _relay(tap_process, target_process, PipeRun(keeps), between, timeout_seconds)


def _in_group(leader: int) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        return {"process_group": leader}
    return {"preexec_fn": partial(os.setpgid, 0, leader)}


def _relay(
    tap: subprocess.Popen[bytes],
    target: subprocess.Popen[bytes],
    run: PipeRun,
    between: Callable[[bytes], bytes] | None,
    timeout_seconds: float,
) -> PipeRun:
    threads = [
        threading.Thread(target=_pass_on, args=(tap, target, run, between)),
        threading.Thread(target=_keep_states, args=(target, run)),
        threading.Thread(target=_keep_errors, args=(tap, run, "tap_errors")),
        threading.Thread(target=_keep_errors, args=(target, run, "target_errors")),
    ]
    for thread in threads:
        thread.start()
    try:
        run.tap_code = tap.wait(timeout_seconds)
        run.target_code = target.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        for process in (tap, target):
            process.send_signal(signal.SIGKILL)
        raise
    finally:
        for thread in threads:
            thread.join(timeout_seconds)
    return run


def _pass_on(
    tap: subprocess.Popen[bytes],
    target: subprocess.Popen[bytes],
    run: PipeRun,
    between: Callable[[bytes], bytes] | None,
) -> None:
    assert tap.stdout is not None  # noqa: S101 - opened as a pipe above
    assert target.stdin is not None  # noqa: S101 - opened as a pipe above
    for line in tap.stdout:
        run.emits(line)
        for each in filter(None, (line, between(line) if between else b"")):
            run.feeds(each)
            with contextlib.suppress(OSError, ValueError):
                target.stdin.write(each)
    with contextlib.suppress(OSError, ValueError):
        target.stdin.close()


def _keep_states(target: subprocess.Popen[bytes], run: PipeRun) -> None:
    assert target.stdout is not None  # noqa: S101 - opened as a pipe above
    run.states.extend(target.stdout)


def _keep_errors(process: subprocess.Popen[bytes], run: PipeRun, name: str) -> None:
    assert process.stderr is not None  # noqa: S101 - opened as a pipe above
    setattr(run, name, process.stderr.read().decode(errors="replace"))


def _write(path: Path, settings: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(settings), encoding="utf-8")
