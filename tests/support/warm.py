"""The plugins as processes that are forked from one that has imported them already.

Starting a plugin costs most of a second, nearly all of it imports. So a test that has a few hundred
command lines to try forks: each child is a separate process, with its own arguments, environment,
working directory and standard streams, and ends as a plugin ends.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from last_line import last_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONGEST_SECONDS = 120
"""When a process that hangs is ended, by SIGALRM: whoever waits for it must not hang as well."""
PLUGINS = ("tap-planhat", "target-planhat")
BELIEFS = "planhat-beliefs"
CONNECTORS = {
    "source-planhat": ("airbyte_planhat.source", ("check", "discover", "read")),
    "destination-planhat": ("airbyte_planhat.destination", ("check", "discover", "write")),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, and all that it printed."""

    code: int
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        return last_line(self.stderr)


class Warm:
    """Runs plugins: ``warm("tap-planhat", "--config", "x", env={…}, stdin=b"")``."""

    def __init__(
        self, process: subprocess.Popen[str], folder: Path, env: Mapping[str, str]
    ) -> None:
        self._process = process
        self._env = env
        self.folder = folder

    def __call__(
        self,
        plugin: str,
        *arguments: str,
        config: Any = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        cwd: Path | None = None,
    ) -> Ended:
        """Run one to its end, in an empty folder unless `cwd` names another.

        `config` is written to a file, as JSON unless it is bytes.
        """
        if config is not None:
            content = config if isinstance(config, bytes) else json.dumps(config).encode()
            (self.folder / "config.json").write_bytes(content)
            at = 1 if plugin in CONNECTORS else 0  # after the command
            option = ("--config", str(self.folder / "config.json"))
            arguments = (*arguments[:at], *option, *arguments[at:])
        if cwd is None:
            cwd = self.folder / "empty"
            shutil.rmtree(cwd, ignore_errors=True)
            cwd.mkdir()
        code, *printed = self.run(plugin, arguments, {**self._env, **(env or {})}, stdin, cwd)
        return Ended(code, *(text.decode(errors="replace") for text in printed))

    def run(
        self,
        plugin: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        stdin: bytes,
        cwd: Path,
    ) -> tuple[int, bytes, bytes]:
        """Run one to its end: its exit code, and what it printed, undecoded."""
        (self.folder / "stdin").write_bytes(stdin)
        case = {
            "plugin": plugin,
            "arguments": [os.fsencode(one).decode("latin-1") for one in arguments],
            "env": dict(env),
            "cwd": str(cwd),
            "folder": str(self.folder),
        }
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        return code, *((self.folder / name).read_bytes() for name in ("stdout", "stderr"))


@contextlib.contextmanager
def warm_plugins(folder: Path, env: Mapping[str, str]) -> Iterator[Warm]:
    """Import the plugins in a process of their own, and fork from it."""
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(env),
    ) as process:
        yield Warm(process, folder, env)
        process.stdin.close()


def _serve() -> None:
    # The plugins import these when they run, so that a failing import ends in a sentence.
    for module in (
        *("tap_planhat.tap", "target_planhat.target", "planhat_singer.command_line"),
        "planhat_beliefs.command",
    ):
        importlib.import_module(module)
    for package, commands in CONNECTORS.values():
        for command in commands:
            importlib.import_module(f"{package}.{command}")
    packages = {
        **{plugin: plugin.replace("-", "_") for plugin in (*PLUGINS, BELIEFS)},
        **{connector: package for connector, (package, _) in CONNECTORS.items()},
    }
    mains = {
        program: importlib.import_module(f"{package}.__main__").main
        for program, package in packages.items()
    }
    for line in sys.stdin:
        case = json.loads(line)
        readable, writable = os.pipe()
        child = os.fork()
        if not child:
            os.close(writable)
            _be(case, mains[case["plugin"]], readable)
        os.close(readable)
        with contextlib.suppress(BrokenPipeError), os.fdopen(writable, "wb") as pipe:
            pipe.write(Path(case["folder"], "stdin").read_bytes())
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _be(case: dict[str, Any], main: Any, stdin: int) -> NoReturn:
    code: Any = 70  # neither a plugin's code nor a signal's
    try:
        signal.alarm(LONGEST_SECONDS)
        os.dup2(stdin, 0)
        os.close(stdin)
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(Path(case["folder"], name), flags, 0o600), descriptor)
        sys.stdin, sys.stdout, sys.stderr = (
            open(0, closefd=False),  # noqa: SIM115 - descriptors, for the entire process
            open(1, "w", closefd=False),  # noqa: SIM115
            open(2, "w", closefd=False, errors="backslashreplace"),  # noqa: SIM115
        )
        os.chdir(case["cwd"])
        os.environ.clear()
        os.environ.update(case["env"])
        arguments = [os.fsdecode(one.encode("latin-1")) for one in case["arguments"]]
        sys.argv = [case["plugin"], *arguments]
        main()
    except SystemExit as exit_request:
        code = exit_request.code or 0
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
