"""The reject file of every earlier version is shown and replayed."""

from __future__ import annotations

import json

import pytest
from destination_runs import run_destination, stream
from earlier_versions import kept_rejects

from planhat_sync.models import load_models
from target_planhat.reject_table import RejectTable

CORRECTED = (b'"perhaps"', b"false")


def of(protocol):
    files = kept_rejects(protocol)
    return pytest.mark.parametrize("content", files.values(), ids=files.keys())


@pytest.fixture
def titles(bench):
    """Titles of the issues, once there are the companies that the records name."""
    bench.company(externalId="a")
    bench.company(externalId="to-come")
    return lambda: sorted(each["title"] for each in bench.sandbox.tenant("alpha").records("issues"))


def codes(content):
    messages = [json.loads(line) for line in content.splitlines()]
    return [message["reject"]["code"] for message in messages if "reject" in message]


@of("singer")
def test_a_replay_writes_what_can_be_written_now_and_keeps_the_rest(bench, titles, content):
    assert sorted(codes(content)) == ["missing_key", "refused", "wrong_type"]
    ran = bench.run(content.splitlines(), on_reject="continue")
    assert (ran.error, titles()) == (None, ["Of a company to come"])
    assert sorted(ran.reject_codes.values()) == ["missing_key", "wrong_type"]


@of("singer")
def test_corrected_rejects_are_written_once_however_often_they_are_replayed(bench, titles, content):
    for _ in range(2):
        ran = bench.run(content.replace(*CORRECTED).splitlines(), on_reject="continue")
        assert (ran.error, titles()) == (None, ["Import is slow", "Of a company to come"])
    assert ran.counts["issues"]["created"] == 0


@of("singer")
def test_the_table_shows_the_rejects(content, tmp_path):
    (tmp_path / "rejects.jsonl").write_bytes(content)
    table = RejectTable(load_models())
    table.read(str(tmp_path / "rejects.jsonl"))
    assert [row[2] for row in table.rows] == codes(content)


@of("airbyte")
def test_the_airbyte_destination_replays_its_own(bench, titles, content):
    config = bench.config(on_reject="continue", progress=None)
    lines = content.replace(*CORRECTED).splitlines()
    for _ in range(2):
        written = run_destination(config, lines, stream())
        assert (written.error, titles()) == (None, ["Import is slow", "Of a company to come"])
    assert codes(bench.rejects_path.read_bytes()) == ["missing_key"] * 2
