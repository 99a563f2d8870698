"""Who answers a request: the page, a control route, or the fake API."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from planhat_sandbox.http_messages import Request, Response
from planhat_sandbox.server.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_sandbox.server.connections import Handler


class Route(NamedTuple):
    """A kind of request, and who answers it.

    Attributes:
        matches: Whether a request is of this kind.
        handler: Answers it.
    """

    matches: Callable[[Request], bool]
    handler: Handler


class Router:
    """Passes each request on to the first route that matches.

    Args:
        routes: In the order in which they are tried.
        default: Answers every other request.
    """

    def __init__(self, routes: Sequence[Route], default: Handler) -> None:
        self._routes = routes
        self._default = default

    def answer(self, request: Request) -> Response:
        """Answer one request.

        Args:
            request: Any request.

        Returns:
            The response.
        """
        if not is_loopback(_host(request)):
            # A web page can make a name of its own resolve to a loopback address.
            return Response(403, b'{"message":"the sandbox answers to loopback names only"}')
        for route in self._routes:
            if route.matches(request):
                return route.handler(request)
        return self._default(request)


def _host(request: Request) -> str:
    """Return the host that a request names, without its port."""
    host = request.headers.get("host", "localhost")
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
