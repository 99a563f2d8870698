"""Connections: loopback only, kept alive, concurrent, and closed at the end."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from planhat_sandbox import Sandbox
from planhat_sandbox.http_messages import Response
from planhat_sandbox.server.connections import Connections

BEARER = {"Authorization": "Bearer token-a"}
CERTIFICATES = Path(__file__).parents[1] / "planhat_sync" / "api" / "http" / "certificates"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])  # noqa: S104 - refused
def test_only_loopback_addresses_are_bound(host):
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_any_loopback_address_can_be_bound(host):
    with Sandbox(host=host) as sandbox:
        assert requests.get(f"{sandbox.url}/_sandbox/health", timeout=30).json() == {"ok": True}


def test_a_host_name_that_is_not_loopback_is_refused(api):
    """A web page can make a name of its own resolve to 127.0.0.1."""
    answer = api.session.get(
        f"{api.sandbox.url}/_sandbox/tenants", headers={"Host": "evil.example"}
    )
    assert answer.status_code == 403


def test_every_response_says_that_this_is_not_planhat(api):
    for path in ("issues", "nowhere", "_sandbox/health", "_sandbox/nowhere", "issues/x"):
        assert "not Planhat" in api.call("GET", path).headers["X-Planhat-Sandbox"]
    api.session.headers.pop("Authorization")
    assert "not Planhat" in api.call("GET", "issues").headers["X-Planhat-Sandbox"]


def test_one_connection_serves_many_requests(api):
    address = urlsplit(api.sandbox.url)
    request = b"GET /issues HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-a\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        connection.settimeout(30)

        def answers(count):
            """Read a number of responses, which can arrive in pieces."""
            received = b""
            while received.count(b"\r\n\r\n[]") < count:
                received += connection.recv(4096)
            return received.count(b"HTTP/1.1 200")

        for _ in range(3):
            connection.sendall(request)
            assert answers(1) == 1
        connection.sendall(request * 2)
        assert answers(2) == 2


def test_a_body_can_be_chunked_or_follow_100_continue(api, company):
    body = b'[{"title":"t","companyIds":["%b"]}]' % company.encode()
    answer = api.session.put(
        f"{api.sandbox.url}/issues", data=iter([body[:9], body[9:]]), timeout=5
    )
    assert answer.json()["created"] == 1
    response = api.raw("PUT", "/issues", body, {"Expect": "100-continue"})
    assert response.data.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


@pytest.mark.parametrize(
    "sent", [b"HELLO\r\n\r\n", b"GET / SPDY/3\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"]
)
def test_invalid_http_gets_a_400(sandbox, sent):
    address = urlsplit(sandbox.url)
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        connection.sendall(sent)
        received = connection.makefile("rb").read()
        assert received.startswith(b"HTTP/1.1 400")
        assert b"not Planhat" in received


def test_concurrent_writes_are_all_applied(api, company):
    def write(number):
        item = {"title": str(number), "companyIds": [company], "sourceId": str(number)}
        headers = {"Authorization": "Bearer token-a"}
        url = f"{api.sandbox.url}/issues"
        return requests.put(url, json=[item], headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(80))) == {200}
    assert len(api.tenant.records("issues")) == 80
    assert sorted(entry.number for entry in api.sandbox.requests) == list(range(1, 81))
    assert max(entry.in_flight for entry in api.sandbox.requests) >= 1


def test_closing_ends_all_threads():
    before = set(threading.enumerate())
    sandbox = Sandbox()
    address = urlsplit(sandbox.url)
    responses = []
    idle = socket.create_connection((address.hostname, address.port), 5)
    sandbox.fault("slow", seconds=60)

    def ask():
        with contextlib.suppress(requests.ConnectionError):
            responses.append(requests.get(f"{sandbox.url}/issues", headers=BEARER, timeout=30))

    slow = threading.Thread(target=ask)
    slow.start()
    while not sandbox.requests:
        time.sleep(0.01)
    sandbox.later(60, list)
    sandbox.close()
    slow.join(30)
    idle.close()
    assert responses == []
    assert set(threading.enumerate()) <= before


def test_every_thread_that_a_cut_returns_can_be_joined():
    connections = Connections(threading.Event(), tls=None)
    clients, accepted = [], []
    with socket.create_server(("127.0.0.1", 0)) as server:
        for _ in range(300):
            clients.append(socket.create_connection(server.getsockname()))
            accepted.append(server.accept()[0])

    def start_all() -> None:
        for connection in accepted:
            connections.start(connection, lambda _: Response(200, b""))

    starting = threading.Thread(target=start_all)
    starting.start()
    while starting.is_alive():
        for thread in connections.cut():
            thread.join(timeout=10)
    for client in clients:
        client.close()


def test_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    with Sandbox(tls=context) as sandbox:
        assert sandbox.url.startswith("https://")
        url = f"{sandbox.url}/_sandbox/health"
        answer = requests.get(url, verify=str(CERTIFICATES / "ca.pem"), timeout=30)
        assert answer.json() == {"ok": True}
