"""HTTP requests and responses as plain values, and how a response is to be delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: In upper case.
        target: Path and query exactly as they were sent.
        segments: Segments of the path, each decoded separately.
        query: The last value of each parameter, decoded.
        headers: By lower-case name.
        body: The content, without any chunked encoding.
    """

    method: str
    target: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a response is sent; the defaults send it correctly.

    Attributes:
        wait_seconds: Wait this long before the first byte.
        reset: Send nothing and reset the connection.
        cut_at: Send this share of the body (0 to 1), then close the connection.
        cut_by_reset: Close it with a reset instead of an orderly end.
        stall_at: Send this share of the body, wait `stall_seconds`, then send the rest.
        stall_seconds: How long to stall.
        framing: ``length``, ``chunked``, or ``close`` (the end of the connection ends the body).
        length_off_by: Added to the correct Content-Length.
        close: Close the connection afterwards.
    """

    wait_seconds: float = 0.0
    reset: bool = False
    cut_at: float | None = None
    cut_by_reset: bool = False
    stall_at: float | None = None
    stall_seconds: float = 0.0
    framing: str = "length"
    length_off_by: int = 0
    close: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One response.

    Attributes:
        status: HTTP status code.
        body: The content.
        headers: Those that not every response has.
        delivery: How it is sent.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)
