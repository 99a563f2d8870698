"""The request log as the page shows it."""

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
LONGEST_BODY = 20_000
PARTIAL, FIRST_REFUSAL, FIRST_ERROR = 206, 400, 500


@dataclass(frozen=True, slots=True)
class LogView:
    """Some rows of the log.

    Attributes:
        rows: The newest first.
        tenant: Only requests of this tenant; empty = all.
        trouble: Whether only requests that did not go well are shown.
        before: Only requests with a smaller number; None = the newest.
        older: Number to go on before; None when these are the oldest.
    """

    rows: list[LoggedRequest]
    tenant: str
    trouble: bool
    before: int | None
    older: int | None


def read_log(requests: Sequence[LoggedRequest], query: Mapping[str, str]) -> LogView:
    """Choose rows of the log.

    Args:
        requests: The log, the oldest first.
        query: ``tenant``, ``trouble`` and ``before``, as the page's form sends them.

    Returns:
        Up to 100 rows.
    """
    tenant, trouble = query.get("tenant", ""), query.get("trouble") == "1"
    before = query.get("before", "")
    limit = int(before) if before.isascii() and before.isdigit() else None
    chosen = (
        request
        for request in reversed(requests)
        if (limit is None or request.number < limit)
        and (not tenant or request.tenant == tenant)
        and (not trouble or kind(request) != "good")
    )
    rows = list(islice(chosen, ROWS + 1))
    older = rows[ROWS - 1].number if len(rows) > ROWS else None
    return LogView(rows[:ROWS], tenant, trouble, limit, older)


def find(requests: Sequence[LoggedRequest], number: str) -> LoggedRequest | None:
    """Find a request by its number.

    Args:
        requests: The log, the oldest first.
        number: As it stands in the path.

    Returns:
        The request; None when it is not there (any more).
    """
    wanted = int(number) if number.isascii() and number.isdigit() else 0
    return next((entry for entry in reversed(requests) if entry.number == wanted), None)


def kind(request: LoggedRequest) -> str:
    """Tell at a glance how a request went.

    Args:
        request: A request.

    Returns:
        ``good``, ``partial``, ``refused``, ``failed`` (also: no answer), or ``open``.
    """
    if request.seconds is None:
        return "open"
    if request.status is None or request.status >= FIRST_ERROR:
        return "failed"
    if request.status >= FIRST_REFUSAL:
        return "refused"
    return "partial" if request.status == PARTIAL else "good"


def readable(body: bytes) -> str:
    """Give a body as text to read.

    Args:
        body: As it came.

    Returns:
        Indented when it is JSON; the first 20,000 characters.
    """
    try:
        text = msgspec.json.format(body, indent=2).decode()
    except (ValueError, msgspec.MsgspecError):
        text = body.decode("utf-8", "replace")
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n…"


def spoken(target: str, longest: int) -> str:
    """Give a request's path and query as a person writes them.

    Args:
        target: As it was sent, percent signs and all.
        longest: How many characters at most.

    Returns:
        The decoded text.
    """
    text = unquote(target, errors="replace")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def clock(seconds: float) -> str:
    """Give a time of day, UTC.

    Args:
        seconds: Since 1970.

    Returns:
        ``12:34:56.789``.
    """
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%H:%M:%S.%f")[:-3]


def iso(seconds: float) -> str:
    """Give a moment for machines.

    Args:
        seconds: Since 1970.

    Returns:
        ``2026-01-31T12:34:56.789+00:00``.
    """
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
