"""What was asked of the sandbox: every request, what it got, and when."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST_REQUESTS = 100_000
MOST_BYTES = 64_000_000
"""Room for bodies and headers; the oldest go first."""
HEADER_BYTES = 1_000


@dataclass(slots=True)
class LoggedRequest:
    """One request; filled in as it goes its way.

    Attributes:
        number: 1 for the first.
        method: Upper case.
        path: The path as it was sent, undecoded.
        target: Path and query as they were sent.
        query: Parameters, decoded.
        headers: By lower-case name, without ``authorization``.
        tenant: Alias of the tenant; None when the token is nobody's.
        model: Name of the model; None when there is no such route.
        route: ``list``, ``get``, ``create``, ``update``, ``delete``, ``bulk``; None as above.
        started: Seconds since 1970.
        seconds: How long until the answer began to go out; None as long as it has not.
        status: Status of the answer; None when none was sent.
        items: Items of the payload, or rows of the answer.
        faults: Names of the faults that it met.
        body: The body, as long as there is room for it; the headers go with it.
        in_flight: How many requests were being answered when it came, itself included.
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
        """Give the request for the control route, without headers and body.

        Returns:
            A JSON object.
        """
        names = (
            "number method path query tenant model route started seconds status items faults "
            "in_flight"
        )
        return {name: getattr(self, name) for name in names.split()}


class RequestLog:
    """The newest requests, in the order they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=MOST_REQUESTS)
        self._whole: deque[LoggedRequest] = deque()
        self._bytes = 0
        self._count = 0
        self._in_flight = 0

    def __len__(self) -> int:
        return self._count

    def begin(self, request: LoggedRequest) -> None:
        """Number a request and keep it.

        Args:
            request: As it came.
        """
        with self._lock:
            self._count += 1
            self._in_flight += 1
            request.number = self._count
            request.in_flight = self._in_flight
            self._requests.append(request)
            self._whole.append(request)
            self._bytes += len(request.body) + HEADER_BYTES
            while self._bytes > MOST_BYTES:
                oldest = self._whole.popleft()
                self._bytes -= len(oldest.body) + HEADER_BYTES
                oldest.body, oldest.headers = b"", {}

    def end(self) -> None:
        """Note that a request's answer is ready."""
        with self._lock:
            self._in_flight -= 1

    def snapshot(self) -> list[LoggedRequest]:
        """Give the requests so far.

        Returns:
            The newest 100,000, the oldest of them first.
        """
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Forget the requests; numbers go on."""
        with self._lock:
            self._requests.clear()
            self._whole.clear()
            self._bytes = 0
