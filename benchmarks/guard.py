"""Compares ours with a bare loop in one process: `python -m benchmarks.guard SIDE`.

A side is `tap`, `source`, `target`, `copy` (the target, on what the tap prints) or `destination`.
Prints one number: the CPU of ours over that of the loop, the least of a few rounds on either side.
It is not a benchmark, since the loop uses msgspec and start-up is left out; it shows CI whether the
hot paths are still taken (`tests/performance`).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec
import requests

from airbyte_planhat.destination.write import write
from airbyte_planhat.source.read import read
from airbyte_planhat.specification import DESTINATION_SCHEMA, SOURCE_SCHEMA
from benchmarks.commands import ISSUES
from benchmarks.lines import lines
from benchmarks.rounds import server
from benchmarks.tenant import Tenant
from planhat_sync.runtime.config_errors import checked_settings
from planhat_sync.runtime.signals import Stop
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CATALOG = json.dumps({"streams": [ISSUES]}).encode()
ROWS, ROUNDS, PAGE, BATCH = 20_000, 3, 2_000, 5_000


def _settings(url: str) -> dict[str, Any]:
    return {"api_url": url, "api_token": Tenant("guard", ROWS).token, "requests_per_minute": 0}


def _session(settings: dict[str, Any]) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {settings['api_token']}"
    return session


def _read_bare(settings: dict[str, Any], out: Path) -> None:
    session = _session(settings)
    with out.open("wb") as file:
        for offset in range(0, ROWS, PAGE):
            query: dict[str, Any] = {"limit": PAGE, "offset": offset, "sort": "_id"}
            answer = session.get(f"{settings['api_url']}/issues", params=query, timeout=60)
            for record in msgspec.json.decode(answer.content):
                message = {"type": "RECORD", "stream": "issues", "record": record}
                file.write(msgspec.json.encode(message) + b"\n")


def _read_ours(settings: dict[str, Any], out: Path) -> Callable[[], None]:
    catalog = TapPlanhat(config=settings).catalog_dict
    for stream in catalog["streams"]:
        of_stream = next(one for one in stream["metadata"] if not one["breadcrumb"])
        of_stream["metadata"]["selected"] = stream["tap_stream_id"] == "issues"
    tap = TapPlanhat(config=settings, catalog=catalog)

    def run() -> None:
        with _stdout_to(out):
            tap.run()

    return run


def _read_airbyte(settings: dict[str, Any], out: Path) -> Callable[[], None]:
    config, _ = checked_settings(SOURCE_SCHEMA, settings, where="")

    def run() -> None:
        with _stdout_to(out):
            read(config, Stop("source-planhat"), CATALOG, b"")

    return run


def _write_bare(settings: dict[str, Any], given: Path) -> None:
    session = _session(settings)
    batch = []
    with given.open("rb") as file:
        for line in file:
            message = msgspec.json.decode(line)
            if message["type"] == "RECORD":
                batch.append(message["record"])
                if len(batch) == BATCH:
                    body = msgspec.json.encode(batch)
                    session.put(f"{settings['api_url']}/issues", data=body, timeout=60)
                    batch = []


def _write_ours(settings: dict[str, Any], given: Path) -> Callable[[], None]:
    target = TargetPlanhat(config=settings)

    def run() -> None:
        with given.open("rb") as file, _stdout_to(Path(os.devnull)):
            target.listen(file)

    return run


def _write_copy(settings: dict[str, Any], given: Path) -> Callable[[], None]:
    return _write_ours({**settings, "match_on": ["sourceId"]}, given)


def _write_airbyte(settings: dict[str, Any], given: Path) -> Callable[[], None]:
    config, _ = checked_settings(DESTINATION_SCHEMA, settings, where="")

    def run() -> None:
        with given.open() as file, _stdout_to(Path(os.devnull)), _stdin_from(file):
            write(config, Stop("destination-planhat"), CATALOG)

    return run


@contextlib.contextmanager
def _stdin_from(file: TextIO) -> Iterator[None]:
    kept, sys.stdin = sys.stdin, file
    try:
        yield
    finally:
        sys.stdin = kept


@contextlib.contextmanager
def _stdout_to(path: Path) -> Iterator[None]:
    """Send file descriptor 1 into a file for a while."""
    kept = os.dup(1)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _cpu_seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


READS = {"tap": _read_ours, "source": _read_airbyte}
WRITES = {"target": _write_ours, "copy": _write_copy, "destination": _write_airbyte}
FORMS = {"target": "singer", "copy": "tap", "destination": "airbyte"}


def main(side: str) -> None:
    """Print the ratio of one side."""
    with tempfile.TemporaryDirectory() as folder, server() as url:
        settings = _settings(url)
        out, given = Path(folder, "out"), Path(folder, "given")
        with given.open("wb") as file:
            file.writelines(lines(ROWS, FORMS[side]) if side in WRITES else ())
        ours, bare = [], []
        for _ in range(ROUNDS):
            if side in READS:
                bare.append(_cpu_seconds(lambda: _read_bare(settings, out)))
                ours.append(_cpu_seconds(READS[side](settings, out)))
            else:
                bare.append(_cpu_seconds(lambda: _write_bare(settings, given)))
                ours.append(_cpu_seconds(WRITES[side](settings, given)))
    print(min(ours) / min(bare))


if __name__ == "__main__":
    main(sys.argv[1])
