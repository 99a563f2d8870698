"""Faults of the response: another status, rate limits, redirects, another body."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from planhat_sandbox.faults.injection import Effect
from planhat_sandbox.http_messages import Response
from planhat_sandbox.planhat.codec import encode

if TYPE_CHECKING:
    from planhat_sandbox.faults.injection import Injection

_DATE = re.compile(r"date([+-]?[0-9]+(?:\.[0-9]+)?)?")
HTML = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"
BODIES = {
    "empty": b"",
    "html": HTML,
    "null": b"null",
    "string": b'""',
    "object": b'{"data":[]}',
    "not-json": b"OK",
}


def _status(injection: Injection) -> None:
    options = injection.options
    text = options["body"] or f"the sandbox was asked to answer {options['status']}"
    html = text == "html"
    headers = {"Content-Type": "text/html"} if html else {}
    body = HTML if html else encode({"message": text})
    response = Response(options["status"], body, headers)
    injection.response = _with_retry_after(response, options["retry_after"])


def _with_retry_after(response: Response, retry_after: str) -> Response:
    """Add Retry-After; ``date+N`` stands for the date in N seconds, other text is sent as it is."""
    if not retry_after:
        return response
    if date := _DATE.fullmatch(retry_after):
        retry_after = formatdate(time.time() + float(date[1] or "1"), usegmt=True)
    return replace(response, headers={**response.headers, "Retry-After": retry_after})


def _rate_limit(injection: Injection) -> None:
    """Count the requests of the last second and minute, and refuse those over the limit."""
    with injection.call.tenant.lock:
        _count_request(injection, time.monotonic())


def _count_request(injection: Injection, now: float) -> None:
    stamps: list[float] = injection.state.setdefault("stamps", [])
    stamps[:] = [stamp for stamp in stamps if stamp > now - 60]
    last_second = sum(stamp > now - 1 for stamp in stamps)
    per_second, per_minute = injection.options["per_second"], injection.options["per_minute"]
    if (per_second and last_second >= per_second) or (per_minute and len(stamps) >= per_minute):
        response = Response(429, encode({"message": "too many requests"}))
        injection.response = _with_retry_after(response, injection.options["retry_after"])
    else:
        stamps.append(now)


def _redirect(injection: Injection) -> None:
    to = injection.options["to"] + injection.call.request.target
    injection.response = Response(injection.options["status"], b"", {"Location": to})


def _body(injection: Injection) -> None:
    kind = injection.options["kind"]
    if kind == "truncated":
        body = (injection.response or Response(200)).body[:-1]
    elif kind == "huge":
        body = b"[" + b" " * injection.options["bytes"] + b"]"
    else:
        body = BODIES[kind]
    headers = {"Content-Type": "text/html"} if kind == "html" else {}
    injection.response = Response(injection.options["status"], body, headers)


RESPONSE_EFFECTS = (
    Effect(
        "status",
        False,
        "Responds with a status (429, 500, 502, 503, 504, 401, 403, 408, …) without performing "
        "the request. `retry_after` is sent as it is (`2`, `-1`, `soon`); `date5` stands for the "
        "date in 5 seconds. `body=html` sends an HTML page.",
        {"status": 503, "retry_after": "", "body": ""},
        _status,
    ),
    Effect(
        "status-after",
        True,
        "Performs the request, then responds with an error status.",
        {"status": 500, "retry_after": "", "body": ""},
        _status,
    ),
    Effect(
        "rate-limit",
        False,
        "Responds with 429 to requests over a limit per second or per minute; 0 = no limit.",
        {"per_second": 0, "per_minute": 0, "retry_after": ""},
        _rate_limit,
    ),
    Effect(
        "redirect",
        False,
        "Redirects to another host without performing the request.",
        {"status": 302, "to": "http://redirected.invalid"},
        _redirect,
    ),
    Effect(
        "body",
        True,
        "Performs the request, then responds with another body: `empty`, `html`, `null`, "
        "`string`, `object`, `truncated`, `not-json` or `huge`.",
        {"kind": "html", "status": 200, "bytes": 100_000_000},
        _body,
        {"kind": (*BODIES, "truncated", "huge")},
    ),
)
