"""Control routes under ``/_sandbox/``: what a test does without going through the fake API."""

from __future__ import annotations

from typing import Any

from planhat_sandbox.http_messages import Request, Response
from planhat_sandbox.planhat.codec import decode, encode
from planhat_sandbox.server.control_actions import CONTROLS, Controlled
from planhat_sandbox.server.origin import is_cross_origin


def is_control(request: Request) -> bool:
    """Return whether a request is for a control route.

    Args:
        request: Any request.
    """
    return request.segments[:1] == ("_sandbox",)


class Control:
    """Answers control requests, in JSON.

    Args:
        controlled: What the routes read and change.
    """

    def __init__(self, controlled: Controlled) -> None:
        self._controlled = controlled

    def answer(self, request: Request) -> Response:
        """Answer a control request.

        Args:
            request: One for which `is_control` holds.

        Returns:
            200; or 400, 403 or 404 with a message.
        """
        if is_cross_origin(request, origin_required=False):
            return _error(403, "a page of another origin is not allowed to use control routes")
        name = request.segments[1] if len(request.segments) > 1 else ""
        found = CONTROLS.get((request.method, name))
        if found is None:
            known = ", ".join(f"{method} /_sandbox/{name}" for method, name in sorted(CONTROLS))
            return _error(404, f"no such control route; there are {known}")
        try:
            result = found.action(self._controlled, request, _read_values(request))
        except LookupError as error:
            return _error(404, f"not found: {error}")
        except (ValueError, TypeError) as error:
            return _error(400, str(error))
        return Response(200, encode(result))


def _error(status: int, message: str) -> Response:
    return Response(status, encode({"message": message}))


def _read_values(request: Request) -> dict[str, Any]:
    values = decode(request.body) if request.body else {}
    if not isinstance(values, dict):
        raise TypeError("the body must be a JSON object")
    return values
