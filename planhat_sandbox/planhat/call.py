"""One request that has found its tenant, model and route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.http_messages import Request
    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection
    from planhat_sandbox.planhat.pages import Page
    from planhat_sandbox.planhat.tenant import Tenant

ROUTES: Mapping[tuple[str, bool], str] = {
    ("GET", False): "list",
    ("POST", False): "create",
    ("PUT", False): "bulk",
    ("GET", True): "get",
    ("PUT", True): "update",
    ("DELETE", True): "delete",
}
"""Method, and whether the path names a record, to the name of the route."""

LEAN_COMPANIES = "leancompanies"
"""Path of the list of all companies without pages (lean-companies)."""
LEAN = "lean"
"""Name of its route, which only companies have."""

DUPLICATE = "duplicate"
"""Name of the route ``POST /timeentries/duplicate`` (duplicate-time-entries)."""

ROUTE_NAMES = (*ROUTES.values(), LEAN, DUPLICATE)


def find_route(method: str, segment: str, identifier: str | None) -> tuple[str, str | None]:
    """Find the model and the route of a request.

    Args:
        method: HTTP method.
        segment: First segment of its path.
        identifier: Its second segment; None if there is none.

    Returns:
        The path of the model, and the name of the route; None if there is no such route.
    """
    names_record = identifier is not None
    if (method, segment, identifier) == ("POST", "timeentries", DUPLICATE):
        return segment, DUPLICATE
    if segment != LEAN_COMPANIES:
        return segment, ROUTES.get((method, names_record))
    return "companies", LEAN if (method, names_record) == ("GET", False) else None


@dataclass(slots=True)
class Call:
    """One request that has found its tenant, model and route.

    Attributes:
        request: The request.
        number: Its number in the request log.
        tenant: Whose records it is about.
        collection: The records of its model.
        route: One of `ROUTE_NAMES`.
        identifier: The identifier in the path, decoded; empty if there is none.
        behaviours: The behaviours for this request.
        page: The rows of a list, once they are chosen; faults may change them.
        items: Number of items in the payload or of rows in the response.
    """

    request: Request
    number: int
    tenant: Tenant
    collection: Collection
    route: str
    identifier: str
    behaviours: Behaviours
    page: Page | None = None
    items: int | None = None
