"""A Singer pipe as two supervised processes: ``tap | target`` without a shell.

A shell loses three things that matter: it hides the exit code of the tap (a tap that died half way
looks like the end of its records), as PID 1 of a container it forwards no signal, and the state
lines go wherever the target's stdout is redirected. This module owns the two processes and nothing
else: where the state goes is decided by its caller (a file: ``run_pipe.py``; a database: the
Airflow example). It needs only Python, so that it can be copied anywhere.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType


class PipeError(Exception):
    """The tap or the target failed; the text names it, its exit code and its last line."""


@dataclass(frozen=True, slots=True)
class Command:
    """One side of the pipe.

    Attributes:
        argv: Program and arguments. No secret belongs here: every user of the machine can read it.
        environment: Added to the environment of this side only, so that the tap never sees the
            target's token nor the other way round.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Pipe:
    """``tap | target``, started at once.

    Both run in their own sessions: what a terminal or an orchestrator sends to the process group
    reaches them once, through ``stop``, and not twice. If the watching process dies without a
    chance to stop them (SIGKILL), Linux sends them SIGTERM (``setpriv --pdeathsig``), so that no
    orphan continues to write during the retry; elsewhere they end at the next line they print.

    Args:
        tap: What prints Singer messages.
        target: What reads them, and prints a state line when what came before it is durable.
        passes: Called with every line of the tap; a line for which it is false is left out.
        grace_seconds: Maximum time for both to end after ``stop``; then they are killed.
    """

    def __init__(
        self,
        tap: Command,
        target: Command,
        *,
        passes: Callable[[bytes], bool] | None = None,
        grace_seconds: float = 25,
    ) -> None:
        self._grace_seconds = grace_seconds
        self._deadline: float | None = None
        self._last_lines: dict[str, str] = {}
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._tap = _start(tap, stdin=subprocess.DEVNULL)
        feed = subprocess.PIPE if passes else self._tap.stdout
        try:
            self._target = _start(target, stdin=feed)
        except OSError:
            self._tap.kill()
            _close(self._tap)
            raise
        if passes:
            self._run(_pump, self._tap.stdout, self._target.stdin, passes)
        elif self._tap.stdout:
            # The target alone holds the reading end, so that the tap notices when it is gone.
            self._tap.stdout.close()
        self._run(_lines_to, self._target.stdout, self._lines)
        for name, process in (("tap", self._tap), ("target", self._target)):
            self._run(self._pass_on, name, process.stderr)

    def states(self, wait_seconds: float = 15) -> Iterator[str | None]:
        """Yield every state as the target prints it, until the target has closed its stdout.

        Args:
            wait_seconds: Maximum time without yielding anything.

        Yields:
            A state (one JSON object, without the line's end), or None when `wait_seconds` passed
            without one: the moment to advance a heartbeat.
        """
        while True:
            try:
                line = self._lines.get(timeout=self._timeout(wait_seconds))
            except queue.Empty:
                self._kill_when_late()
                yield None
                continue
            if not line:
                return
            if (state := _state_of(line)) is not None:
                yield state

    def stop(self, signum: int = signal.SIGTERM) -> None:
        """Ask both sides to end; they are killed if they have not ended after `grace_seconds`.

        Safe in a signal handler, and harmless when called again.

        Args:
            signum: The signal to pass on.
        """
        if self._deadline is not None:
            return
        self._deadline = time.monotonic() + self._grace_seconds
        for process in (self._tap, self._target):
            process.send_signal(signum)
        self._lines.put(b"\n")  # wakes `states`, which must count the grace from now on

    def wait(self) -> None:
        """Wait until both have ended, and check how.

        Raises:
            PipeError: One of the two ended with another exit code than 0. A target that fails
                takes the tap with it: then the target alone is named, unless the tap was first.
        """
        blamed = [("target", self._target), ("tap", self._tap)]
        if self._ended(self._target) != 0 and self._tap.poll() is None:
            self.stop()
            blamed.pop()
        self._ended(self._tap)
        for thread in self._threads:
            thread.join()
        failed = [
            f"the {name} ended with exit code {_exit_code(process)}: {self._last_lines.get(name)}"
            for name, process in blamed
            if process.returncode != 0
        ]
        if failed:
            raise PipeError("; ".join(failed))

    def __enter__(self) -> Pipe:  # noqa: PYI034 - typing.Self is Python 3.11's
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        for process in (self._target, self._tap):
            self._ended(process)
        for thread in self._threads:
            thread.join()
        for process in (self._target, self._tap):
            _close(process)

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        while (code := process.poll()) is None:
            self._kill_when_late()
            time.sleep(0.02)
        return code

    def _timeout(self, wait_seconds: float) -> float:
        if self._deadline is None:
            return wait_seconds
        return max(0.05, min(wait_seconds, self._deadline - time.monotonic()))

    def _kill_when_late(self) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            self._tap.kill()
            self._target.kill()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _pass_on(self, name: str, stream: IO[bytes]) -> None:
        for line in stream:
            text = line.decode(errors="replace").rstrip()
            if text:
                self._last_lines[name] = text
            sys.stderr.write(f"{text}\n")


def _start(command: Command, *, stdin: int | IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the command is the operator's own
        [*_dies_with_us(), *command.argv],
        env={**os.environ, **command.environment},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@functools.cache
def _dies_with_us() -> list[str]:
    setpriv = shutil.which("setpriv")
    if setpriv is None or sys.platform != "linux":
        return []
    prefix = [setpriv, "--pdeathsig", "TERM"]
    # Busybox has a setpriv that does not know the option.
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)  # noqa: S603
    return prefix if tried.returncode == 0 else []


def _pump(source: IO[bytes], sink: IO[bytes], passes: Callable[[bytes], bool]) -> None:
    """Copy line by line, then close both ends, so that each side notices the end of the other."""
    try:
        for line in source:
            if passes(line):
                sink.write(line)
    except BrokenPipeError:
        pass
    finally:
        source.close()
        with contextlib.suppress(BrokenPipeError):
            sink.close()


def _lines_to(stream: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _state_of(line: bytes) -> str | None:
    """Return the state of a complete line; None for a truncated line, or an empty state."""
    if not line.endswith(b"\n"):
        return None
    try:
        state = json.loads(line)
    except ValueError:
        return None
    return line.decode().strip() if isinstance(state, dict) and state else None


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code as a shell would: 143 for a SIGTERM."""
    code = process.wait()
    return 128 - code if code < 0 else code


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
