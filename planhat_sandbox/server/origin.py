"""Whether a request that changes something may come from a page of another origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planhat_sandbox.http_messages import Request


def is_cross_origin(request: Request, *, origin_required: bool = True) -> bool:
    """Return whether a browser may have sent this request for a page of another origin.

    Browsers send the Origin of every POST, PATCH and DELETE, and a page cannot forge it (Fetch
    standard, "Origin header"). A Host that is not loopback never gets this far: the router refuses
    it, which rules out DNS rebinding.

    Args:
        request: A request that changes something.
        origin_required: Whether a request without an Origin is refused too. Programs send none:
            the control routes accept them, the buttons of the page do not.

    Returns:
        True if the request must be refused.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return origin_required
    host = request.headers.get("host", "")
    return origin not in (f"http://{host}", f"https://{host}")
