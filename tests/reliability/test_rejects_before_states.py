"""What is on disk when a state is printed: seen from inside of the real process.

A kill loses nothing of the page cache, so that no kill can show that an fsync is missing. The order
of the calls can.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

import reliability
from reliability.covered import InsertedStates, uncovered
from reliability.pair import MARK
from reliability.sides import PAIRS
from reliability.world import World

SINGER, _ = PAIRS
POINTS = str(Path(reliability.__file__).parent / "points")
EVERY, REJECTS_IN_EVERY = 10, 2
RECORDS = 200


class Call(NamedTuple):
    """A call of the operating system, what it was about, and how many rejects or states."""

    what: str
    where: str
    count: int


class Watched(NamedTuple):
    """The calls of a run in order, and the last record that each printed state covers."""

    calls: list[Call]
    states: list[int]


def record_line(pair, record):
    """Return a RECORD message of the issues, as the writer of a pair reads it."""
    message = (
        {"stream": "issues", "record": record}
        if pair is SINGER
        else {"record": {"stream": "issues", "data": record, "emitted_at": 1}}
    )
    return json.dumps({"type": "RECORD", **message}).encode() + b"\n"


def printed(pair, line):
    """Return a state as the writer of a pair prints it."""
    if pair is SINGER:
        return json.dumps(json.loads(line)["value"]).encode() + b"\n"
    return line


@pytest.fixture(params=PAIRS, ids=lambda pair: pair.writer)
def watched(request, sandbox, tmp_path):
    """Run a writer whose batches all contain refused records."""
    pair = request.param
    company = sandbox.tenant("alpha").insert("companies", {"name": "A company"})["_id"]
    sandbox.behave("alpha", refused_marker="refuse-this", error_entries="index")
    schema = {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}
    lines = [json.dumps(schema).encode() + b"\n"] if pair is SINGER else []
    for n in range(RECORDS):
        name = {0: {}, 5: {"sourceId": f"refuse-this-{n}"}}.get(n % EVERY, {"sourceId": f"{n}"})
        lines.append(record_line(pair, {"title": f"{n}", "companyIds": [company], **name}))
        if n % EVERY == EVERY - 1:
            lines.append(pair.inserted_state("issues", n))
    rejects, log = tmp_path / "rejects.jsonl", tmp_path / "calls"
    settings = {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "batch_size_rows": EVERY,
        "on_reject": "continue",
        "rejects_path": str(rejects),
    }
    ran = subprocess.run(
        pair.writer_command(tmp_path, settings),
        input=b"".join(lines),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": POINTS, "RELIABILITY_WATCH": str(log)},
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    printed_states = [line for line in ran.stdout.splitlines() if pair.is_state(line + b"\n")]
    inodes = {str(rejects.stat().st_ino): "rejects", str(tmp_path.stat().st_ino): "folder"}
    lines = (line.split() for line in log.read_text().splitlines())
    return Watched(
        [Call(what, inodes.get(inode, ""), int(count)) for what, inode, count in lines],
        [int(re.search(rb'"inserted":(\d+)', state)[1]) for state in printed_states],
    )


def test_every_rejected_record_that_a_state_covers_is_on_disk_before_the_state(watched):
    written = on_disk = 0
    states = iter(watched.states)
    for call in watched.calls:
        if call.where == "rejects":
            written += call.count
            on_disk = written if call.what == "fsync" else on_disk
        elif call.what == "state":
            for upto in islice(states, call.count):
                assert on_disk >= REJECTS_IN_EVERY * (upto + 1) // EVERY
    assert on_disk == REJECTS_IN_EVERY * RECORDS // EVERY
    assert next(states, None) is None, "all states were seen when they were written"
    assert len(set(watched.states)) > 2


def test_the_name_of_a_new_reject_file_is_on_disk_before_the_first_state(watched):
    first_state = [call.what for call in watched.calls].index("state")
    assert ("fsync", "folder") in [call[:2] for call in watched.calls[:first_state]]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_state_that_covers_a_record_which_is_nowhere_is_seen(pair, tmp_path):
    """The kill runner notices such a state."""
    inserted = InsertedStates(pair, 2)
    with World(1, issues=4, objectives=0) as world:
        fed = []
        for record in world.source.records("issues"):
            fed.append(record_line(pair, record))
            fed += filter(None, [inserted(fed[-1])])
        states = [printed(pair, pair.inserted_state("issues", 2))]
        assert len(uncovered(pair, fed, states, world, tmp_path / "none")) == 2
        for record in world.source.records("issues")[:2]:
            world.copy.insert("issues", {"sourceId": record["sourceId"], "title": "held"})
        assert uncovered(pair, fed, states, world, tmp_path / "none") == []
        unheard = [printed(pair, pair.inserted_state("issues", 3))]
        assert f"the {pair.writer} " in uncovered(pair, fed, unheard, world, tmp_path / "none")[0]


def test_a_state_of_airbyte_that_was_skipped_is_seen(tmp_path):
    _, pair = PAIRS
    with World(1, issues=0, objectives=0) as world:
        fed = [pair.inserted_state("issues", n) for n in range(3)]
        assert uncovered(pair, fed, fed, world, tmp_path / "none") == []
        (wrong,) = uncovered(pair, fed, [fed[0], fed[2]], world, tmp_path / "none")
        assert "skipped or changed a state" in wrong


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_run_starts_again_from_states_of_the_reader_alone(pair):
    """States that the kill runner has inserted have no bookmark."""
    own, inserted = (printed(pair, pair.inserted_state("issues", n)) for n in (1, 2))
    own = own.replace(MARK.encode(), b"rows")
    assert pair.restart([inserted]) is None
    again = pair.restart([own, inserted])
    assert b"rows" in again
    assert MARK.encode() not in again
