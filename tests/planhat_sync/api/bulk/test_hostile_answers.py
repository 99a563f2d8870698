"""Whatever bytes a server sends, a request ends in an answer or an error of this package."""

from __future__ import annotations

import contextlib
import gzip
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import http

from planhat_sync.api.bulk.outcomes import Unsettled, read_answer
from planhat_sync.api.http.exchange import Answer
from planhat_sync.errors import PlanhatError

GOOD = [
    http(b'[{"_id":"1"}]'),
    http(gzip.compress(b"[1,2,3]" * 50), content_encoding="gzip"),
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-a: b\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
    http(b"", "429 Later", retry_after="1"),
    http(b"", "302 There", location="/"),
]
HEADERS = st.sampled_from(
    [
        "content-length: -1",
        "content-length: +2",
        "content-length: 2, 2",
        "content-length: ٣",
        "content-length: 99999999999999999999999",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: identity",
        "content-encoding: gzip, gzip",
        "content-encoding: \x00",
        "retry-after: 99999999999999999999",
        "location: http://[",
        "set-cookie: =;=",
        "connection: close, keep-alive",
        "no colon at all",
        ": nameless",
        "x: " + "y" * 70_000,
    ]
)


class Sent(NamedTuple):
    """A payload, as far as an answer can name it."""

    keys: tuple[str | None, ...]
    item: bytes


@st.composite
def spoiled(draw) -> bytes:
    """A valid answer with bytes changed, dropped, doubled or inserted."""
    answer = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(answer)))
        length = draw(st.integers(0, 8))
        answer[at : at + length] = draw(st.binary(max_size=8))
    return bytes(answer)


@st.composite
def odd_headers(draw) -> bytes:
    lines = draw(st.lists(HEADERS, max_size=4))
    status = draw(st.sampled_from(["200 OK", "200", "999 X", "099 X", "2e2 OK", "100 Go on", "OK"]))
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2", "HTTP/0.9", "ICY"]))
    head = "\r\n".join([f"{version} {status}", *lines, "", ""])
    return head.encode() + draw(st.sampled_from([b"", b"[]", b"2\r\n[]\r\n0\r\n\r\n"]))


@settings(max_examples=150)
@given(answer=spoiled() | odd_headers() | st.binary(max_size=200))
def test_any_answer_ends_in_a_result_or_an_error_of_this_package(raw, connect, issues, answer):
    raw.answer_with(lambda sock: sock.sendall(answer))
    client = connect(raw.url, request_timeout_seconds=5, retry_budget_seconds=0)
    try:
        page = client.list_page(
            issues, limit=1, offset=0, decode=msgspec.json.Decoder(list[msgspec.Raw]).decode
        )
        assert isinstance(page, list)
    except PlanhatError as error:
        text = str(error)
        assert text
        assert "\n" not in text


@settings(max_examples=75)
@given(answer=spoiled() | odd_headers())
def test_no_answer_makes_an_unkeyed_write_be_sent_twice(raw, connect, issues, answer):
    raw.requests.clear()
    raw.answer_with(lambda sock: sock.sendall(answer), then=http(b"{}"))
    client = connect(raw.url, request_timeout_seconds=5)
    with contextlib.suppress(PlanhatError):
        client.bulk_upsert(issues, b"[{}]", repeatable=False)
    first_line = answer.decode("latin-1").split("\n")[0].split()
    assert len(raw.requests) == 1 or {"429", "425"} & set(first_line)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_no_json_but_an_object_is_accepted_as_the_answer_to_a_write(raw, connect, issues, value):
    raw.answer_with(http(msgspec.json.encode(value)), http(b"{}"))
    answer = connect(raw.url).bulk_upsert(issues, b"[]", repeatable=True)
    assert answer.body == b"{}"
    assert answer.repeated


@pytest.mark.parametrize("status", [200, 206, 400])
@pytest.mark.parametrize(
    "body",
    [
        b'{"created":\xcc1}',
        b'{"createdErrors":[{"error":"\x92"}]}',
        b'{"\xff":1}',
        b'{"message":"\xe9"}',
    ],
)
def test_a_body_that_is_not_utf_8_leaves_the_outcomes_open(body, status):
    """Found by fuzzing: such bytes do not raise a DecodeError of msgspec."""
    payloads = [Sent(("a",), b'{"sourceId":"a"}'), Sent(("b",), b'{"sourceId":"b"}')]
    assert isinstance(read_answer(["sourceId"], payloads, Answer(status, {}, body)), Unsettled)
