"""One page of a list: which rows the query asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.store import Collection

FEW = frozenset({"_id", "name", "title"})
"""What a row shows when `without_select` is ``few`` (list-without-select)."""


class PageRequestError(ValueError):
    """A parameter of a list cannot be read."""


@dataclass(slots=True)
class Page:
    """The rows of one answer.

    Attributes:
        collection: Where they are.
        rows: `_id`s in order.
        select: Properties to show; None = all.
        offset: Rows in front of it.
        limit: Rows asked for, after the clamp.
    """

    collection: Collection
    rows: list[str]
    select: frozenset[str] | None
    offset: int
    limit: int

    def encoded(self) -> bytes:
        """Encode the rows: a bare array (list-bare-array).

        Returns:
            JSON.
        """
        encoded = self.collection.encoded
        return b"[" + b",".join([encoded(row, self.select) for row in self.rows]) + b"]"


def read_page(collection: Collection, query: Mapping[str, str], behaviours: Behaviours) -> Page:
    """Choose the rows of a page.

    Args:
        collection: Where to look; its tenant is locked.
        query: Parameters, decoded; unknown ones are ignored (list-unknown-parameters).
        behaviours: Limits, and what is honoured.

    Returns:
        The page.

    Raises:
        PageRequestError: A parameter is not what it must be.
    """
    limit = _count(query, "limit", behaviours.default_limit)
    if limit > behaviours.maximum_limit and behaviours.above_maximum == "refuse":
        raise PageRequestError(f"limit must not exceed {behaviours.maximum_limit}")
    limit = min(limit, behaviours.maximum_limit)
    offset = _count(query, "offset", 0) if behaviours.honours_offset else 0
    # No order is documented for a list without sort; ours is the order of creation (list-order).
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
