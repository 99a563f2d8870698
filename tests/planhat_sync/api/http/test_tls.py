"""TLS is always verified; the environment can name a CA of one's own and a proxy."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import threading
from pathlib import Path

import pytest
from raw_server import http, raw_server

from planhat_sync import errors

HERE = Path(__file__).parent / "certificates"
CA, SERVER = HERE / "ca.pem", HERE / "server.pem"


@pytest.fixture
def secure():
    with raw_server(SERVER) as server:
        server.answer_with(then=http(b"[]"))
        yield server


def read(client, model):
    return client.list_page(model, limit=10, offset=0, decode=bytes)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_of_ones_own_can_be_named(secure, connect, issues, monkeypatch, variable):
    monkeypatch.setenv(variable, str(CA))
    assert read(connect(secure.url), issues) == b"[]"
    assert secure.requests[0].headers["authorization"] == "Bearer token-a"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""},
        {"PYTHONHTTPSVERIFY": "0"},
        {"CURL_CA_BUNDLE": "", "SSL_CERT_FILE": "", "SSL_CERT_DIR": ""},
        {"REQUESTS_CA_BUNDLE": str(HERE)},
    ],
)
def test_an_unknown_ca_stops_the_run_and_nothing_can_switch_that_off(
    secure, connect, issues, monkeypatch, environment
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.UnreachableError, match=r"certificate of localhost.*CA_BUNDLE"):
        read(connect(secure.url), issues)
    assert secure.requests == []


def test_a_certificate_of_another_host_stops_the_run(secure, connect, issues, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CA))
    with proxy_to(port_of(secure), []) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(errors.UnreachableError, match=r"certificate of other\.test"):
            read(connect("https://other.test"), issues)
    assert secure.requests == []


@pytest.mark.parametrize("bundle", ["/nowhere/ca.pem", str(Path(__file__)), "0", "False"])
def test_a_bundle_without_certificates_stops_the_run_before_anything_is_sent(
    secure, connect, monkeypatch, bundle
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with pytest.raises(errors.ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        connect(secure.url)
    assert secure.connections == 0


def test_plain_http_from_an_https_server_is_retried_and_then_stops_the_run(connect, issues):
    with tcp_server(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        client = connect(f"https://127.0.0.1:{port}", retry_budget_seconds=5)
        with pytest.raises(errors.UnreachableError, match="TLS failed"):
            client.bulk_upsert(issues, b"[{}]", repeatable=False)
    assert client.transport.requests > 2


def test_a_write_whose_tls_connection_is_cut_counts_as_sent(secure, connect, issues, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CA))
    secure.answer_with(None)
    with pytest.raises(errors.UnknownOutcomeError):
        connect(secure.url).bulk_upsert(issues, b"[{}]", repeatable=False)
    assert len(secure.requests) == 1


@contextlib.contextmanager
def tcp_server(talk):
    """Call `talk` with each connection, in a separate thread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def converse(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            talk(sock)

    def listen() -> None:
        with listener, contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=converse, args=(sock,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def proxy_to(port: int, seen: list[bytes], refusal: bytes = b""):
    """A proxy that connects to one port, whatever is asked for; or refuses."""

    def talk(client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        seen.append(head)
        if refusal:
            client.sendall(refusal)
            return
        with socket.create_connection(("127.0.0.1", port)) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join(5)

    with tcp_server(talk) as own_port:
        yield f"http://user:pass@127.0.0.1:{own_port}"


def port_of(server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def test_a_proxy_carries_the_request_and_never_sees_the_token(secure, connect, issues, monkeypatch):
    seen: list[bytes] = []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CA))
    with proxy_to(port_of(secure), seen) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        client = connect("https://planhat.test")
        assert read(client, issues) == b"[]"
        assert read(client, issues) == b"[]"
    assert len(secure.requests) == 2
    assert [head.split()[:2] for head in seen] == [[b"CONNECT", b"planhat.test:443"]]
    assert b"token-a" not in b"".join(seen)
    assert b"roxy-" in seen[0]  # it gets its own credentials
    assert "proxy-authorization" not in secure.requests[0].headers


@pytest.mark.parametrize("status", [b"407 Who", b"403 No", b"502 Bad"])
def test_a_proxy_that_refuses_is_named_without_its_password(
    secure, connect, issues, monkeypatch, status
):
    seen: list[bytes] = []
    with proxy_to(0, seen, b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(errors.UnreachableError, match="proxy") as stop:
            connect("https://planhat.test", retry_budget_seconds=3).bulk_upsert(
                issues, b"[{}]", repeatable=False
            )
    assert "pass@" not in str(stop.value)
    assert len(seen) > 1


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://"])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(connect, issues, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(errors.StopError, match="proxy"):
        read(connect("https://planhat.test", retry_budget_seconds=1), issues)


def test_a_socks_proxy_is_used_if_its_library_is_installed_and_else_an_error(
    secure, connect, issues, monkeypatch
):
    def talk(client: socket.socket) -> None:
        client.recv(3)  # version, one method
        client.sendall(b"\5\0")
        client.recv(500)  # where to
        with socket.create_connection(("127.0.0.1", port_of(secure))) as server:
            client.sendall(b"\5\0\0\1\x7f\0\0\1\0\0")
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join(5)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CA))
    with tcp_server(talk) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"socks5h://127.0.0.1:{port}")
        client = connect("https://planhat.test")
        if importlib.util.find_spec("socks"):
            assert read(client, issues) == b"[]"
            secure.answer_with(None)
            with pytest.raises(errors.UnknownOutcomeError):  # the request is known to have left
                client.bulk_upsert(issues, b"[{}]", repeatable=False)
        else:
            with pytest.raises(errors.ConfigurationError, match="proxy"):
                read(client, issues)
