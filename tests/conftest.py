"""What every test may ask for: a sandbox, a clean environment, the plugins as real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from checkout import CACHES, Watch, bare_environment
from hypothesis import HealthCheck, settings
from last_line import last_line
from under_way import wait_for_pages
from warm import Warm, warm_plugins

# What is cached between runs stays out of the checkout, in every process that a test starts: a
# test that copies a folder or lists one must not find what another test has left there.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(CACHES / "hypothesis"))
if not sys.pycache_prefix:
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(CACHES / "bytecode")

from planhat_sandbox import Sandbox
from planhat_sync.runtime.signals import SIGNALS, _Before

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

if sys.dont_write_bytecode:  # each of hundreds of processes would compile all that it imports
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False

# HYPOTHESIS_PROFILE=thorough before a release, or after a change to scans, batches or outcomes.
_EVERYWHERE: dict[str, Any] = {
    "deadline": None,
    # CI tries the same examples each time, so that a red run speaks of the change; a run at home
    # tries new ones.
    "derandomize": bool(os.environ.get("CI")),
    "print_blob": True,
    # Fixtures here hold servers and folders; examples clean them themselves.
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
}
settings.register_profile("default", max_examples=50, **_EVERYWHERE)
settings.register_profile("thorough", max_examples=1000, **_EVERYWHERE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

TENANTS = {"token-a": "alpha", "token-b": "beta"}
_PLUGIN_PREFIXES = ("TAP_", "TARGET_", "PLANHAT_", "MELTANO_")
_STRAY = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SINGER_SDK_LOG_CONFIG", "LOGLEVEL"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--live",
        action="store_true",
        help="run tests/contract against the real Planhat, with PLANHAT_API_TOKEN",
    )
    parser.addoption(
        "--update-screenshots",
        action="store_true",
        help="let the browser test write docs/images anew",
    )


def pytest_configure(config: pytest.Config) -> None:
    # What a shell starts with `&` ignores SIGINT, and so would each process that a test starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):  # one process of xdist's looks for all of them
        config.pluginmanager.register(Watch())


@pytest.fixture(scope="session", autouse=True)
def _no_bytecode_of_what_is_gone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Paths below /tmp are used again with other content, and the cache must not grow with every
    run."""
    yield
    gone = tmp_path_factory.getbasetemp().relative_to("/")
    shutil.rmtree(Path(sys.pycache_prefix) / gone, ignore_errors=True)


def _is_stray(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_PLUGIN_PREFIXES) or upper.endswith("_PROXY") or upper in _STRAY


def clean_environment() -> dict[str, str]:
    """Return this process's environment without anything that configures plugins or proxies."""
    return {name: value for name, value in os.environ.items() if not _is_stray(name)}


@pytest.fixture(autouse=True)
def _clean_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no proxy of the developer's shell reaches a test."""
    for name in list(os.environ):
        live = name.startswith("PLANHAT_") and request.config.getoption("--live")
        if _is_stray(name) and not live:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_request_outlives_its_test() -> Iterator[None]:
    """The port of a closed sandbox may soon be used by another one."""
    yield
    wait_for_pages()


@pytest.fixture(autouse=True)
def _signals_are_handled_as_before() -> Iterator[None]:
    """A run that was asked to stop handles them to the end of its process, which here goes on.

    A process that a later test starts would inherit a signal that is ignored.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    _Before.restore()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh sandbox with two empty tenants: token-a (alpha) and token-b (beta)."""
    with Sandbox(TENANTS) as running:
        yield running


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """``warm("tap-planhat", "--config", "x", env={…})``: a real process, without the imports."""
    environment = bare_environment() | {
        name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
    }
    with warm_plugins(tmp_path_factory.mktemp("warm"), environment) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Run:
    """How a process ended: its exit code and its output.

    `lines` are the lines of stdout, undecoded; `messages` the same as JSON values.
    """

    code: int
    stdout: bytes
    stderr: str

    @property
    def lines(self) -> list[bytes]:
        return self.stdout.splitlines()

    @property
    def messages(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]

    @property
    def last_line(self) -> str:
        """The last line of stderr, without its reference to docs/troubleshooting.md."""
        return last_line(self.stderr)


_PIPES = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)


class Plugin:
    """Runs a plugin as a real process; made by the fixtures `tap` and `target`.

    `command` and `start` begin ``python -m <module>``. A call, of which there are hundreds, forks
    a process that has imported the plugin already, which takes a tenth of the time.
    """

    def __init__(self, module: str, folder: Path, warm: Warm) -> None:
        self._module = module
        self._folder = folder
        self._warm = warm
        self._configs = 0

    def command(self, *arguments: str, config: Mapping[str, Any] | None = None) -> list[str]:
        """Return the command line; a config is written to a file of its own."""
        return [sys.executable, "-m", self._module, *self._arguments(arguments, config)]

    def _arguments(
        self, arguments: Sequence[str], config: Mapping[str, Any] | None
    ) -> Sequence[str]:
        if config is None:
            return arguments
        self._configs += 1
        path = self._folder / f"{self._module}-{self._configs}.json"
        path.write_text(json.dumps(config))
        return ["--config", str(path), *arguments]

    def __call__(
        self,
        *arguments: str,
        config: Mapping[str, Any] | None = None,
        stdin: bytes | str = b"",
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run to the end; `env` is added to a clean environment."""
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        if "PYTHONPATH" in (env or {}):  # which is for a Python that begins
            process = self.start(*arguments, config=config, env=env, **_PIPES)
            stdout, stderr = process.communicate(stdin, timeout=60)
            return Run(process.returncode, stdout, stderr.decode(errors="replace"))
        code, stdout, stderr = self._warm.run(
            self._module.replace("_", "-"),
            self._arguments(arguments, config),
            {**clean_environment(), **(env or {})},
            stdin,
            self._folder,
        )
        return Run(code, stdout, stderr.decode(errors="replace"))

    def start(
        self,
        *arguments: str,
        config: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        **how: Any,
    ) -> subprocess.Popen[bytes]:
        """Start and leave running, for signals and pipes; `how` goes to Popen."""
        return subprocess.Popen(
            self.command(*arguments, config=config),
            cwd=self._folder,
            env={**clean_environment(), **(env or {})},
            **how,
        )


@pytest.fixture
def tap(tmp_path: Path, warm: Warm) -> Plugin:
    """tap-planhat in a folder of its own: ``tap("--discover", config={…})``."""
    return Plugin("tap_planhat", tmp_path, warm)


@pytest.fixture
def target(tmp_path: Path, warm: Warm) -> Plugin:
    """target-planhat in a folder of its own: ``target(config={…}, stdin=…)``."""
    return Plugin("target_planhat", tmp_path, warm)


@pytest.fixture
def beliefs(tmp_path: Path, warm: Warm) -> Plugin:
    """``python -m planhat_beliefs`` in a folder of its own: ``beliefs(config={…})``."""
    return Plugin("planhat_beliefs", tmp_path, warm)
