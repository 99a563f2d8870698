"""Any bytes on standard input are written, rejected, returned, or end the run in a sentence."""

from __future__ import annotations

import json

import pytest
from airbyte_protocol import parse_all
from destination_runs import run_destination, stream
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from planhat_sync.errors import PlanhatError

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["sourceId", "sourceid", "title", "custom", "_id", "_ab_cdc_deleted_at"])
STREAM = st.fixed_dictionaries({"name": st.just("issues") | JSON}, optional={"namespace": JSON})
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["RECORD", "RECORD", "STATE", "LOG", "TRACE"]) | JSON},
    optional={
        "record": st.fixed_dictionaries(
            {"stream": st.just("issues") | JSON},
            optional={
                "data": st.dictionaries(FIELDS | TEXTS, JSON, max_size=4) | JSON,
                "namespace": JSON,
                "emitted_at": JSON,
                "meta": JSON,
            },
        )
        | JSON,
        "state": st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["STREAM", "GLOBAL", "LEGACY"]) | JSON,
                "stream": st.fixed_dictionaries({"stream_descriptor": STREAM | JSON}) | JSON,
                "data": JSON,
                "destinationStats": JSON,
            },
        )
        | JSON,
        "reject": st.fixed_dictionaries({"rejected_at": JSON}) | JSON,
    },
)


@st.composite
def spoiled(draw):
    """Draw a message with bytes changed, removed, repeated or inserted."""
    line = bytearray(json.dumps(draw(MESSAGES)).encode())
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        line[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=6))
    return bytes(line).replace(b"\n", b" ")


@pytest.fixture
def base(sandbox, tmp_path):
    """Settings for the sandbox's first tenant."""
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "missing_key": "create",
        "on_reject": "continue",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
    }


DEEP = b"[" * 5000 + b"]" * 5000


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(spoiled(), min_size=1, max_size=5))
@example([b'{"type":"RECORD","record":{"stream":"issues","data":{"x":NaN},"namespace":[]}}'])
@example([b'{"type":"RECORD","record":{"stream":"issues","data":{"custom":%b}}}' % DEEP])
@example([b'{"type":"STATE","state":{"data":%b}}' % DEEP, b'{"type":"STATE","state":%b}' % DEEP])
@example([b'{"type":"STATE","state":{},"state":{"stream":1}}'])
@example([b'{"type":"RECORD","record":{"stream":"issues","data":{"x":NaN}},"record":null}'])
@example([b'{"type":"RECORD","record":{"stream":"\\ud800","data":{}}}', b"\xef\xbb\xbf{}"])
@example([b'{"type":"\\ud800","a":NaN}', b'{"type":"\\ud800"}'])
def test_no_line_makes_anything_but_a_write_a_reject_or_a_sentence(base, lines):
    ran = run_destination(base, lines, stream())
    if ran.error is not None:
        assert isinstance(ran.error, PlanhatError), repr(ran.error)
        assert "\n" not in str(ran.error)
        assert len(str(ran.error)) < 1000
    for line in ran.lines:
        stats = json.loads(line)["state"]["destinationStats"]
        assert min(stats.values()) >= 0


def test_a_sentence_about_half_a_pair_of_surrogates_is_printed_as_a_message(warm, base, tmp_path):
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps({"streams": [stream()]}))
    line = b'{"type":"RECORD","record":{"stream":"\\ud800","data":{},"x":NaN}}\n'
    arguments = ("destination-planhat", "write", "--catalog", str(catalog))
    ran = warm(*arguments, config=base, stdin=line)
    assert ran.code == 1
    (error,) = [each.trace.error for each in parse_all(ran.stdout) if each.trace]
    assert "unexpected" not in error.message
