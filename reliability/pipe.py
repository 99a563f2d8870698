"""`tap-planhat | target-planhat` as two processes, and everything that passes between them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from reliability.world import COPY, SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PATIENCE_SECONDS = 120
_HOW: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
MESSAGES = {"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"}


@dataclass
class Passed:
    """How one run of the pipe ended, and what was written.

    Attributes:
        tap_code: Exit code of the tap.
        target_code: Exit code of the target.
        tap_lines: Lines of the tap's standard output.
        states: Lines of the target's standard output.
        tap_errors: The tap's standard error.
        target_errors: The target's standard error.
    """

    tap_code: int = 0
    target_code: int = 0
    tap_lines: list[bytes] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)
    tap_errors: str = ""
    target_errors: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether both ends exited 0."""
        return self.tap_code == 0 and self.target_code == 0

    def complaints(self) -> list[str]:
        """Say what is wrong with what was written, whatever the outcome of the run."""
        lines = self.tap_lines
        if self.tap_code == -signal.SIGKILL and lines and not lines[-1].endswith(b"\n"):
            lines = lines[:-1]  # nothing can be asked of the last word of what was killed so
        found = [f"the tap printed {line[:80]!r}" for line in lines if not _message(line)]
        found += [f"the target printed {line[:80]!r}" for line in self.states if not _state(line)]
        said = f"{self.tap_errors}\n{self.target_errors}".encode()
        everything = b"".join((*self.tap_lines, *self.states, said))
        for token in (SOURCE, COPY):
            if token.encode() in everything:
                found.append("the token was printed")
        if b"Traceback" in said:
            found.append("a traceback was printed")
        for name, code, errors in (
            ("tap", self.tap_code, self.tap_errors),
            ("target", self.target_code, self.target_errors),
        ):
            last = errors.strip().splitlines()[-1:] or [""]
            if code == 1 and not last[0].startswith(f"{name}-planhat: "):
                found.append(f"the {name}'s last line does not say what is wrong: {last[0][:120]}")
        return found


def run_pipe(
    folder: Path,
    url: str,
    *,
    state: bytes | None = None,
    tap: Mapping[str, Any] | None = None,
    target: Mapping[str, Any] | None = None,
    started: Callable[[subprocess.Popen[bytes], subprocess.Popen[bytes]], None] | None = None,
    on_state: Callable[[bytes], None] | None = None,
    environment: Mapping[str, str] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Passed:
    """Run the pipe once, both processes in one process group of their own.

    Args:
        folder: For configurations and the state file.
        url: Address of the sandbox.
        state: The state the tap starts from.
        tap: Settings of the tap beyond the usual ones.
        target: Settings of the target beyond the usual ones; None takes a usual one away.
        started: Called with both processes once they run.
        on_state: Called with each line of the target's standard output when it arrives.
        environment: Variables of the target's environment beyond those of this process.
        patience_seconds: How long the run may take.

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
        return _relay(tap_process, target_process, started, on_state, patience_seconds)


def _in_group(leader: int) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        return {"process_group": leader}
    return {"preexec_fn": partial(os.setpgid, 0, leader)}


def _relay(
    tap: subprocess.Popen[bytes],
    target: subprocess.Popen[bytes],
    started: Callable[[subprocess.Popen[bytes], subprocess.Popen[bytes]], None] | None,
    on_state: Callable[[bytes], None] | None,
    patience_seconds: float,
) -> Passed:
    passed = Passed()
    threads = [
        threading.Thread(target=_pass_on, args=(tap, target, passed)),
        threading.Thread(target=_keep_states, args=(target, passed, on_state)),
        threading.Thread(target=_keep_errors, args=(tap, passed, "tap_errors")),
        threading.Thread(target=_keep_errors, args=(target, passed, "target_errors")),
    ]
    for thread in threads:
        thread.start()
    if started is not None:
        started(tap, target)
    try:
        passed.tap_code = tap.wait(patience_seconds)
        passed.target_code = target.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        for process in (tap, target):
            process.send_signal(signal.SIGKILL)
        raise
    finally:
        for thread in threads:
            thread.join(patience_seconds)
    return passed


def _pass_on(tap: subprocess.Popen[bytes], target: subprocess.Popen[bytes], passed: Passed) -> None:
    assert tap.stdout is not None  # noqa: S101 - opened as a pipe above
    assert target.stdin is not None  # noqa: S101 - opened as a pipe above
    for line in tap.stdout:
        passed.tap_lines.append(line)
        with contextlib.suppress(OSError, ValueError):
            target.stdin.write(line)
    with contextlib.suppress(OSError, ValueError):
        target.stdin.close()


def _keep_states(
    target: subprocess.Popen[bytes], passed: Passed, on_state: Callable[[bytes], None] | None
) -> None:
    assert target.stdout is not None  # noqa: S101 - opened as a pipe above
    for line in target.stdout:
        passed.states.append(line)
        if on_state is not None:
            on_state(line)


def _keep_errors(process: subprocess.Popen[bytes], passed: Passed, name: str) -> None:
    assert process.stderr is not None  # noqa: S101 - opened as a pipe above
    setattr(passed, name, process.stderr.read().decode(errors="replace"))


def _message(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and json.loads(line)["type"] in MESSAGES
    except (ValueError, KeyError, TypeError):
        return False


def _state(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(value, dict) and "bookmarks" in value


def _write(path: Path, settings: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(settings), encoding="utf-8")
