"""The rows of the fault table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reliability.sides import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reliability.sides import Side

EQUAL, STOPPED = "equal", "stopped"


@dataclass(frozen=True)
class Row:
    """One fault of the table.

    Attributes:
        name: What it is called in the table.
        fault: Name of the sandbox's fault, or `behave`.
        options: Where and when it fires, and its own options.
        lasting: Whether it is permanent, so that the run has to stop.
        reading: Whether it can fire while a connector reads.
        writing: Whether it can fire while a connector writes.
    """

    name: str
    fault: str
    options: Mapping[str, Any] = field(default_factory=dict)
    lasting: bool = False
    reading: bool = True
    writing: bool = True

    @property
    def sides(self) -> tuple[Side, ...]:
        """On which sides it can fire."""
        return tuple(side for side in SIDES if (self.writing if side.writes else self.reading))


def _now_and_then(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - a fault's options
    return {"probability": 0.2, **options}


def _status(name: str, status: int, *, lasting: bool = False, **options: Any) -> Row:  # noqa: ANN401
    return Row(name, "status", {"status": status, **options}, lasting)


TABLE: tuple[Row, ...] = (
    Row("none", "slow", {"seconds": 0.0}),
    _status("429 now and then", 429, probability=0.2),
    _status("429 with Retry-After in seconds", 429, probability=0.2, retry_after="1"),
    _status("429 with Retry-After as a date", 429, probability=0.2, retry_after="date1"),
    _status("429 with Retry-After of a year", 429, nth=3, retry_after="31536000"),
    _status("429 with Retry-After below zero", 429, probability=0.2, retry_after="-5"),
    _status("429 with Retry-After in words", 429, probability=0.2, retry_after="soon"),
    *(_status(f"{s} now and then", s, probability=0.2) for s in (408, 425, 500, 502, 503, 504)),
    _status("503 in bursts of three", 503, every=9, burst=3),
    _status("503 for ever", 503, lasting=True),
    _status("502 with a page of HTML", 502, probability=0.2, body="html"),
    _status("401 in the middle", 401, lasting=True, every=3),
    _status("403 in the middle", 403, lasting=True, every=3),
    _status("418, which nobody documents", 418, lasting=True, every=3),
    Row("500 after the work", "status-after", _now_and_then(status=500)),
    Row("504 after the work", "status-after", _now_and_then(status=504)),
    Row("rate limit per second", "rate-limit", {"per_second": 8}),
    Row("rate limit per second, Retry-After", "rate-limit", {"per_second": 8, "retry_after": "1"}),
    Row("reset before the work", "reset-before", _now_and_then()),
    Row("reset after the work", "reset-after", _now_and_then()),
    Row("body cut in the middle", "cut-body", _now_and_then()),
    Row("body cut by a reset", "cut-body", _now_and_then(reset=True)),
    Row("chunked body cut", "cut-body", _now_and_then(framing="chunked")),
    Row("body cut, no length given", "cut-body", _now_and_then(framing="close", at=0.7)),
    Row("last byte of the body missing", "body", _now_and_then(kind="truncated")),
    Row("HTML with status 200", "body", _now_and_then(kind="html")),
    Row("empty body with status 200", "body", _now_and_then(kind="empty")),
    Row("null with status 200", "body", _now_and_then(kind="null")),
    Row("text with status 200", "body", _now_and_then(kind="not-json")),
    Row("object in place of an array", "body", _now_and_then(kind="object"), writing=False),
    Row("huge answers", "body", {"kind": "huge", "bytes": 300_000_000}, lasting=True),
    Row("answers past the timeout", "slow", {"every": 4, "seconds": 3.0}),
    Row("stall in the middle of a body", "stall", {"every": 4, "seconds": 3.0}),
    Row("Content-Length too large", "wrong-length", _now_and_then(by=10)),
    Row("Content-Length too small", "wrong-length", _now_and_then(by=-1)),
    Row("chunked bodies", "chunked"),
    Row("connections refused for a while", "refuse-connections", {"every": 6, "seconds": 1.0}),
    Row("redirects to another host", "redirect", lasting=True),
    Row("gzip", "behave", {"gzip": True}),
    Row("`limit` clamped", "behave", {"maximum_limit": 17}, writing=False),
    Row("`select` ignored", "behave", {"honours_select": False}, writing=False),
    Row("short pages in the middle", "short-page", _now_and_then(rows=3), writing=False),
    Row("a page repeated", "repeat-page", {"every": 4}, writing=False),
    Row(
        "first attempt still running",
        "apply-late",
        {"probability": 0.3, "seconds": 0.4, "answer_after": 0.5},
        reading=False,
    ),
)
