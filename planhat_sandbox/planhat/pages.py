"""One page of a list, and the rows that a query asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection

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


def read_page(collection: Collection, query: Mapping[str, str], behaviours: Behaviours) -> Page:
    """Choose the rows of a page.

    Args:
        collection: The records; the caller holds the lock of the tenant.
        query: Decoded parameters; unknown ones are ignored (list-unknown-parameters).
        behaviours: Limits, and which parameters are honoured.

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
    # No order is documented for a list without sort; this one is by creation (list-order).
    sort = query.get("sort", "") if behaviours.honours_sort else ""
    rows = collection.page(
        sort.removeprefix("-") or "_id",
        offset,
        limit,
        descending=sort.startswith("-"),
        companies=_companies(query, behaviours),
    )
    return Page(collection, rows, _selected(query, behaviours), offset, limit)


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise PageRequestError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _companies(query: Mapping[str, str], behaviours: Behaviours) -> frozenset[str] | None:
    text = query.get("companyId", "")
    if not text:
        return None
    return frozenset(text.split(",") if behaviours.company_filter == "list" else (text,))


def _selected(query: Mapping[str, str], behaviours: Behaviours) -> frozenset[str] | None:
    text = query.get("select", "") if behaviours.honours_select else ""
    if text:
        return frozenset(text.split(","))
    return FEW if behaviours.without_select == "few" else None
