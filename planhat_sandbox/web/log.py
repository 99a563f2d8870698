"""The request log as the page shows it, 100 requests at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sandbox.server.request_log import LoggedRequest

ROWS = 100
MAX_BODY_CHARACTERS = 20_000
PARTIAL, FIRST_REFUSAL, FIRST_ERROR = 206, 400, 500


@dataclass(frozen=True, slots=True)
class LogView:
    """Some requests of the log.

    Attributes:
        rows: The requests, newest first.
        tenant: Only requests of this tenant; empty for all.
        problems: Whether only requests without full success are shown.
        before: Only requests with a smaller number; None for the newest.
        older: The value of `before` for the next rows; None if these are the oldest.
    """

    rows: list[LoggedRequest]
    tenant: str
    problems: bool
    before: int | None
    older: int | None


def read(requests: Sequence[LoggedRequest], query: Mapping[str, str]) -> LogView:
    """Return the requests that match a query.

    Args:
        requests: The log, oldest first.
        query: ``tenant``, ``trouble`` and ``before``, as the page's form sends them.

    Returns:
        Up to 100 requests.
    """
    tenant, problems = query.get("tenant", ""), query.get("trouble") == "1"
    before = query.get("before", "")
    limit = int(before) if before.isascii() and before.isdigit() else None
    chosen = (
        request
        for request in reversed(requests)
        if (limit is None or request.number < limit)
        and (not tenant or request.tenant == tenant)
        and (not problems or result(request) != "ok")
    )
    rows = list(islice(chosen, ROWS + 1))
    older = rows[ROWS - 1].number if len(rows) > ROWS else None
    return LogView(rows[:ROWS], tenant, problems, limit, older)


def find(requests: Sequence[LoggedRequest], number: str) -> LoggedRequest | None:
    """Return a request by its number.

    Args:
        requests: The log, oldest first.
        number: As it is written in the path.

    Returns:
        The request; None if it is not in the log.
    """
    wanted = int(number) if number.isascii() and number.isdigit() else 0
    return next((entry for entry in reversed(requests) if entry.number == wanted), None)


def result(request: LoggedRequest) -> str:
    """Return the result of a request, as a CSS class.

    Args:
        request: A request.

    Returns:
        ``ok``, ``partial``, ``refused``, ``failed`` (also without a response) or ``open``.
    """
    if request.seconds is None:
        return "open"
    if request.status is None or request.status >= FIRST_ERROR:
        return "failed"
    if request.status >= FIRST_REFUSAL:
        return "refused"
    return "partial" if request.status == PARTIAL else "ok"


def readable(body: bytes) -> str:
    """Return a body as readable text.

    Args:
        body: As it was sent.

    Returns:
        Indented JSON if it is JSON; at most 20,000 characters.
    """
    try:
        text = msgspec.json.format(body, indent=2).decode()
    except (ValueError, msgspec.MsgspecError):
        text = body.decode("utf-8", "replace")
    return text if len(text) <= MAX_BODY_CHARACTERS else f"{text[:MAX_BODY_CHARACTERS]}\n…"


def decoded(target: str, longest: int) -> str:
    """Return the path and query of a request without percent-encoding.

    Args:
        target: As it was sent.
        longest: Maximum number of characters.
    """
    text = unquote(target, errors="replace")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def clock(seconds: float) -> str:
    """Return the time of day in UTC.

    Args:
        seconds: Since 1970.

    Returns:
        ``12:34:56.789``.
    """
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%H:%M:%S.%f")[:-3]


def iso(seconds: float) -> str:
    """Return a time in ISO 8601.

    Args:
        seconds: Since 1970.

    Returns:
        ``2026-01-31T12:34:56.789+00:00``.
    """
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
