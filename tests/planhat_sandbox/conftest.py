"""A client that reads the raw bytes of a response, and one that speaks HTTP."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

BEARER = {"Authorization": "Bearer token-a"}


@dataclass
class Received:
    """The bytes received over one connection; `end` is closed, reset, refused or open."""

    data: bytes
    end: str

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    def header(self, name: str) -> str | None:
        for line in self.head.splitlines()[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


class Api:
    """One tenant, over HTTP."""

    def __init__(self, sandbox, token):
        self.sandbox = sandbox
        self.tenant = sandbox.tenant(token)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        return self.session.request(
            method,
            f"{self.sandbox.url}/{path}",
            json=body,
            params=params,
            timeout=60,
            allow_redirects=False,
        )

    def get(self, path: str, **params: Any) -> Any:
        response = self.call("GET", path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def bulk(self, items: Any, model: str = "issues") -> requests.Response:
        return self.call("PUT", model, items)

    def control(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        response = self.call(method, f"_sandbox/{path}", body, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def raw(self, method="GET", target="/issues", body=b"", headers=None, timeout=30.0) -> Received:
        """Send one request over a new connection, and read until it ends."""
        address = urlsplit(self.sandbox.url)
        lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer token-a"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        try:
            connection = socket.create_connection((address.hostname, address.port), timeout)
        except ConnectionRefusedError:
            return Received(b"", "refused")
        except ConnectionResetError:
            return Received(b"", "reset")
        with connection:
            try:
                connection.sendall("\r\n".join(lines).encode() + body)
            except ConnectionError:
                return Received(b"", "reset")
            return read_to_end(connection)


def read_to_end(connection: socket.socket) -> Received:
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionResetError:
        return Received(data, "reset")
    except TimeoutError:
        return Received(data, "open")
    return Received(data, "closed")


@pytest.fixture
def api(sandbox):
    client = Api(sandbox, "token-a")
    yield client
    client.session.close()


@pytest.fixture
def company(api):
    """Return the `_id` of a company in the tenant of token-a."""
    return api.tenant.insert("companies", {"name": "Tenet", "externalId": "tenet"})["_id"]
