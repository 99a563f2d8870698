"""Whatever the identifier, a request is for one record of its model."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from raw_server import http

from planhat_sync.api.http.paths import LONGEST_QUOTED_IDENTIFIER, query_string, record_path
from planhat_sync.errors import InvalidIdentifierError

HOSTILE = [
    "",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    ".%2e",
    "%252e%252e",
    "../companies/x",
    "..%2fcompanies",
    "..\\companies",
    "%2e%2e%5ccompanies",
    "a/../../companies",
    "./x",
    "x/.",
    "\ud800",
    "a\udfffb",
    "x" * 10_000_000,
    "ü" * 1000,
]
HARMLESS = [
    "61006bc89a3e0b702ed8ea49",
    "srcid-JIRA/123",
    "extid-a/b?c#d",
    "srcid-a b&c=d;e",
    "srcid-100%",
    "srcid-%2F",
    "srcid-ünïcödé-☃",
    "srcid-\x00\r\nX-Evil: 1",
    "...",
    "srcid-..",
    ":@!$&'()*+,;=",
    "//evil.example/x",
    "http://evil.example/",
]


@pytest.mark.parametrize("identifier", HOSTILE, ids=lambda text: repr(text[:20]))
def test_an_identifier_that_leads_elsewhere_is_never_sent(raw, connect, issues, identifier):
    client = connect(raw.url)
    for send in (
        lambda: client.get(issues, identifier),
        lambda: client.delete(issues, identifier),
    ):
        with pytest.raises(InvalidIdentifierError) as refusal:
            send()
        assert len(str(refusal.value)) < 200
    assert raw.connections == 0


@pytest.mark.parametrize("identifier", HARMLESS)
def test_any_other_identifier_is_one_segment_of_the_path(raw, connect, issues, identifier):
    raw.answer_with(then=http(b'{"_id": "a", "deletedCount": 1}'))
    client = connect(raw.url)
    client.get(issues, identifier)
    client.delete(issues, identifier)
    for request in raw.requests:
        assert re.fullmatch(r"/issues/[A-Za-z0-9%._~-]+", request.target)
        assert unquote(request.target.removeprefix("/issues/")) == identifier
        assert "x-evil" not in request.headers


@pytest.mark.parametrize(
    "source_id", [text.removeprefix("srcid-") for text in HARMLESS if text.startswith("srcid-")]
)
def test_a_record_is_found_by_any_source_id_it_may_have(sandbox, connect, issues, source_id):
    sandbox.tenant("token-a").insert("issues", {"title": "x", "sourceId": source_id})
    found = connect(sandbox.url).get(issues, f"srcid-{source_id}")
    assert found is not None
    assert found["sourceId"] == source_id
    assert [(request.model, request.route) for request in sandbox.requests] == [("issues", "get")]


@given(st.text() | st.text(alphabet="./\\%2eE5cF ?#:@a-"))
def test_whatever_the_identifier_its_path_is_one_step_below_its_model(issues, identifier):
    try:
        path = record_path(issues, identifier)
    except InvalidIdentifierError:
        path = None
    assume(path is not None)
    prefix, slash, segment = path.rpartition("/")
    assert prefix == "/issues"
    assert slash
    assert segment
    assert segment.isascii()
    assert len(segment) <= LONGEST_QUOTED_IDENTIFIER
    assert unquote(segment) == identifier
    while segment != unquote(segment):
        segment = unquote(segment)
    assert not {".", ".."} & set(re.split(r"[/\\]", segment))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_a_query_contains_its_values_separated_by_commas(values):
    values = [value for value in values if value]
    query = query_string({"limit": 1, "sort": None, "select": values})
    parts = query.split("&")
    assert parts[0] == "limit=1"
    assert len(parts) == (2 if values else 1)
    if values:
        assert [unquote(part) for part in parts[1].removeprefix("select=").split(",")] == values
