"""A page that is decoded while it arrives over HTTP: however it is framed, cut or damaged."""

from __future__ import annotations

import gzip
import json
import random

import pytest
from raw_server import http

from planhat_sync import errors
from planhat_sync.reading.pages.page_body import PageBody
from planhat_sync.reading.pages.row_format import RowFormat
from tap_planhat.messages import record_lines

CHUNK = 1 << 14
ROWS = [{"_id": f"{n:024x}", "title": f"{random.Random(n).random()} né " * 20} for n in range(1000)]
PAGE = json.dumps(ROWS, separators=(",", ":"), ensure_ascii=False).encode()
PACKED = gzip.compress(PAGE)
BLANK = b'[{"_id":"a","title":"' + b" " * 3_000_000 + b'"}]'


def read(client, model):
    form = RowFormat("issues", ["title"], write=record_lines("issues"))
    page = client.list_page(
        model,
        limit=10,
        offset=0,
        decode=PageBody.page,
        receive=lambda: form.receiver(CHUNK),
    )
    lines = b"".join(page.content.pick(range(len(page.ids)))) if page.ids else b""
    records = [json.loads(line)["record"] for line in lines.splitlines()]
    assert page.ids == [record["_id"] for record in records]
    return records


def chunked(body: bytes, size: int = 7000, head: bytes = b"") -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    frames = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return b"HTTP/1.1 200 OK\r\n" + head + b"transfer-encoding: chunked\r\n\r\n" + frames


@pytest.mark.parametrize(
    "answer",
    [
        http(PAGE),
        chunked(PAGE),
        chunked(PAGE, 1 << 20),
        b"HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n" + PAGE,
        http(PACKED, content_encoding="gzip"),
        chunked(PACKED, 7000, b"content-encoding: gzip\r\n"),
        http(PAGE, content_encoding="identity"),
    ],
    ids=["length", "chunked", "one chunk", "until closed", "gzip", "gzip chunked", "identity"],
)
def test_a_page_is_complete_however_it_is_framed(raw, connect, issues, answer):
    raw.answer_with(answer)
    assert read(connect(raw.url), issues) == ROWS
    assert len(raw.requests) == 1


def test_what_gzip_makes_a_thousand_times_longer_is_complete(raw, connect, issues):
    raw.answer_with(http(gzip.compress(BLANK), content_encoding="gzip"))
    assert read(connect(raw.url), issues) == json.loads(BLANK)


@pytest.mark.parametrize(
    "damaged",
    [
        http(PAGE)[: -len(PAGE) // 2],
        http(PAGE)[:-1],
        http(PAGE[:-1]),
        http(PAGE[: len(PAGE) // 2]),
        http(PAGE, content_length=str(len(PAGE) - 1)),
        http(PAGE, content_length=str(len(PAGE) + 1), connection="close"),
        http(PAGE + b"]"),
        http(PAGE[: len(PAGE) // 2] + b"\xff" + PAGE[len(PAGE) // 2 :]),
        chunked(PAGE)[:-5],
        chunked(PAGE)[: len(PAGE) // 2],
        chunked(PAGE).replace(b"\r\n1b58", b"\r\n1b57", 3),
        http(PACKED[:-9], content_encoding="gzip"),
        http(PACKED[: len(PACKED) // 2], content_encoding="gzip"),
        http(PACKED[:-4] + b"abcd", content_encoding="gzip"),
        http(PACKED + b"more", content_encoding="gzip"),
        http(PAGE, content_encoding="gzip"),
        http(PACKED),
        http(PAGE, content_encoding="br"),
    ],
    ids=[
        "half",
        "last byte missing",
        "no end",
        "half, with the length of a half",
        "length too small",
        "length too large",
        "a bracket more",
        "not UTF-8",
        "no last chunk",
        "half of the chunks",
        "length of a chunk too small",
        "gzip cut",
        "half of gzip",
        "wrong length inside gzip",
        "gzip and more",
        "not gzip",
        "gzip unnamed",
        "br",
    ],
)
def test_nothing_of_a_damaged_answer_is_in_the_page_that_comes_after_it(
    raw, connect, issues, damaged
):
    def send_and_close(sock):
        sock.sendall(damaged)

    raw.answer_with(send_and_close, http(PAGE))
    assert read(connect(raw.url), issues) == ROWS
    assert len(raw.requests) == 2


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Oops", "503 Busy"])
def test_a_page_under_another_status_is_not_a_page(raw, connect, issues, status):
    raw.answer_with(http(PAGE, status), http(b"[]"))
    assert read(connect(raw.url), issues) == []


def test_the_connection_is_used_again_for_the_next_page(raw, connect, issues):
    raw.answer_with(http(PAGE), chunked(PAGE), http(PACKED, content_encoding="gzip"), then=http())
    client = connect(raw.url)
    for _ in range(3):
        assert read(client, issues) == ROWS
    assert read(client, issues) == []
    assert raw.connections == 1


def test_a_page_above_the_bound_stops_the_run(raw, connect, issues):
    raw.answer_with(chunked(BLANK))
    with pytest.raises(errors.ProtocolError, match="larger than 1 MiB"):
        read(connect(raw.url, largest_body_bytes=1 << 20), issues)
    assert len(raw.requests) == 1
