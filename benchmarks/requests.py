"""Counts the requests that it takes to read 60,000 issues, and again when nothing has changed.

    python -m benchmarks.requests

Planhat allows 200 requests a minute, so this is what a read costs. Each reader runs once, as a
process, against the benchmark's server, which counts; that every row was read once is checked. It
writes `docs/performance/requests.json` and the table of `docs/performance.md`.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import document
from benchmarks.commands import Job
from benchmarks.environments import MissingEnvironmentError, python_of
from benchmarks.measure import FailedRunError, measure
from benchmarks.report import timed
from benchmarks.rounds import counts_of, rows_in, server
from benchmarks.subjects import OUR_TAP, READERS
from benchmarks.tenant import Tenant

if TYPE_CHECKING:
    from benchmarks.subjects import Subject

ROWS = 60_000
VARIANTS = frozenset(
    {"tap-planhat, gzip", "source-planhat", "requests + json loop", "dlt, not gzipping"}
)
"""Readers that send the same requests as another one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read.

    Attributes:
        subject: Who read.
        what: What it read, in words.
        requests: How many requests it sent.
    """

    subject: str
    what: str
    requests: int


def _read(
    url: str, subject: Subject, *, state: str = "", in_full: bool = True
) -> tuple[int, str, int]:
    """Run a reader once.

    Returns:
        How many requests it sent, the last state that it printed, and how many rows it read, -1 if
        one came twice.
    """
    tenant = Tenant(f"{random.getrandbits(48):x}", ROWS)
    with tempfile.TemporaryDirectory(prefix="planhat-bench-") as given:
        folder = Path(given)
        command = subject.command(Job(url, tenant, folder))
        if state:
            (folder / "state.json").write_text(state)
            command = replace(command, argv=[*command.argv, "--state", f"{folder}/state.json"])
        if state and in_full:
            catalog = folder / "catalog.json"
            catalog.write_text(json.dumps(_by_full_table(json.loads(catalog.read_text()))))
        measure(command, folder)
        states = [line for line in (folder / "out").open() if line.startswith('{"type":"STATE"')]
        return counts_of(url, tenant)["requests"], states[-1] if states else "", rows_in(folder)


def _by_full_table(catalog: dict[str, Any]) -> dict[str, Any]:
    for stream in catalog["streams"]:
        root = next(one for one in stream["metadata"] if not one["breadcrumb"])
        root["metadata"]["replication-method"] = "FULL_TABLE"
    return catalog


def readings(url: str) -> list[Reading]:
    """Return what each reader that can run here costs.

    Args:
        url: The address of the benchmark's server.

    Raises:
        FailedRunError: A reader failed, or did not read every row once.
    """
    first, state, rows = _read(url, OUR_TAP)
    again, _, rows_again = _read(url, OUR_TAP, state=state)
    changed, _, _ = _read(url, OUR_TAP, state=state, in_full=False)
    if {rows, rows_again} != {ROWS}:
        raise FailedRunError("tap-planhat did not read every row once")
    found = [
        Reading(OUR_TAP.name, "everything, for the first time", first),
        Reading(OUR_TAP.name, "everything, again", again),
        Reading(OUR_TAP.name, "what has changed, which is nothing", changed),
    ]
    for subject in READERS:
        if subject is OUR_TAP or subject.name in VARIANTS:
            continue
        try:
            if subject.environment:
                python_of(subject.environment)
        except MissingEnvironmentError as error:
            print(f"without {subject.name}: {error}", file=sys.stderr)
            continue
        requests, _, rows = _read(url, subject)
        if rows != ROWS:
            raise FailedRunError(f"{subject.name} read {rows} of {ROWS} rows")
        found.append(Reading(subject.name, "everything, in every run", requests))
    return found


def main() -> None:
    """Count, and write the results into the documentation."""
    with server() as url, timed("requests"):
        found = readings(url)
    for one in found:
        print(f"{one.subject:24} {one.what:36} {one.requests:5}")
    results = {
        "rows": ROWS,
        "readings": [
            {"subject": one.subject, "what": one.what, "requests": one.requests} for one in found
        ],
    }
    document.write(document.REQUESTS, results)


if __name__ == "__main__":
    try:
        main()
    except FailedRunError as error:
        sys.exit(f"benchmarks: {error}")
