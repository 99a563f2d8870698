"""One page of a list, and the rows that a query asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sandbox.planhat.filters import read_conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection
    from planhat_sandbox.planhat.model import SandboxModel

FEW = frozenset({"_id", "name", "title"})
"""Properties of a row when `without_select` is ``few`` (list-without-select)."""


class PageRequestError(ValueError):
    """A query parameter of a list cannot be read."""


@dataclass(slots=True)
class Page:
    """The rows of one response.

    Attributes:
        collection: The collection of the rows.
        rows: Their `_id`s, in order.
        select: Properties to include; None for all.
        offset: Number of rows before this page.
        limit: Maximum number of rows, after clamping.
    """

    collection: Collection
    rows: list[str]
    select: frozenset[str] | None
    offset: int
    limit: int

    def encoded(self) -> bytes:
        """Return the rows as a bare JSON array (list-bare-array)."""
        encoded = self.collection.encoded
        return b"[" + b",".join([encoded(row, self.select) for row in self.rows]) + b"]"


def read_page(
    collection: Collection, query: Mapping[str, str], behaviours: Behaviours, now: float
) -> Page:
    """Choose the rows of a page.

    Args:
        collection: The records; the caller holds the lock of the tenant.
        query: Decoded parameters; unknown ones are ignored (list-unknown-parameters).
        behaviours: Limits, and which parameters are honoured.
        now: Seconds since 1970.

    Returns:
        The page.

    Raises:
        PageRequestError: A parameter has an invalid value.
    """
    model = collection.model
    limit = _count(query, "limit", behaviours.default_limit or model.default_limit)
    maximum = behaviours.maximum_limit or model.maximum_limit
    if limit > maximum and behaviours.above_maximum == "refuse":
        raise PageRequestError(f"limit must not exceed {maximum}")
    limit = min(limit, maximum)
    offset = _count(query, "offset", 0) if behaviours.honours_offset else 0
    rows = read_rows(collection, query, behaviours, now, offset=offset, limit=limit)
    return Page(collection, rows, _selected(model, query, behaviours), offset, limit)


def read_rows(
    collection: Collection,
    query: Mapping[str, str],
    behaviours: Behaviours,
    now: float,
    *,
    offset: int,
    limit: int,
) -> list[str]:
    """Choose the rows of a list, in its order.

    Args:
        collection: The records; the caller holds the lock of the tenant.
        query: Decoded parameters.
        behaviours: Which parameters are honoured.
        now: Seconds since 1970.
        offset: Rows to skip.
        limit: Maximum number of rows.

    Returns:
        Their `_id`s.
    """
    model = collection.model
    sort = query.get("sort", "") if behaviours.honours_sort else ""
    sort = sort or _order(model, behaviours)
    complete = behaviours.default_lists == "complete"
    return collection.page(
        sort.removeprefix("-") or "_id",
        offset,
        limit,
        descending=sort.startswith("-"),
        companies=_companies(model, query, behaviours),
        conditions=(
            read_conditions(model.filters, query, now, defaults=not complete)
            if model.filters
            else ()
        ),
    )


def _order(model: SandboxModel, behaviours: Behaviours) -> str:
    """Return the order of a list without sort, as `sort` would name it (list-order)."""
    orders = {"oldest-first": "_id", "newest-first": "-_id"}
    return orders.get(behaviours.order_without_sort, model.order)


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise PageRequestError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _companies(
    model: SandboxModel, query: Mapping[str, str], behaviours: Behaviours
) -> frozenset[str] | None:
    text = next((query[name] for name in model.company_filters if query.get(name)), "")
    if not text:
        return None
    several = behaviours.company_filter == "list" or (
        behaviours.company_filter == "documented" and model.several_companies
    )
    return frozenset(text.split(",") if several else (text,))


def _selected(
    model: SandboxModel, query: Mapping[str, str], behaviours: Behaviours
) -> frozenset[str] | None:
    text = query.get("select", "") if behaviours.honours_select else ""
    if text:
        return frozenset(text.split(","))
    return {"few": FEW, "documented": model.listed}.get(behaviours.without_select)
