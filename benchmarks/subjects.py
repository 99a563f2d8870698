"""What is measured: our connectors, the bare loops, the plain SDK plugins, the peers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.environments import python_of
from benchmarks.measure import Command
from benchmarks.tracker import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.tenant import Tenant

HERE = Path(__file__).parent
OUR_BIN = Path(sys.executable).parent


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


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that reads or writes issues.

    Attributes:
        name: How tables call it.
        command: Makes the process of a job.
        environment: The stem of its requirements in `benchmarks/peers/`, if it has its own.
        slow: Whether its cost shows over fewer rows.
        curiosity: Whether it is measured without a claim.
        gzip: Whether the server compresses its pages.
        form: The form of the messages that it writes, as `lines` names it.
    """

    name: str
    command: Callable[[Job], Command]
    environment: str | None = None
    slow: bool = False
    curiosity: bool = False
    gzip: bool = False
    form: str = "singer"

    def lines(self, folder: Path, rows: int) -> Path:
        """Return the file of messages that it writes.

        Args:
            folder: Where the files are.
            rows: How many records it has.
        """
        return folder / f"{self.form}-{rows}"


def _ours(program: str, job: Job, *arguments: str, first: Sequence[str] = ()) -> Command:
    settings = {
        "api_url": job.url,
        "api_token": job.tenant.token,
        "requests_per_minute": 0,
        **(job.settings or {}),
    }
    config = job.folder / "config.json"
    config.write_text(json.dumps(settings))
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


def _tap(job: Job) -> Command:
    catalog = job.folder / "catalog.json"
    catalog.write_text(json.dumps(_catalog()))
    return _ours("tap-planhat", job, "--catalog", str(catalog))


def _target(job: Job) -> Command:
    return _ours("target-planhat", job)


def _mapped_target(job: Job) -> Command:
    return _ours("target-planhat", replace(job, settings={**(job.settings or {}), **MAPPED}))


def _airbyte(program: str, command: str) -> Callable[[Job], Command]:
    def of(job: Job) -> Command:
        catalog = job.folder / "catalog.json"
        catalog.write_text(json.dumps({"streams": [ISSUES]}))
        return _ours(program, job, "--catalog", str(catalog), first=[command])

    return of


def _plain(plugin: str) -> Callable[[Job], Command]:
    def command(job: Job) -> Command:
        prefix = f"{plugin}_PLAIN_"
        environment = {f"{prefix}API_URL": job.url, f"{prefix}API_TOKEN": job.tenant.token}
        script = str(HERE / "plain" / f"{plugin.lower()}.py")
        return Command([sys.executable, script, "--config", "ENV"], environment, job.lines)

    return command


def _script(environment: str, script: str, *first: str) -> Callable[[Job], Command]:
    """Make commands of a script that takes an address, a token and where to leave its rows."""

    def command(job: Job) -> Command:
        python = python_of(environment)
        argv = [python, str(HERE / script), *first, job.url, job.tenant.token]
        if job.lines is None:
            argv.append(str(job.folder / "rows"))
        return Command(argv, PEER_SETTINGS, job.lines)

    return command


ISSUES = {
    "stream": {"name": "issues", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
    "sync_mode": "full_refresh",
    "destination_sync_mode": "append_dedup",
    "primary_key": [["sourceId"]],
}
MAPPED = {"mappings": MAPPINGS, "match_on": ["sourceId"]}
PEER_SETTINGS = {"RUNTIME__DLTHUB_TELEMETRY": "false"}  # it would ask for another host


def _subject(
    name: str,
    environment: str,
    script: str,
    *first: str,
    slow: bool = False,
    curiosity: bool = False,
) -> Subject:
    command = _script(environment, script, *first)
    return Subject(name, command, environment, slow=slow, curiosity=curiosity)


OUR_TAP = Subject("tap-planhat", _tap)
OUR_SOURCE = Subject("source-planhat", _airbyte("source-planhat", "read"))
CDK_SOURCE = _subject("Airbyte CDK", "airbyte", "peers/airbyte_read.py", slow=True)
READERS = [
    OUR_TAP,
    OUR_SOURCE,
    Subject("tap-planhat, gzip", _tap, curiosity=True, gzip=True),
    _subject("requests + orjson loop", "bare", "loops/read.py", "orjson"),
    _subject("requests + json loop", "bare", "loops/read.py", "json", curiosity=True),
    _subject("cruds", "cruds", "peers/cruds_read.py", curiosity=True),
    CDK_SOURCE,
    # By default it gzips what it extracts; no other subject does.
    _subject("dlt", "dlt", "peers/dlt_read.py", "gzip", slow=True),
    _subject("dlt, not gzipping", "dlt", "peers/dlt_read.py", "plain", slow=True, curiosity=True),
    Subject("plain singer-sdk tap", _plain("TAP"), slow=True),
]

OUR_TARGET = Subject("target-planhat", _target)
MAPPED_TARGET = Subject("target-planhat + mapping", _mapped_target, form="tracker")
OUR_DESTINATION = Subject(
    "destination-planhat", _airbyte("destination-planhat", "write"), form="airbyte"
)
WRITERS = [
    OUR_TARGET,
    OUR_DESTINATION,
    MAPPED_TARGET,
    _subject("requests + orjson loop", "bare", "loops/write.py", "orjson"),
    _subject("requests + json loop", "bare", "loops/write.py", "json", curiosity=True),
    _subject("cruds", "cruds", "peers/cruds_write.py", curiosity=True),
    Subject("plain singer-sdk target", _plain("TARGET"), slow=True),
]
