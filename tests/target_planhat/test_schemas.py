"""SCHEMAs that change in the middle of a stream: none has an effect on a record or its batch."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st


def alternating(bench, company, count, *, which=2):
    """Return messages with a SCHEMA before each record, each with other properties."""
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
    assert ran.counts["issues"]["created"] == 150
    assert Counter(request.route for request in bench.sandbox.requests)["bulk"] == 1


def test_decoders_and_maps_of_schemas_that_alternate_are_made_once(bench, caplog):
    company = bench.company()
    for which in (2, 7):
        ran = bench.run(alternating(bench, company, 300, which=which))
        assert ran.target.run.pipeline.streams["issues"]._fast_path_for.cache_info().misses == which
        caplog.clear()
        with caplog.at_level("INFO"):
            lines = alternating(bench, company, 300, which=which)
            ran = bench.run(lines, stream_maps={"issues": {"__filter__": "True"}})
        assert ran.counts["issues"]["unchanged"] == 300
        # The SDK logs this whenever it makes a map.
        assert caplog.text.count("Found 'issues' filter rule") == 1


def test_ever_new_schemas_are_forgotten_and_cost_no_request(bench):
    """Each of them is a megabyte: only the newest one is kept."""
    lines = [bench.schema(), bench.record(title="No key")]
    for number in range(40):
        wide = {"type": "string", "description": f"{number}" + "x" * 1_000_000}
        lines += [bench.schema(**{f"x{number}": wide}), bench.record(title="No key")]
    ran = bench.run(lines, on_reject="continue", stream_maps={"issues": {"status": "'x'"}})
    assert ran.error is None
    assert len(ran.rejects) == 41
    messages = [json.loads(line) for line in bench.rejects_path.read_bytes().splitlines()]
    schemas = [message for message in messages if message["type"] == "SCHEMA"]
    assert [schema["schema"]["properties"].keys() for schema in schemas] == [{"x39"}]


SHAPES = [
    {"type": "object"},
    {"type": "object", "properties": {"a": {"type": "object"}}},
    {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}}},
    {"type": "string"},
]
"""What a SCHEMA may say of `custom`."""


def record_of(bench, kind, stream, number, company):
    """Return a record that Planhat accepts, that it refuses, or that the target rejects."""
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
def test_a_reject_stands_behind_a_schema_of_its_stream_and_can_be_replayed(
    bench, steps, rows, concurrency
):
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    company = bench.company()
    holds = {"bugs": SHAPES[0], "goals": SHAPES[1]}
    lines = [bench.schema(stream, custom=shape) for stream, shape in holds.items()]
    for kind, stream, number in steps:
        if kind == "schema":
            lines.append(bench.schema(stream, custom=SHAPES[number % len(SHAPES)]))
        elif kind == "state":
            lines.append(bench.state(number))
        else:
            lines.append(record_of(bench, kind, stream, number, company))
    stream_maps = {"bugs": {"__alias__": "issues"}, "goals": {"__alias__": "objectives"}}
    ran = bench.run(
        lines,
        on_reject="continue",
        batch_size_rows=rows,
        concurrency=concurrency,
        stream_maps=stream_maps,
    )
    assert ran.error is None, repr(ran.error)
    assert sum(kind == "unkeyed" for kind, _, _ in steps) <= len(ran.rejects)
    written = bench.rejects_path.read_bytes().splitlines() if ran.rejects else []
    announced = set()
    for line in written:
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            announced.add(message["stream"])
        else:
            assert message["record"] == lines[message["reject"]["line"] - 1]["record"]
            assert message["stream"] in announced
    bench.rejects_path.unlink(missing_ok=True)
    again = bench.run(written, on_reject="continue", stream_maps=stream_maps)
    assert again.error is None, repr(again.error)
    assert sum(stream["read"] for stream in again.counts.values()) == len(ran.rejects)
