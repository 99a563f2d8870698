"""The log of the requests to the fake API."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MAX_REQUESTS = 100_000
MAX_BYTES = 64_000_000
"""Limit for bodies and headers; the oldest are dropped first."""
HEADER_BYTES = 1_000


@dataclass(slots=True)
class LoggedRequest:
    """One request; completed while it is answered.

    Attributes:
        number: 1 for the first request.
        method: In upper case.
        path: The path as it was sent, not decoded.
        target: Path and query as they were sent.
        query: Parameters, decoded.
        headers: By lower-case name, without ``authorization``.
        tenant: Alias of the tenant; None if the token is unknown.
        model: Name of the model; None if there is no such route.
        route: ``list``, ``get``, ``create``, ``update``, ``delete``, ``bulk``, ``lean``; None as
            above.
        started: Seconds since 1970.
        seconds: Duration until the response was ready; None until then.
        status: Status of the response; None if none was sent.
        items: Number of items in the payload, or of rows in the response.
        faults: Names of the faults that fired.
        body: The body; dropped together with the headers when the limit is reached.
        in_flight: Number of requests being answered when it came, including itself.
    """

    number: int
    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    tenant: str | None = None
    model: str | None = None
    route: str | None = None
    started: float = 0.0
    seconds: float | None = None
    status: int | None = None
    items: int | None = None
    faults: list[str] = field(default_factory=list)
    body: bytes = b""
    in_flight: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the request as a JSON object, without headers and body."""
        names = (
            "number method path query tenant model route started seconds status items faults "
            "in_flight"
        )
        return {name: getattr(self, name) for name in names.split()}


class RequestLog:
    """The newest requests, in the order in which they came. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=MAX_REQUESTS)
        self._with_body: deque[LoggedRequest] = deque()
        self._bytes = 0
        self._count = 0
        self._in_flight = 0

    def __len__(self) -> int:
        return self._count

    def begin(self, request: LoggedRequest) -> None:
        """Number a request and add it.

        Args:
            request: The request.
        """
        with self._lock:
            self._count += 1
            self._in_flight += 1
            request.number = self._count
            request.in_flight = self._in_flight
            self._requests.append(request)
            self._with_body.append(request)
            self._bytes += len(request.body) + HEADER_BYTES
            while self._bytes > MAX_BYTES:
                oldest = self._with_body.popleft()
                self._bytes -= len(oldest.body) + HEADER_BYTES
                oldest.body, oldest.headers = b"", {}

    def end(self) -> None:
        """Note that a request has been answered."""
        with self._lock:
            self._in_flight -= 1

    def snapshot(self) -> list[LoggedRequest]:
        """Return the newest 100,000 requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Remove all requests; numbering continues."""
        with self._lock:
            self._requests.clear()
            self._with_body.clear()
            self._bytes = 0
