"""Pipes with other people's programs, each out of its own environment."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from postgres import postgres, postgres_server

from planhat_sandbox import Sandbox, seed_tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["postgres", "postgres_server"]

MODELS = ("issues", "objectives")
# Properties that Planhat sets for each record: they differ between two tenants.
OWN = frozenset({"_id", "createdAt", "updatedAt", "__v"})


@dataclass(frozen=True, slots=True)
class Ends:
    """The result of a pipe: standard output of its last process, standard error of each."""

    stdout: str
    errors: tuple[str, ...]

    @property
    def state(self) -> dict[str, Any]:
        """The last state that the target printed."""
        return json.loads(self.stdout.splitlines()[-1])


@pytest.fixture
def pipe(tmp_path) -> Callable[..., Ends]:
    """Run commands as a shell pipe does: `pipe([tap, …], [target, …])`; every end must exit 0."""

    def run(*commands: list[str], cwd: Path = tmp_path) -> Ends:
        logs = [tmp_path / f"{number}.err" for number in range(len(commands))]
        running: list[subprocess.Popen[str]] = []
        for command, log in zip(commands, logs, strict=True):
            with log.open("w") as errors:
                running.append(
                    subprocess.Popen(
                        command,
                        stdin=running[-1].stdout if running else subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=errors,
                        text=True,
                        cwd=cwd,
                    )
                )
            if len(running) > 1:
                running[-2].stdout.close()  # so that a dead reader is noticed by its writer
        try:
            stdout, _ = running[-1].communicate(timeout=120)
            codes = [process.wait(30) for process in running]
        finally:
            for process in running:
                process.kill()
        texts = tuple(log.read_text() for log in logs)
        assert codes == [0] * len(codes), "\n".join(text[-3000:] for text in texts)
        return Ends(stdout, texts)

    return run


@pytest.fixture
def written(tmp_path) -> Callable[..., str]:
    """Write a configuration file: `written("tap", api_token="…")` returns its path."""

    def write(name: str, **settings: object) -> str:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(settings))
        return str(path)

    return write


@pytest.fixture
def tenants() -> Iterator[Sandbox]:
    """A sandbox: alpha is full, beta has the same companies and nothing else."""
    with Sandbox({"token-a": "alpha", "token-b": "beta"}) as sandbox:
        seed_tenant(sandbox.tenant("token-a"), issues=300, objectives=60)
        seed_tenant(sandbox.tenant("token-b"), issues=0, objectives=0)
        yield sandbox


@pytest.fixture
def connection(tenants) -> Callable[[str], dict[str, Any]]:
    """Settings that name a tenant by its token; without pacing, since a sandbox needs none."""
    return lambda token: {"api_token": token, "api_url": tenants.url, "requests_per_minute": 0}


def content(sandbox: Sandbox, token: str, model: str) -> dict[str, dict[str, Any]]:
    """A tenant's records by sourceId, less what no copy can have.

    A column has no way to say "absent": a property or a custom field that is null counts as such.
    """
    found = {}
    for record in sandbox.tenant(token).records(model):
        given = {name: value for name, value in record.items() if value is not None}
        given["custom"] = {
            label: value for label, value in given.get("custom", {}).items() if value is not None
        }
        found[record["sourceId"]] = {name: given[name] for name in given.keys() - OWN}
    return found


@pytest.fixture
def assert_equal_tenants(tenants) -> Callable[..., None]:
    """Compare what alpha and beta hold, property by property."""

    def check(*models: str) -> None:
        for model in models or MODELS:
            source, copy = (content(tenants, token, model) for token in ("token-a", "token-b"))
            assert len(tenants.tenant("token-b").records(model)) == len(source)
            assert copy == source

    return check
