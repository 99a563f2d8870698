"""How each thing that is measured is started: its program, its arguments, its files of settings."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.environments import python_of
from benchmarks.measure import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.tenant import Tenant

HERE = Path(__file__).parent
OUR_BIN = Path(sys.executable).parent
ISSUES = {
    "stream": {"name": "issues", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
    "sync_mode": "full_refresh",
    "destination_sync_mode": "append_dedup",
    "primary_key": [["sourceId"]],
}
PEER_SETTINGS = {"RUNTIME__DLTHUB_TELEMETRY": "false"}  # it would ask for another host


@dataclass(frozen=True, slots=True)
class Job:
    """One run that is wanted of a subject.

    Attributes:
        url: The server's address.
        tenant: How many rows it has, and how late it answers.
        folder: An empty folder for the files of the subject.
        lines: The file of messages that is written, for the subjects that write.
        settings: Settings in addition to the usual ones, for our connectors.
    """

    url: str
    tenant: Tenant
    folder: Path
    lines: Path | None = None
    settings: dict[str, Any] | None = None


def settings_of(job: Job, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the settings of one of our connectors.

    Args:
        job: The run that is wanted.
        more: Settings besides the usual ones and those of the job.
    """
    usual = {"api_url": job.url, "api_token": job.tenant.token, "requests_per_minute": 0}
    return {**usual, **(job.settings or {}), **more}


def _ours(
    program: str,
    job: Job,
    *arguments: str,
    first: Sequence[str] = (),
    settings: dict[str, Any] | None = None,
) -> Command:
    config = job.folder / "config.json"
    config.write_text(json.dumps(settings_of(job, **(settings or {}))))
    argv = [str(OUR_BIN / program), *first, "--config", str(config), *arguments]
    return Command(argv, stdin=job.lines)


@cache
def _catalog() -> dict[str, Any]:
    """Return our tap's own catalog with everything of the issues selected and nothing else."""
    discover = [str(OUR_BIN / "tap-planhat"), "--discover"]
    catalog = json.loads(subprocess.run(discover, check=True, capture_output=True).stdout)
    for stream in catalog["streams"]:
        of_stream = next(one for one in stream["metadata"] if not one["breadcrumb"])
        of_stream["metadata"]["selected"] = stream["tap_stream_id"] == "issues"
    return catalog  # type: ignore[no-any-return]  # JSON


def tap(job: Job) -> Command:
    """Return the command of `tap-planhat`, which reads issues and nothing else."""
    catalog = job.folder / "catalog.json"
    catalog.write_text(json.dumps(_catalog()))
    return _ours("tap-planhat", job, "--catalog", str(catalog))


def target(**settings: Any) -> Callable[[Job], Command]:  # noqa: ANN401 - JSON
    """Return what makes commands of `target-planhat`.

    Args:
        settings: Its settings, besides the usual ones.
    """
    return lambda job: _ours("target-planhat", job, settings=settings)


def airbyte(program: str, command: str, **stream: Any) -> Callable[[Job], Command]:  # noqa: ANN401 - JSON
    """Return what makes commands of our Airbyte connectors.

    Args:
        program: `source-planhat` or `destination-planhat`.
        command: `read` or `write`.
        stream: What the configured catalog says of the issues, besides the usual.
    """

    def of(job: Job) -> Command:
        catalog = job.folder / "catalog.json"
        catalog.write_text(json.dumps({"streams": [{**ISSUES, **stream}]}))
        return _ours(program, job, "--catalog", str(catalog), first=[command])

    return of


def plain(plugin: str) -> Callable[[Job], Command]:
    """Return what makes commands of a plain plugin of the SDK.

    Args:
        plugin: `tap` or `target`.
    """

    def command(job: Job) -> Command:
        prefix = f"{plugin.upper()}_PLAIN_"
        environment = {f"{prefix}API_URL": job.url, f"{prefix}API_TOKEN": job.tenant.token}
        program = str(HERE / "plain" / f"{plugin}.py")
        return Command([sys.executable, program, "--config", "ENV"], environment, job.lines)

    return command


def script(environment: str, name: str, *first: str) -> Callable[[Job], Command]:
    """Return what makes commands of a script.

    It takes an address, a token and, if it reads, where to leave its rows.

    Args:
        environment: The stem of its requirements in `benchmarks/peers/`.
        name: Its path in `benchmarks/`.
        first: Its first arguments.
    """

    def command(job: Job) -> Command:
        python = python_of(environment)
        argv = [python, str(HERE / name), *first, job.url, job.tenant.token]
        if job.lines is None:
            argv.append(str(job.folder / "rows"))
        return Command(argv, PEER_SETTINGS, job.lines)

    return command
