"""What is on disk when a state is printed: seen from inside of the real process.

A kill loses nothing of the page cache, so that no kill can show that an fsync is missing. The order
of the calls can.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import reliability
from reliability.covered import InsertedStates, uncovered
from reliability.singer import SingerPair
from reliability.world import World

POINTS = str(Path(reliability.__file__).parent / "points")
EVERY = 10
RECORDS = 200


@pytest.fixture
def calls(sandbox, target, tmp_path):
    """Return the calls, in order, of a target whose batches all contain refused records."""
    company = sandbox.tenant("alpha").insert("companies", {"name": "A company"})["_id"]
    sandbox.behave("alpha", refused_marker="refuse-this", error_entries="index")
    messages = [{"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}]
    for n in range(RECORDS):
        name = {0: {}, 5: {"sourceId": f"refuse-this-{n}"}}.get(n % EVERY, {"sourceId": f"{n}"})
        record = {"title": f"{n}", "companyIds": [company], **name}
        messages.append({"type": "RECORD", "stream": "issues", "record": record})
        if n % EVERY == EVERY - 1:
            messages.append({"type": "STATE", "value": {"bookmarks": {"upto": n}}})
    rejects, log = tmp_path / "rejects.jsonl", tmp_path / "calls"
    ran = target(
        config={
            "api_token": "token-a",
            "api_url": sandbox.url,
            "requests_per_minute": 0,
            "batch_size_rows": EVERY,
            "on_reject": "continue",
            "rejects_path": str(rejects),
        },
        stdin=b"".join(json.dumps(message).encode() + b"\n" for message in messages),
        env={"PYTHONPATH": POINTS, "RELIABILITY_WATCH": str(log)},
    )
    assert ran.code == 0, ran.stderr
    inodes = {str(rejects.stat().st_ino): "rejects", str(tmp_path.stat().st_ino): "folder"}
    lines = (line.split() for line in log.read_text().splitlines())
    return [(what, inodes.get(inode, "")) for what, inode in lines]


def test_every_state_comes_after_an_fsync_of_what_was_last_rejected(calls):
    unsafe = False
    for call in calls:
        if call == ("write", "rejects"):
            unsafe = True
        elif call == ("fsync", "rejects"):
            unsafe = False
        elif call[0] == "state":
            assert not unsafe, "a state was printed while rejects were in the page cache alone"
    assert calls.count(("write", "rejects")) > 2, "rejects are written in between, not at the end"
    assert [what for what, _ in calls].count("state") > 2


def test_the_name_of_a_new_reject_file_is_on_disk_before_the_first_state(calls):
    first_state = [what for what, _ in calls].index("state")
    assert ("fsync", "folder") in calls[:first_state]


def test_a_state_that_covers_a_record_which_is_nowhere_is_seen(tmp_path):
    """The kill runner notices such a state."""
    pair = SingerPair()
    inserted = InsertedStates(pair, 2)
    with World(1, issues=4, objectives=0) as world:
        fed = []
        for record in world.source.records("issues"):
            message = {"type": "RECORD", "stream": "issues", "record": record}
            fed.append(json.dumps(message).encode() + b"\n")
            fed += filter(None, [inserted(fed[-1])])
        states = [b'{"bookmarks":{},"inserted":2}\n']
        assert len(uncovered(pair, fed, states, world, tmp_path / "none")) == 2
        for record in world.source.records("issues")[:2]:
            world.copy.insert("issues", {"sourceId": record["sourceId"], "title": "held"})
        assert uncovered(pair, fed, states, world, tmp_path / "none") == []
        unheard = [b'{"bookmarks":{},"inserted":3}\n']
        assert "it was not given" in uncovered(pair, fed, unheard, world, tmp_path / "none")[0]
        assert pair.restart([b'{"bookmarks":{"issues":{}}}\n', *states]) != states[0]
