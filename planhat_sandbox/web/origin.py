"""Whether a request that changes something was sent by the sandbox's own page, or by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planhat_sandbox.server.wire import Request


def is_from_elsewhere(request: Request, *, origin_required: bool = True) -> bool:
    """Tell whether a browser may have sent this for somebody else's page.

    Browsers name the origin of every POST, PATCH and DELETE, and no page can make them lie
    (Fetch standard, "Origin header"). A name that is not loopback never gets this far: the exchange
    refuses it, which leaves a rebound DNS name outside.

    Args:
        request: A request that changes something.
        origin_required: Whether one without an origin is suspect too. Programs send none: the
            control routes take them, the page's buttons do not.

    Returns:
        True when it must be refused.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return origin_required
    host = request.headers.get("host", "")
    return origin not in (f"http://{host}", f"https://{host}")
