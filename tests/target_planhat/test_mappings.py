"""Mappings in a run: only mapped streams are written, and rejects are kept as received."""

from __future__ import annotations

import gzip
import json

import pytest

NEVER = b'{"type":"RECORD","stream":"users","record":null}'
"""A record that ends the run if its values are decoded."""


def held(bench, model="issues"):
    return {each["sourceId"]: each for each in bench.sandbox.tenant("alpha").records(model)}


def mapping(stream="bugs", model="issues", **sets):
    """Return a mapping; records name their company by its id."""
    entries = {"sourceId": "key", "title": "fields.summary", "companyIds": "[company]", **sets}
    return {"stream": stream, "model": model, "set": entries}


@pytest.fixture
def source(bench):
    """Make a RECORD of the source."""
    company = bench.company()

    def record(key, stream="bugs", **fields):
        fields = {"summary": f"Issue {key}", **fields}
        return bench.record(stream, key=key, company=company, fields=fields)

    return record


def counted(ran, stream="issues"):
    return {name: count for name, count in ran.counts[stream].items() if count}


def test_only_mapped_streams_are_written(bench, source, caplog):
    lines = [
        bench.schema("bugs"),
        bench.schema("users"),
        bench.schema("objectives"),
        source("a"),
        NEVER,
        bench.record("objectives", sourceId="o", name="Somebody else's", companyId="c"),
        bench.schema("users", id={}),
        NEVER,
        bench.state(1),
    ]
    ran = bench.run(lines, mappings=[mapping()])
    assert ran.error is None
    assert held(bench)["a"]["title"] == "Issue a"
    assert held(bench, "objectives") == {}
    assert counted(ran) == {"read": 1, "created": 1}
    assert counted(ran, "users") == {"read": 2, "skipped": 2}
    assert counted(ran, "objectives") == {"read": 1, "skipped": 1}
    assert ran.states == [{"bookmarks": {"at": 1}}]
    for stream in ("users", "objectives"):
        assert caplog.text.count(f"stream {stream} is left out because no mapping names it") == 1


def test_streams_that_become_one_model_keep_their_order(bench, source):
    lines = [bench.schema("bugs"), bench.schema("chores")]
    lines += [
        source("a", ("bugs", "chores")[number % 2], summary=f"Version {number}")
        for number in range(6)
    ]
    ran = bench.run(lines, mappings=[mapping(), mapping("chores")], batch_size_rows=2)
    assert ran.error is None
    assert held(bench)["a"]["title"] == "Version 5"
    assert counted(ran)["read"] == 6


def test_records_of_batch_files_are_mapped(bench, source, tmp_path):
    file = tmp_path / "records.jsonl.gz"
    records = [source(key)["record"] for key in "ab"]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    batch = {
        "type": "BATCH",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [file.as_uri()],
    }
    lines = [bench.schema("bugs"), bench.schema("users")]
    lines += [{**batch, "stream": stream} for stream in ("bugs", "users")]
    ran = bench.run([*lines, bench.state(1)], mappings=[mapping()])
    assert ran.error is None
    assert held(bench).keys() == {"a", "b"}
    assert counted(ran, "users") == {"read": 2, "skipped": 2}
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_record_before_its_schema_is_an_error_also_in_a_stream_that_is_left_out(bench):
    ran = bench.run([NEVER], mappings=[mapping()])
    assert "line 1 of the input is a RECORD of users without a SCHEMA before it" in str(ran.error)


def test_the_columns_that_a_source_announces_are_not_those_of_the_model(bench, source, caplog):
    """The fast path is compiled for announced columns; a mapped record does not take it."""
    lines = [bench.schema("bugs", fields={}, key={}), source("a"), source("b")]
    ran = bench.run(lines, mappings=[mapping()])
    assert ran.error is None
    assert held(bench).keys() == {"a", "b"}
    assert "ignoring" not in caplog.text


def test_two_globs_that_fit_a_stream_end_the_run_at_its_schema(bench, source):
    lines = [bench.schema("bugs"), source("a")]
    ran = bench.run(lines, mappings=[mapping("bug*"), mapping("*gs")])
    assert "bug* and *gs both fit the stream bugs" in str(ran.error)
    assert held(bench) == {}


def test_mappings_and_stream_maps_together_are_refused(bench):
    ran = bench.run([], mappings=[mapping()], stream_maps={"users": "__NULL__"})
    assert str(ran.error) == (
        "mappings and stream_maps are both set, and a record is mapped only once: remove one of "
        "them"
    )


def test_a_dry_run_names_the_source_of_each_property(bench, source, caplog):
    caplog.set_level("INFO")
    lines = [bench.schema("bugs"), source("a")]
    bench.run(lines, mappings=[mapping()])
    lines = [bench.schema("bugs"), source("a", summary="New"), source("b")]
    bench.run(lines, mappings=[mapping()], dry_run=True)
    assert "line 2: title: Issue a -> New (fields.summary)" in caplog.text
    assert "line 3: sourceId: b (key), title: Issue b (fields.summary), " in caplog.text
    assert "] ([company])" in caplog.text
