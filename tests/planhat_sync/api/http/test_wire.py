"""What is sent and what comes back: lengths, encodings, timeouts, size, connections, redirects."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time

import pytest
from raw_server import http, raw_server

from planhat_sync import errors
from planhat_sync.api.http.wire import LONGEST_IDLE_SECONDS
from planhat_sync.runtime.clock import Clock

PAGE = json.dumps([{"_id": f"{n:024x}", "title": "t" * 900} for n in range(2000)]).encode()
ID = "61006bc89a3e0b702ed8ea49"


def read(client, model):
    return client.list_page(model, limit=10, offset=0, decode=bytes)


def chunked(body: bytes, size: int = 7000) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    frames = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + frames


@pytest.mark.parametrize(
    "answer",
    [
        http(PAGE),
        chunked(PAGE),
        b"HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n" + PAGE,
        http(gzip.compress(PAGE), content_encoding="gzip"),
        http(gzip.compress(PAGE), content_encoding="GZIP"),
        http(PAGE, content_encoding="identity"),
        chunked(PAGE).replace(b"transfer", b"content-length: 2000000\r\ntransfer", 1),
    ],
    ids=["length", "chunked", "until closed", "gzip", "GZIP", "identity", "chunked and length"],
)
def test_a_page_arrives_complete_however_it_is_framed(raw, connect, issues, answer):
    raw.answer_with(answer)
    assert read(connect(raw.url), issues) == PAGE


@pytest.mark.parametrize(
    "damaged",
    [
        http(gzip.compress(PAGE)[:-9], content_encoding="gzip"),
        chunked(PAGE).replace(b"transfer", b"content-encoding: gzip\r\ntransfer", 1),
        http(gzip.compress(PAGE) + b"more", content_encoding="gzip"),
        http(PAGE, content_encoding="br"),
        http(PAGE, content_length=str(len(PAGE) + 1), connection="close"),
        chunked(PAGE)[:-5] + b"",
        http(b"x" * 10, content_length="7, 9"),
    ],
    ids=["gzip cut", "no gzip", "gzip and more", "br", "too long", "no last chunk", "two lengths"],
)
def test_a_damaged_body_is_never_returned(raw, connect, issues, damaged):
    def send_and_close(sock):
        sock.sendall(damaged)

    raw.answer_with(send_and_close, http(b"complete"))
    assert read(connect(raw.url), issues) == b"complete"
    assert len(raw.requests) == 2


def without_an_end(sock: socket.socket) -> None:
    """Send a compressed page, and bytes behind it until the connection is closed."""
    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(PAGE))
    with contextlib.suppress(OSError):
        while True:
            sock.sendall(bytes(100_000))


def test_what_follows_a_compressed_page_is_not_collected(raw, connect, issues):
    raw.answer_with(without_an_end, then=http(PAGE))
    client = connect(raw.url, largest_body_bytes=2 * len(PAGE))  # reached if it were read
    assert read(client, issues) == PAGE


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_that_has_no_body_by_its_status_was_not_cut_short(raw, connect, issues, status):
    answer = f"HTTP/1.1 {status}\r\ncontent-length: 100\r\n\r\n".encode()
    raw.answer_with(answer, then=http(b"[]"))
    with pytest.raises(errors.PlanhatError, match=status[:3]):
        read(connect(raw.url), issues)
    assert len(raw.requests) == 1


def test_a_body_longer_than_its_length_does_not_spoil_the_next_answer(raw, connect, issues):
    raw.answer_with(http(b"[1]more", content_length="3"), then=http(b"[2]"))
    client = connect(raw.url)
    assert read(client, issues) == b"[1]"
    assert read(client, issues) == b"[2]"


def trickle(head: bytes, every: float = 0.05):
    def send(sock: socket.socket) -> None:
        for byte in head:
            sock.send(bytes([byte]))
            time.sleep(every)

    return send


@pytest.mark.parametrize(
    "slow",
    [
        trickle(http(b"[" + b" " * 1000 + b"]")),
        trickle(b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 1000),
        trickle(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 200),
        lambda _: time.sleep(60),
        lambda sock: (sock.sendall(http(b"[1,2]")[:-2]), time.sleep(60)),
    ],
    ids=["body", "headers", "chunks", "silence", "stall in the body"],
)
def test_one_timeout_bounds_the_exchange_however_it_trickles(raw, connect, issues, slow):
    raw.answer_with(slow, then=http(b"[]"))
    began = time.monotonic()
    client = connect(raw.url, request_timeout_seconds=1, clock=Clock())
    assert read(client, issues) == b"[]"
    assert client.transport.retries >= 1
    assert 0.9 <= time.monotonic() - began < 30


def test_a_server_that_does_not_read_cannot_hold_a_write_for_ever(raw, connect, issues):
    raw.answer_with(http(b"{}"))
    blocked = socket.create_server(("127.0.0.1", 0), backlog=1)  # accepts and reads nothing
    url = f"http://127.0.0.1:{blocked.getsockname()[1]}"
    began = time.monotonic()
    with blocked, pytest.raises(errors.UnknownOutcomeError, match="in time"):
        connect(url, request_timeout_seconds=1, clock=Clock()).bulk_upsert(
            issues, b" " * 50_000_000, repeatable=False
        )
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "huge",
    [
        http(b"[", content_length="99999999999999999999999999"),
        http(b"[", content_length=str(1 << 30)),
        chunked(b" " * 2_000_000),
        http(gzip.compress(b" " * 2_000_000), content_encoding="gzip"),
    ],
    ids=["absurd length", "length", "chunked", "bomb"],
)
def test_an_answer_above_the_bound_stops_the_run_before_it_is_in_memory(raw, connect, issues, huge):
    raw.answer_with(huge)
    with pytest.raises(errors.ProtocolError, match=r"larger than 1 MiB.*page_size"):
        read(connect(raw.url, largest_body_bytes=1 << 20), issues)
    assert len(raw.requests) == 1


def test_a_connection_is_used_again(raw, connect, issues):
    raw.answer_with(
        http(PAGE), chunked(PAGE), http(gzip.compress(PAGE), content_encoding="gzip"), http(b"")
    )
    client = connect(raw.url)
    for _ in range(4):
        read(client, issues)
    assert raw.connections == 1


@pytest.mark.parametrize(
    "send",
    [
        lambda client, model: client.bulk_upsert(model, b"[{}]", repeatable=False),
    ],
)
def test_a_request_that_must_not_be_repeated_never_uses_an_idle_connection(
    raw, connect, issues, send
):
    raw.answer_with(then=http(b'{"_id": "a"}'))
    client = connect(raw.url)
    while True:
        began = time.monotonic()
        client.get(issues, ID)
        before = raw.connections
        send(client, issues)
        if time.monotonic() - began < LONGEST_IDLE_SECONDS:  # the connection was used just now
            assert raw.connections == before
            break
    time.sleep(LONGEST_IDLE_SECONDS + 0.1)
    send(client, issues)
    assert raw.connections == before + 1
    time.sleep(LONGEST_IDLE_SECONDS + 0.1)
    client.bulk_upsert(issues, b"[{}]", repeatable=True)
    assert raw.connections == before + 1


def test_a_connection_that_was_closed_meanwhile_costs_no_attempt(raw, connect, issues):
    raw.answer_with(then=http(b"[]", connection="close"))
    client = connect(raw.url)
    for _ in range(3):
        read(client, issues)
        time.sleep(0.05)
    assert raw.connections == 3
    assert client.transport.retries == 0


def test_no_more_connections_are_kept_than_there_are_threads(raw, connect, issues):
    raw.answer_with(then=http(b"[]"))
    client = connect(raw.url, width=4)
    threads = [
        threading.Thread(target=lambda: [read(client, issues) for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raw.connections <= 4
    assert len(raw.requests) == client.transport.requests == 80


def test_a_request_has_the_headers_that_it_needs_and_no_others(raw, connect, issues):
    raw.answer_with(then=http(b"{}"))
    client = connect(raw.url)
    client.bulk_upsert(issues, b"[]", repeatable=True)
    read(client, issues)
    put, get = raw.requests
    assert put.line == b"PUT /issues HTTP/1.1"
    assert put.body == b"[]"
    assert put.headers["content-type"] == "application/json"
    assert put.headers["authorization"] == "Bearer token-a"
    assert put.headers["user-agent"].startswith("planhat-sync/")
    assert get.headers.keys() == {
        "host",
        "accept",
        "accept-encoding",
        "authorization",
        "user-agent",
    }


def test_a_list_request_has_the_parameters_that_were_given_and_no_others(raw, connect, issues):
    raw.answer_with(then=http(b"[]"))
    client = connect(raw.url)
    client.list_page(
        issues,
        limit=2,
        offset=0,
        sort="-_id",
        select=["_id", "custom", "a,b&c"],
        company_ids=["61006bc8", "x y"],
        decode=bytes,
    )
    client.list_page(issues, limit=1, offset=7, decode=bytes)
    assert [request.target for request in raw.requests] == [
        "/issues?limit=2&offset=0&sort=-_id&select=_id,custom,a%2Cb%26c&companyId=61006bc8,x%20y",
        "/issues?limit=1&offset=7",
    ]


def test_a_url_keeps_its_path_prefix(raw, connect, issues):
    raw.answer_with(http(b"[]"))
    read(connect(raw.url + "/gateway/planhat/"), issues)
    assert raw.requests[0].target == "/gateway/planhat/issues?limit=10&offset=0"


@pytest.mark.parametrize("status", ["301 X", "302 X", "303 X", "307 X", "308 X"])
@pytest.mark.parametrize(
    "location", ["/elsewhere", "http://{other}/issues", "//{other}", "http://["]
)
def test_a_redirect_is_never_followed(raw, connect, issues, status, location):
    with raw_server() as other:
        other.answer_with(then=http(b"{}"))
        location = location.format(other=other.url.removeprefix("http://"))
        raw.answer_with(then=http(b"", status, location=location))
        client = connect(raw.url)
        for send in (
            lambda: read(client, issues),
            lambda: client.bulk_upsert(issues, b"[]", repeatable=True),
            lambda: client.delete(issues, ID),
        ):
            with pytest.raises(errors.ProtocolError, match="redirect"):
                send()
        assert other.requests == []
        assert len(raw.requests) == 3


def test_a_redirect_with_an_endless_body_is_not_read_into_memory(raw, connect, issues):
    raw.answer_with(http(b"x", "302 X", location="/", content_length=str(1 << 40)))
    with pytest.raises(errors.ProtocolError):
        read(connect(raw.url), issues)


def test_cookies_are_not_kept(raw, connect, issues):
    raw.answer_with(then=http(b"[]", set_cookie="session=1; Path=/"))
    client = connect(raw.url)
    read(client, issues)
    read(client, issues)
    assert "cookie" not in raw.requests[1].headers


def test_netrc_never_replaces_the_token(raw, connect, issues, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    raw.answer_with(http(b"[]"))
    read(connect(raw.url), issues)
    assert raw.requests[0].headers["authorization"] == "Bearer token-a"


def test_a_proxy_is_not_used_for_this_machine(raw, connect, issues, monkeypatch):
    with raw_server() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        raw.answer_with(http(b"[]"))
        read(connect(raw.url), issues)
        assert proxy.connections == 0
    assert len(raw.requests) == 1
