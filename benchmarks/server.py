"""A fake Planhat that stores nothing: rendered pages, and success for every bulk upsert.

It knows the issues' list (`limit`, `offset`, `sort`, `select`), an empty list for every other
model, and the bulk upsert, whose items it counts by their `sourceId` and all of which it calls
updated. The token says how late it answers, and how many requests a minute; it answers the others
with 429, without a Retry-After, since Planhat documents none. It is a separate process:
`python -m benchmarks.server` prints its address on stdout. Counts of the rows that a run has read
and written, the sum of the numbers of those written, and its requests: `GET /_counts/<token>`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict

from benchmarks.answers import bulk_answer, page
from benchmarks.quota import Quota
from benchmarks.tenant import Tenant


class Exchange(asyncio.Protocol):
    """One client's connection: HTTP/1.1, kept alive, one request after another."""

    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))  # noqa: RUF012 - all share it
    quotas: dict[str, Quota] = {}  # noqa: RUF012 - all share them

    def __init__(self) -> None:
        self._received = bytearray()
        self._wanted = 0  # bytes of the request being received, once its head is read
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport, for the answers."""
        self._transport = transport  # type: ignore[assignment]  # asyncio's own base is wider

    def data_received(self, data: bytes) -> None:
        """Collect a request; answer it once it is complete."""
        self._received += data
        if not self._wanted:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._wanted = end + 4 + _content_length(bytes(self._received[:end]))
        if len(self._received) >= self._wanted:
            request = bytes(self._received[: self._wanted])
            del self._received[: self._wanted]
            self._wanted = 0
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        if target.startswith("/_counts/"):
            self._send(json.dumps(self.counts[target.removeprefix("/_counts/")]).encode())
            return
        tenant = Tenant.from_token(_header(head, "authorization").split()[-1])
        counts = self.counts[tenant.token]
        counts["requests"] += 1
        status, encoding = b"200 OK", b""
        if self._is_too_much(tenant):
            counts["refused"] += 1
            status, answer = b"429 Too Many Requests", b'{"message":"too many requests"}'
        elif method == "GET":
            wants_gzip = tenant.gzip and "gzip" in _header(head, "accept-encoding")
            rows, answer = page(tenant.rows, target, packed=wants_gzip)
            counts["rows"] += rows
            encoding = b"Content-Encoding: gzip\r\n" if wants_gzip else b""
        else:
            keys, answer = bulk_answer(body)
            counts["items"] += len(keys)
            counts["numbers"] += sum(int(key.rpartition(b"-")[2]) for key in keys)
            counts["bytes_received"] += len(body)
        counts["bytes_sent"] += len(answer)
        if tenant.latency_milliseconds:
            loop = asyncio.get_running_loop()
            loop.call_later(
                tenant.latency_milliseconds / 1000, self._send, answer, encoding, status
            )
        else:
            self._send(answer, encoding, status)

    def _is_too_much(self, tenant: Tenant) -> bool:
        if not tenant.requests_per_minute:
            return False
        now = time.monotonic()
        if tenant.token not in self.quotas:
            self.quotas[tenant.token] = Quota(tenant.requests_per_minute, now)
        return not self.quotas[tenant.token].admits(now)

    def _send(self, body: bytes, encoding: bytes = b"", status: bytes = b"200 OK") -> None:
        if self._transport is not None and not self._transport.is_closing():
            head = b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=utf-8\r\n" % status
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            self._transport.writelines((head, encoding, length, body))


def _header(head: bytes, name: str) -> str:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


def _content_length(head: bytes) -> int:
    return int(_header(head, "content-length") or 0)


async def serve() -> None:
    """Serve on a free port of the loopback until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Exchange, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
