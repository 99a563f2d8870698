"""Run one tap and one target with a state file that is never lost: the main process of a container.

    python run_pipe.py --state /state/acme.json \
        --tap "tap-planhat --config tap.json --config ENV" \
        --target "target-planhat --config target.json --config ENV"

Every state line of the target replaces the file at once (written beside it, fsynced, renamed), so
that a run that is killed at any instant is continued from the last safe state. A lock beside the
file prevents a second run. SIGTERM and SIGINT reach both processes, as PID 1 too.

Exit codes: 0 both succeeded; 1 one of them failed, or the state could not be kept; 143 and 130
after SIGTERM and SIGINT; 75 when another run holds the lock.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from singer_pipe import Command, Pipe, PipeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

BUSY = 75  # EX_TEMPFAIL: try again later


class Stopped(Exception):  # noqa: N818 - requested, so not an error
    """A signal asked the run to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


class StateFile:
    """The last state of one pipe, in a file.

    Args:
        path: Where it is. Its folder must be on a disk that outlives the run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock beside the file.

        Yields:
            Nothing; the lock is held inside.

        Raises:
            BlockingIOError: Another run holds it.
        """
        with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def save(self, state: str) -> None:
        """Replace the state atomically: a reader sees the old or the new one, even after a crash.

        Args:
            state: One JSON object.
        """
        beside = self.path.with_name(f"{self.path.name}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{state}\n")
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Signals:
    """Catches SIGTERM and SIGINT, and hands them to the pipe as soon as there is one."""

    def __init__(self) -> None:
        self.caught: int | None = None
        self._pipe: Pipe | None = None

    def listen(self) -> None:
        """Handle both signals: for process 1 the default of the kernel is to ignore them."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._catch)

    def hand_to(self, pipe: Pipe) -> None:
        """Name the pipe that a signal stops; one that came before stops it now.

        Args:
            pipe: A pipe that has been started.
        """
        self._pipe = pipe
        if self.caught is not None:
            pipe.stop(self.caught)

    def _catch(self, signum: int, _: FrameType | None) -> None:
        self.caught = self.caught or signum
        if self._pipe is not None:
            self._pipe.stop(signum)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipe once.

    Args:
        arguments: Command line; ``sys.argv`` without one.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    signals = Signals()
    signals.listen()
    state = StateFile(options.state)
    try:
        with state.locked():
            _run(options, state, signals)
    except BlockingIOError:
        print(f"another run holds {state.path}.lock: this one did nothing", file=sys.stderr)
        return BUSY
    except Stopped as stopped:
        print(f"stopped by {stopped}; the next run continues from {state.path}", file=sys.stderr)
        return stopped.exit_code
    except (PipeError, OSError) as error:
        print(f"{error}; the next run continues from {state.path}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, state: StateFile, signals: Signals) -> None:
    tap = [*options.tap, "--state", str(state.path)] if state.path.exists() else options.tap
    pipe = Pipe(
        Command(tap),
        Command(options.target, _rejects(options.rejects)),
        grace_seconds=options.grace_seconds,
    )
    signals.hand_to(pipe)
    with pipe:
        for line in pipe.states():
            if line is not None:
                state.save(line)
        try:
            pipe.wait()
        except PipeError:
            if signals.caught is None:
                raise
    if signals.caught is not None:
        raise Stopped(signals.caught)


def _rejects(folder: Path | None) -> dict[str, str]:
    """Return a reject file for this run, named by the time when it began (UTC)."""
    if folder is None:
        return {}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    return {"TARGET_PLANHAT_REJECTS_PATH": str(folder / f"{began}-{os.getpid()}.jsonl")}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tap", required=True, type=shlex.split, help="command of the tap")
    parser.add_argument("--target", required=True, type=shlex.split, help="command of the target")
    parser.add_argument("--state", required=True, type=Path, help="file that holds the state")
    parser.add_argument("--rejects", type=Path, help="folder for the reject files, one per run")
    parser.add_argument(
        "--grace-seconds",
        type=float,
        default=100,
        help="how long the two may take to end after a signal before they are killed",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
