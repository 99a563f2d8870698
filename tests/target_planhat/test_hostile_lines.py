"""Any bytes on stdin are written, rejected or end the run; requests go to known routes only."""

from __future__ import annotations

import contextlib
import json
import os
import re
from subprocess import PIPE

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from raw_server import http, raw_server

from planhat_sync.errors import PlanhatError
from planhat_sync.writing.records.payload import RejectCode

HOSTILE_IDS = [
    "",
    ".",
    "..",
    "../companies/x",
    "/companies/x",
    "a/b?c#d",
    "%2e%2e",
    "%2e%2e/companies",
    "..%2fcompanies",
    "\x00",
    "a\r\nX-Evil: 1",
    "\ud800",
    "http://evil.example/",
    "x" * 10_000_000,
]
CODES = {code.value for code in RejectCode}
FIELDS = ["_id", "sourceId", "externalId", "companyId", "companyIds", "title", "custom", "archived"]


@pytest.fixture
def raw():
    with raw_server() as server:
        yield server


def within_the_models(bench) -> bool:
    """Return whether every request was for a model that the target writes."""
    return all(
        re.fullmatch(r"/(issues|objectives)(/[A-Za-z0-9%._~-]+)?", request.path)
        and not re.search(r"/(\.|%2e){1,2}(/|$)", request.path, re.IGNORECASE)
        and "x-evil" not in request.headers
        for request in bench.sandbox.requests
    )


def assert_ended_well(bench, ran) -> None:
    """Check that a run had no error or one of ours, which also means that its counts add up."""
    if ran.error is not None:
        assert isinstance(ran.error, PlanhatError), repr(ran.error)
        assert len(str(ran.error)) < 2000
    assert set(ran.reject_codes.values()) <= CODES
    assert within_the_models(bench)


@pytest.mark.parametrize("mode", ["upsert", "update", "skip", "delete"])
@pytest.mark.parametrize("key", ["_id", "sourceId", "externalId", "companyId"])
def test_a_hostile_identifier_leads_nowhere(bench, key, mode):
    company = bench.company()
    gone = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if mode == "delete" else {}
    stream = "objectives" if key == "companyId" else "issues"
    fields = {"title": "t", "name": "t", "companyIds": [company], **gone}
    if key == "companyId":
        fields["externalId"] = "e"
    lines = [json.dumps(bench.record(stream, **fields, **{key: text})) for text in HOSTILE_IDS]
    config = {
        "upsert": {},
        "update": {"write_mode": "update"},
        "skip": {"skip_unchanged": True},
        "delete": {"deletes": "delete"},
    }[mode]
    ran = bench.run(
        [bench.schema(stream), *[line.encode() for line in lines]],
        on_reject="continue",
        **config,
    )
    assert_ended_well(bench, ran)
    assert ran.error is None, ran.error
    account = ran.counts[stream]
    assert account["read"] == len(HOSTILE_IDS)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=20)
    | st.sampled_from(HOSTILE_IDS[:-1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON, max_size=6)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["RECORD", "RECORD", "RECORD", "STATE", "SCHEMA", "BATCH"]) | JSON,
        "stream": st.sampled_from(["issues", "objectives"]) | JSON,
        "record": RECORDS | JSON,
        "value": JSON,
        "schema": JSON,
        "key_properties": JSON,
        "manifest": JSON,
        "encoding": JSON,
    },
)


@st.composite
def spoiled(draw) -> bytes:
    """Draw a valid line with bytes changed, removed, repeated or inserted."""
    message = draw(MESSAGES)
    line = bytearray(json.dumps(message, ensure_ascii=draw(st.booleans())).encode(errors="replace"))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        line[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=6))
    return bytes(line).replace(b"\n", b" ")


@settings(max_examples=60)
@given(lines=st.lists(spoiled(), min_size=1, max_size=6))
@example(lines=[b'{"type":"RECORD","stream":"issues","record":{"sourceId":"a","sourceId":".."}}'])
@example(lines=[b'{"type":"RECORD","stream":"issues","record":{"sourceId":"a"},"record":{}}'])
@example(
    lines=[b'{"type":"RECORD","stream":"issues","record":{"_id":%b1%b}}' % (b"[" * 500, b"]" * 500)]
)
@example(
    lines=[b'{"type":"RECORD","stream":"issues","record":{"sourceId":"a","custom":{"x":1e999999}}}']
)
@example(lines=[b'{"type":"RECORD","stream":"issues","record":{"sourceId":%b}}' % (b"9" * 4000)])
@example(
    lines=[b'{"type":"RECORD","stream":"issues","record":{"sourceId":"\\ud800","title":"\\u0000"}}']
)
@example(lines=[b"\xef\xbb\xbf{}", b"\x00"])
def test_no_line_makes_anything_but_a_write_a_reject_or_a_sentence(bench, lines):
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    ran = bench.run(
        [bench.schema(), bench.schema("objectives"), *lines],
        on_reject="continue",
        missing_key="create",
    )
    assert_ended_well(bench, ran)


@settings(max_examples=30)
@example(schema="\ud800", keys=None)
@example(schema={}, keys="\ud800")
@given(schema=JSON | st.fixed_dictionaries({"properties": RECORDS}), keys=JSON)
def test_no_schema_makes_anything_but_a_sentence(bench, schema, keys):
    message = {"type": "SCHEMA", "stream": "issues", "schema": schema, "key_properties": keys}
    try:
        line = json.dumps(message).encode()
    except ValueError:
        return
    assert_ended_well(bench, bench.run([line, bench.record(sourceId="a")], on_reject="continue"))


@settings(max_examples=40)
@given(
    name=st.sampled_from(["on_reject", "match_on", "rejects_path", "api_url", "api_token", "x"])
    | st.text(max_size=10),
    value=JSON,
)
def test_no_configuration_makes_anything_but_a_sentence(bench, name, value):
    if name == "rejects_path" and isinstance(value, str) and value:
        value = f"{bench.rejects_path.parent}/{value[:200]}"
    ran = bench.run([bench.schema()], **{name: value})
    assert_ended_well(bench, ran)


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.lists(st.fixed_dictionaries({"sourceId": JSON, "_id": JSON}), max_size=4)
        for name in (
            "created",
            "updated",
            "nonupdates",
            "createdErrors",
            "updatedErrors",
            "permissionErrors",
            "insertsKeys",
            "updatesKeys",
            "upsertedIds",
            "error",
        )
    },
)


@settings(max_examples=25)
@given(answer=ANSWERS, status=st.sampled_from([200, 206, 400, 403, 500]))
def test_no_answer_makes_anything_but_an_outcome_or_a_sentence(bench, raw, answer, status):
    body = json.dumps(answer).encode()
    raw.requests.clear()
    raw.answer_with(then=http(body, f"{status} X"))
    ran = bench.run(
        [bench.schema(), *(bench.record(sourceId=f"s{n}", title="t") for n in range(3))],
        on_reject="continue",
        api_url=raw.url,
        retry_budget_seconds=0,
        match_on=["sourceId"],
    )
    if ran.error is not None:
        assert isinstance(ran.error, PlanhatError), repr(ran.error)
    else:
        assert sum(ran.counts["issues"].values()) == 6  # read, and what became of each
    assert len(raw.requests) < 60
    assert {request.target for request in raw.requests} == {"/issues"}


@pytest.mark.slow
def test_a_line_of_200_megabytes_costs_no_more_memory_than_the_longest_that_is_taken(bench, target):
    """A line may have 32 MB; what exceeds that is not read."""

    def peak(megabytes: int) -> tuple[int, str]:
        process = target.start(config=bench.config(), stdin=PIPE, stdout=PIPE, stderr=PIPE)
        with contextlib.suppress(BrokenPipeError):
            for _ in range(megabytes):
                process.stdin.write(b"x" * (1 << 20))
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        stderr = process.stderr.read().decode()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss, stderr.splitlines()[-1]

    quiet, _ = peak(1)
    most, said = peak(200)
    assert "line 1 of the input is longer than 32 MB" in said
    assert most < quiet + 120_000
