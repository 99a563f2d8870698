"""Records as the page shows them: filtered, sorted, 50 at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.planhat.sorted_view import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sandbox.planhat.collection import Collection, Fields
    from planhat_sandbox.planhat.tenant import Tenant

ROWS = 50
MAX_CELL_CHARACTERS = 60
COLUMNS = (
    "_id",
    "title",
    "name",
    "email",
    "sourceId",
    "externalId",
    "status",
    "health",
    "priority",
    "updatedAt",
    "companyId",
    "companyIds",
)
"""Columns of the table; those that no row has are left out."""


@dataclass(frozen=True, slots=True)
class RecordsView:
    """Some records of one model.

    Attributes:
        rows: The records.
        columns: Properties to show.
        sort: Property they are sorted by, with a ``-`` for descending order.
        search: The filter.
        start: Number of matching records before the first row.
        found: Number of matching records.
        total: Number of all records.
    """

    rows: list[Fields]
    columns: list[str]
    sort: str
    search: str
    start: int
    found: int
    total: int

    @property
    def end(self) -> int:
        """Number of matching records before the next page."""
        return self.start + len(self.rows)

    @property
    def before(self) -> int:
        """Start of the previous page."""
        return max(0, self.start - ROWS)


def count(tenants: Iterable[Tenant]) -> list[dict[str, Any]]:
    """Count the records of tenants.

    Args:
        tenants: The tenants.

    Returns:
        Alias and counts by model of each, in the same order.
    """
    counted = []
    for tenant in tenants:
        models = tenant.counts()
        counted.append({"alias": tenant.alias, "models": models, "empty": not any(models.values())})
    return counted


def read(collection: Collection, query: Mapping[str, str]) -> RecordsView:
    """Return the records that match a query; the caller holds the lock of the tenant.

    Args:
        collection: The records.
        query: ``q``: a text that occurs anywhere in a record, or ``property=text``; ``sort``: a
            property, with ``-`` for descending order; ``from``: how many to skip.

    Returns:
        Up to 50 records.
    """
    search, sort = query.get("q", "").strip(), query.get("sort", "") or "-_id"
    text = query.get("from", "")
    start = int(text) if text.isascii() and text.isdigit() else 0
    prop, descending = sort.removeprefix("-"), sort.startswith("-")
    everything = collection.records
    if search:
        matching = [fields for fields in everything.values() if _matches(fields, search)]
        matching.sort(key=lambda f: sort_key(f.get(prop), f["_id"]), reverse=descending)
        rows, found = matching[start : start + ROWS], len(matching)
    else:
        page = collection.page(prop, start, ROWS, descending=descending, companies=None)
        rows, found = [everything[identifier] for identifier in page], len(everything)
    columns = [name for name in COLUMNS if any(name in row for row in rows)]
    return RecordsView(rows, columns or ["_id"], sort, search, start, found, len(everything))


def pretty(record: Fields) -> str:
    """Return a record as indented JSON.

    Args:
        record: Its properties.
    """
    return msgspec.json.format(encode(record), indent=2).decode()


def short(value: object) -> str:
    """Return a value as the text of a table cell.

    Args:
        value: Any JSON value.

    Returns:
        At most 60 characters.
    """
    text = _text(value)
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{text[: MAX_CELL_CHARACTERS - 1]}…"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return encode(value).decode()


def _matches(fields: Fields, search: str) -> bool:
    prop, equals, text = search.partition("=")
    if equals and prop in fields:
        return text.casefold() in _text(fields[prop]).casefold()
    return search.casefold() in encode(fields).decode().casefold()
