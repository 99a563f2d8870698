"""SCHEMAs that alternate: no request for one, and each reject stands behind its own."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.writing.results.schema_lines import MOST_LINES, SchemaLines


def test_a_record_belongs_to_the_schema_before_it():
    lines = SchemaLines()
    lines.add("issues", b"a", 1, after=0)
    lines.add("issues", b"b", 4, after=3)
    lines.add("objectives", b"o", 5, after=3)
    lines.add("issues", b"a", 8, after=7)
    assert [lines.under("issues", number) for number in (2, 3, 5, 7, 9, 10**9)] == [
        *(b"a", b"a", b"b", b"b", b"a", b"a")
    ]
    assert lines.under("objectives", 6) == b"o"
    assert lines.newest("issues") == b"a"
    assert lines.newest("users") is None
    assert "users" not in lines


def test_schemas_without_records_between_take_one_place():
    lines = SchemaLines()
    for number in range(1, 1_000):
        lines.add("issues", b"%d" % (number % 2), number, after=0)
    assert len(lines) == 1
    assert lines.under("issues", 1_000) == b"1"


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from("SRF"), st.sampled_from(["issues", "objectives"]), st.integers(0, 2)
        )
    ),
    keep=st.integers(0, 5),
)
def test_no_line_that_a_record_may_ask_for_is_forgotten(steps, keep):
    """S: a SCHEMA, R: a record, F: forget what is older than the last few records."""
    lines, newest, asked, last = SchemaLines(), {}, [], 0
    for number, (step, stream, which) in enumerate(steps, 1):
        line = b"%s %d" % (stream.encode(), which)
        if step == "S" and newest.get(stream) != line:
            lines.add(stream, line, number, after=last)
            newest[stream] = line
        elif step == "R" and stream in newest:
            asked.append((stream, number, newest[stream]))
            last = number
        elif step == "F":
            asked = asked[len(asked) - keep :] if keep else []
            lines.forget(min((number for _, number, _ in asked), default=None))
            assert len(lines) <= len(asked) + len(newest) + 1
        for name, at, expected in asked:
            assert lines.under(name, at) == expected
        for name, line in newest.items():
            assert lines.newest(name) == line


def test_equal_lines_are_held_once_and_the_older_ones_are_counted():
    lines = SchemaLines()
    wide = 1_000_000
    for number in range(1, 200, 2):
        lines.add("issues", b"%d" % (number // 2 % 2) * wide, number, after=number - 1)
    assert len(lines) == 100
    assert not lines.are_many
    for number in range(201, 240, 2):
        lines.add("issues", b"%d" % (number // 2 % 100) + b"x" * wide, number, after=number - 1)
    assert lines.are_many
    assert not lines.forget(1)
    assert lines.forget(238)
    assert not lines.are_many


def test_small_lines_are_counted_too():
    lines = SchemaLines()
    for number in range(1, 2 * MOST_LINES + 4, 2):
        lines.add("issues", b"%d" % (number // 2 % 2), number, after=number - 1)
    assert lines.are_many
    assert not lines.forget(1)
    assert lines.forget(None)
    assert len(lines) == 1


def alternating(bench, company, count, *, which=2):
    """As many SCHEMAs as records, which announce other properties each."""
    lines = []
    for number in range(count):
        name = f"x{number % which}"
        lines.append(bench.schema(sourceId={}, title={}, **{name: {"type": "string"}}))
        lines.append(bench.record(sourceId=f"s{number}", title="t", companyIds=[company]))
    return [*lines, bench.state(1)]


WAYS = {
    "plain": {},
    "mapped": {"stream_maps": {"issues": {"status": "'mapped'"}}},
}


@pytest.mark.parametrize("which", [2, 7, 150])
@pytest.mark.parametrize("way", WAYS)
def test_no_request_is_made_for_a_schema(bench, way, which):
    lines = alternating(bench, bench.company(), 150, which=which)
    ran = bench.run(lines, **WAYS[way])
    assert ran.error is None
    assert ran.accounts["issues"]["created"] == 150
    assert Counter(request.route for request in bench.sandbox.requests)["bulk"] == 1


def test_decoders_and_maps_of_schemas_that_alternate_are_made_once(bench, caplog):
    company = bench.company()
    for which in (2, 7):
        ran = bench.run(alternating(bench, company, 300, which=which))
        assert ran.target.get_sink("issues")._compiled_for.cache_info().misses == which
        caplog.clear()
        with caplog.at_level("INFO"):
            lines = alternating(bench, company, 300, which=which)
            ran = bench.run(lines, stream_maps={"issues": {"__filter__": "True"}})
        assert ran.accounts["issues"]["updated"] == 300
        # The SDK says so whenever it makes a map.
        assert caplog.text.count("Found 'issues' filter rule") == which


def test_ever_new_schemas_fill_no_memory_and_cost_a_request_now_and_then(bench):
    """Each of them is a megabyte: what is not asked for any more is forgotten, or written first."""
    lines = [bench.schema(), bench.record(title="No key")]
    for number in range(40):
        wide = {"type": "string", "description": f"{number}" + "x" * 1_000_000}
        lines += [
            bench.schema(**{f"x{number}": wide}),
            bench.record(sourceId=f"s{number}", title="t", companyIds=["0" * 24]),
        ]
    ran = bench.run(lines, on_reject="continue", stream_maps={"issues": {"status": "'x'"}})
    assert ran.error is None
    assert len(ran.rejects) == 41
    assert len(ran.target.conduct.run.schemas) < 30
    newest = None
    for line in bench.rejects_path.read_bytes().splitlines():
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            newest = message["schema"]["properties"]
        elif key := message["record"].get("sourceId"):
            assert newest.keys() == {f"x{key[1:]}"}


SHAPES = [
    {"type": "object"},
    {"type": "object", "properties": {"a": {"type": "object"}}},
    {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}}},
    {"type": "string"},
]
"""What a SCHEMA may say of `custom`."""


def record_of(bench, kind, stream, number, company):
    """A record that Planhat takes, that it refuses, or that the target rejects."""
    fields = {"custom": {"a": {"b": number}}}
    if kind != "unkeyed":
        fields["sourceId"] = f"s{number}"
    company = "0" * 24 if kind == "refused" else company
    if stream == "bugs":
        return bench.record(stream, title="t", companyIds=[company], **fields)
    return bench.record(stream, name="n", companyId=company, **fields)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["schema", "taken", "refused", "unkeyed", "state"]),
            st.sampled_from(["bugs", "goals"]),
            st.integers(0, 5),
        ),
        max_size=30,
    ),
    rows=st.integers(1, 4),
    concurrency=st.sampled_from([1, 2]),
)
def test_a_reject_stands_behind_the_schema_that_its_record_came_under(
    bench, steps, rows, concurrency
):
    bench.rejects_path.unlink(missing_ok=True)
    company = bench.company()
    holds = {"bugs": SHAPES[0], "goals": SHAPES[1]}
    lines = [bench.schema(stream, custom=shape) for stream, shape in holds.items()]
    under = {}
    for kind, stream, number in steps:
        if kind == "schema":
            holds[stream] = SHAPES[number % len(SHAPES)]
            lines.append(bench.schema(stream, custom=holds[stream]))
        elif kind == "state":
            lines.append(bench.state(number))
        else:
            lines.append(record_of(bench, kind, stream, number, company))
            under[len(lines)] = holds[stream]
    ran = bench.run(
        lines,
        on_reject="continue",
        batch_size_rows=rows,
        concurrency=concurrency,
        stream_maps={"bugs": {"__alias__": "issues"}, "goals": {"__alias__": "objectives"}},
    )
    assert ran.error is None, repr(ran.error)
    assert sum(kind == "unkeyed" for kind, _, _ in steps) <= len(ran.rejects)
    newest = {}
    for line in bench.rejects_path.read_bytes().splitlines() if ran.rejects else ():
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            newest[message["stream"]] = message["schema"]["properties"]["custom"]
        else:
            assert message["record"] == lines[message["reject"]["line"] - 1]["record"]
            assert newest[message["stream"]] == under[message["reject"]["line"]]
