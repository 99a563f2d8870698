"""`source-planhat | destination-planhat`, as Airbyte runs them, with states kept between runs.

Airbyte keeps the states that the destination prints, and gives them to the source of the next run.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections import Counter

import pytest
from strangers import program

from planhat_sandbox import Sandbox, seed_tenant

COPIES = [
    {
        "stream": "issues",
        "model": "issues",
        "set": {"sourceId": "_id", "title": "title", "companyIds": "companyIds"},
    }
]


@pytest.fixture
def tenants():
    """Alpha is full of records that are ten minutes apart, so that a second run reads only one."""
    times = itertools.count(time.time() - 30 * 86_400, 600)
    with Sandbox({"token-a": "alpha", "token-b": "beta"}, clock=times.__next__) as sandbox:
        seed_tenant(sandbox.tenant("token-a"), issues=300, objectives=60)
        seed_tenant(sandbox.tenant("token-b"), issues=0, objectives=0)
        sandbox.clock = time.time
        yield sandbox


@pytest.fixture
def sync(connection, written, pipe, tmp_path):
    """`sync(streams, source={…}, destination={…})`: one run; returns the states that it left."""
    states: dict[str, dict] = {}

    def run(streams, *, source=(), destination=()):
        config = written("source", **connection("token-a"), **dict(source))
        catalog = written("catalog", streams=configured(discovered(config), streams))
        state, given = tmp_path / "state.json", tmp_path / "given.jsonl"
        state.write_text(json.dumps(list(states.values())))
        read = ["read", "--config", config, "--catalog", catalog, "--state", str(state)]
        config = written("destination", **connection("token-b"), **dict(destination))
        ends = pipe(
            [program("source-planhat"), *read],
            ["tee", str(given)],
            [program("destination-planhat"), "write", "--config", config, "--catalog", catalog],
        )
        kept = messages(ends.stdout, "STATE")
        assert_states_are_those_given(kept, messages(given.read_text(), "STATE"))
        states.update({stream_of(message): message["state"] for message in kept})
        return kept

    return run


def discovered(config):
    done = subprocess.run(
        [program("source-planhat"), "discover", "--config", config],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (message,) = messages(done.stdout, "CATALOG")
    return {stream["name"]: stream for stream in message["catalog"]["streams"]}


def configured(found, streams):
    """Return the streams of a configured catalog: incremental where a stream offers it."""
    return [
        {
            "stream": found[name],
            "sync_mode": found[name]["supported_sync_modes"][-1],
            "destination_sync_mode": "append_dedup",
            "primary_key": found[name]["source_defined_primary_key"],
        }
        for name in streams
    ]


def messages(text, kind):
    lines = text.split("\n")[:-1]
    return [found for line in lines if (found := json.loads(line))["type"] == kind]


def stream_of(message):
    return message["state"]["stream"]["stream_descriptor"]["name"]


def assert_states_are_those_given(kept, given):
    """Every state comes back once, unchanged but for its count, in the order of its stream."""

    def by_stream(states):
        return {
            stream: [
                {**each["state"], "destinationStats": None}
                for each in states
                if stream_of(each) == stream
            ]
            for stream in {stream_of(each) for each in states}
        }

    assert by_stream(kept) == by_stream(given)
    for message in kept:
        state = message["state"]
        assert state["sourceStats"]["recordCount"] == sum(state["destinationStats"].values())


def amounts(states):
    """Return how many records came with the states of each stream."""
    counts: Counter[str] = Counter()
    for message in states:
        counts[stream_of(message)] += message["state"]["destinationStats"]["recordCount"]
    return counts


def test_a_tenant_is_copied_and_then_what_has_changed(tenants, sync, assert_equal_tenants):
    alpha = tenants.tenant("token-a")
    assert amounts(sync(["issues", "objectives"])) == {"issues": 300, "objectives": 60}
    assert_equal_tenants()
    first = alpha.records("issues")[0]["_id"]
    alpha.update("issues", first, {"title": "changed in the source"})
    # The newest issue is read again: others may have been written in the same millisecond.
    assert amounts(sync(["issues", "objectives"])) == {"issues": 2, "objectives": 60}
    assert_equal_tenants()


def test_a_deletion_reaches_another_tenant(tenants, sync):
    alpha, beta = tenants.tenant("token-a"), tenants.tenant("token-b")

    def copy():
        sync(
            ["issues"],
            source={"detect_deletes": True, "detect_deletes_hours": 0},
            destination={"mappings": COPIES, "match_on": ["sourceId"], "deletes": "delete"},
        )

    copy()
    ids = [record["_id"] for record in alpha.records("issues")]
    assert {record["sourceId"] for record in beta.records("issues")} == set(ids)
    for identifier in ids[20:25]:
        alpha.delete("issues", identifier)
    copy()
    left = [record["sourceId"] for record in beta.records("issues")]
    assert sorted(left) == sorted([*ids[:20], *ids[25:]])
