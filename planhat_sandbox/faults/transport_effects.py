"""Faults of the way: throttling, errors, connections that break, answers that are not answers."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from email.utils import formatdate

from planhat_sandbox.faults.incidents import Effect, Incident
from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.server.wire import Delivery, Response

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


def _status(incident: Incident) -> None:
    options = incident.options
    text = options["body"] or f"the sandbox was asked to answer {options['status']}"
    html = text == "html"
    headers = {"Content-Type": "text/html"} if html else {}
    incident.response = Response(
        options["status"], HTML if html else encode({"message": text}), headers
    )
    _set_retry_after(incident, options["retry_after"])


def _set_retry_after(incident: Incident, retry_after: str) -> None:
    """Set Retry-After: ``date+N`` = the date in N seconds; anything else goes out as it is."""
    if not retry_after or incident.response is None:
        return
    if date := _DATE.fullmatch(retry_after):
        seconds = float(date[1] or "1")
        retry_after = formatdate(time.time() + seconds, usegmt=True)
    headers = {**incident.response.headers, "Retry-After": retry_after}
    incident.response = replace(incident.response, headers=headers)


def _rate_limit(incident: Incident) -> None:
    """Count the requests of the last second and minute, and refuse those beyond."""
    with incident.call.tenant.lock:
        _count_request(incident, time.monotonic())


def _count_request(incident: Incident, now: float) -> None:
    stamps: list[float] = incident.memory.setdefault("stamps", [])
    stamps[:] = [stamp for stamp in stamps if stamp > now - 60]
    last_second = sum(stamp > now - 1 for stamp in stamps)
    per_second, per_minute = incident.options["per_second"], incident.options["per_minute"]
    too_fast = per_second and last_second >= per_second
    if too_fast or (per_minute and len(stamps) >= per_minute):
        incident.memory["refused"] = incident.memory.get("refused", 0) + 1
        incident.response = Response(429, encode({"message": "too many requests"}))
        if incident.options["retry_after"]:
            _set_retry_after(incident, incident.options["retry_after"])
    else:
        stamps.append(now)


def _deliver(incident: Incident, **changes: object) -> None:
    response = incident.response or Response(200)
    # `changes` are field names of Delivery, written out below at each call.
    delivery = replace(response.delivery, **changes)  # type: ignore[arg-type]
    incident.response = replace(response, delivery=delivery)


def _reset_before(incident: Incident) -> None:
    incident.response = Response(0, delivery=Delivery(reset=True))


def _reset_after(incident: Incident) -> None:
    _deliver(incident, reset=True)


def _cut_body(incident: Incident) -> None:
    options = incident.options
    _deliver(
        incident, cut_at=options["at"], cut_by_reset=options["reset"], framing=options["framing"]
    )


def _slow(incident: Incident) -> None:
    _deliver(incident, wait_seconds=incident.options["seconds"])


def _stall(incident: Incident) -> None:
    _deliver(incident, stall_at=incident.options["at"], stall_seconds=incident.options["seconds"])


def _wrong_length(incident: Incident) -> None:
    _deliver(incident, length_off_by=incident.options["by"])


def _chunked(incident: Incident) -> None:
    _deliver(incident, framing="chunked")


def _redirect(incident: Incident) -> None:
    to = incident.options["to"] + incident.call.request.target
    incident.response = Response(incident.options["status"], b"", {"Location": to})


def _body(incident: Incident) -> None:
    """Put another body, with a status that says that all is well, in the answer's place."""
    kind = incident.options["kind"]
    if kind == "truncated":
        body = (incident.response or Response(200)).body[:-1]
    elif kind == "huge":
        body = b"[" + b" " * incident.options["bytes"] + b"]"
    else:
        body = BODIES[kind]
    headers = {"Content-Type": "text/html"} if kind == "html" else {}
    incident.response = Response(incident.options["status"], body, headers)


def _refuse_connections(incident: Incident) -> None:
    incident.refuse(incident.options["seconds"])
    incident.response = Response(0, delivery=Delivery(reset=True))


TRANSPORT_EFFECTS = (
    Effect(
        "status",
        False,
        "Answers with a status instead of working: 429, 500, 502, 503, 504, 401, 403, 408 …; "
        "`retry_after` is sent as it is (`2`, `-1`, `soon`), `date5` as the date in 5 seconds; "
        "`body=html` sends a page.",
        {"status": 503, "retry_after": "", "body": ""},
        _status,
    ),
    Effect(
        "status-after",
        True,
        "Works, then answers with an error status all the same.",
        {"status": 500, "retry_after": "", "body": ""},
        _status,
    ),
    Effect(
        "rate-limit",
        False,
        "Answers 429 beyond so many requests per second and per minute; 0 = no limit.",
        {"per_second": 0, "per_minute": 0, "retry_after": ""},
        _rate_limit,
    ),
    Effect("reset-before", False, "Resets the connection before the work.", {}, _reset_before),
    Effect(
        "reset-after",
        True,
        "Does the work, then resets the connection: the answer is lost.",
        {},
        _reset_after,
    ),
    Effect(
        "cut-body",
        True,
        "Does the work and sends only a share of the body; `framing` is `length`, `chunked` or "
        "`close` (then only the JSON tells).",
        {"at": 0.5, "reset": False, "framing": "length"},
        _cut_body,
        {"framing": ("length", "chunked", "close")},
    ),
    Effect("slow", True, "Does the work at once and answers late.", {"seconds": 1.0}, _slow),
    Effect(
        "stall",
        True,
        "Does the work, then stops for a while in the middle of the body.",
        {"at": 0.5, "seconds": 1.0},
        _stall,
    ),
    Effect(
        "wrong-length",
        True,
        "Does the work; Content-Length is off by so many bytes.",
        {"by": 10},
        _wrong_length,
    ),
    Effect("chunked", True, "Answers in chunks.", {}, _chunked),
    Effect(
        "redirect",
        False,
        "Redirects to another host instead of working.",
        {"status": 302, "to": "http://redirected.invalid"},
        _redirect,
    ),
    Effect(
        "body",
        True,
        "Does the work, then answers with another body: `empty`, `html`, `null`, `string`, "
        "`object`, `truncated`, `not-json` or `huge`.",
        {"kind": "html", "status": 200, "bytes": 100_000_000},
        _body,
        {"kind": (*BODIES, "truncated", "huge")},
    ),
    Effect(
        "refuse-connections",
        False,
        "Cuts every connection and refuses new ones for a while.",
        {"seconds": 1.0},
        _refuse_connections,
    ),
)
