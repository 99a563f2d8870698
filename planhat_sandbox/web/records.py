"""Tenants and records as the page shows them: filtered, sorted, one page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.planhat.listing import sort_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.planhat.store import Collection, Fields
    from planhat_sandbox.sandbox import Sandbox

ROWS = 50
LONGEST_CELL = 60
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
"""What a row shows, of those properties that any of the rows has."""


@dataclass(frozen=True, slots=True)
class RecordsView:
    """Some records of one model.

    Attributes:
        rows: The records.
        columns: Properties to show.
        sort: Property they are sorted by, with a ``-`` for the greatest first.
        search: What they were filtered by.
        start: How many are in front of the first row.
        found: How many pass the filter.
        held: How many there are.
    """

    rows: list[Fields]
    columns: list[str]
    sort: str
    search: str
    start: int
    found: int
    held: int

    @property
    def end(self) -> int:
        """How many are in front of the next page."""
        return self.start + len(self.rows)

    @property
    def before(self) -> int:
        """Where the page in front of this one starts."""
        return max(0, self.start - ROWS)


def tenants(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Count what every tenant holds.

    Args:
        sandbox: Whose tenants.

    Returns:
        Alias and counts by model of each, in the order they were added.
    """
    counted = []
    for tenant in sandbox.tenants:
        with tenant.lock:
            models = {name: len(tenant.collection(name).records) for name in tenant.models}
        counted.append({"alias": tenant.alias, "models": models, "empty": not any(models.values())})
    return counted


def read(collection: Collection, query: Mapping[str, str]) -> RecordsView:
    """Choose records; the caller holds the tenant's lock.

    Args:
        collection: The records.
        query: ``q``: a text that stands anywhere in a record, or ``property=text``; ``sort``:
            a property, with ``-`` for the greatest first; ``from``: how many to skip.

    Returns:
        Up to 50 records.
    """
    search, sort = query.get("q", "").strip(), query.get("sort", "") or "-_id"
    text = query.get("from", "")
    start = int(text) if text.isascii() and text.isdigit() else 0
    prop, descending = sort.removeprefix("-"), sort.startswith("-")
    held = collection.records
    if search:
        passing = [fields for fields in held.values() if _matches(fields, search)]
        passing.sort(key=lambda f: sort_key(f.get(prop), f["_id"]), reverse=descending)
        rows, found = passing[start : start + ROWS], len(passing)
    else:
        page = collection.page(prop, start, ROWS, descending=descending, companies=None)
        rows, found = [held[identifier] for identifier in page], len(held)
    columns = [name for name in COLUMNS if any(name in row for row in rows)]
    return RecordsView(rows, columns or ["_id"], sort, search, start, found, len(held))


def pretty(record: Fields) -> str:
    """Give a record as indented JSON.

    Args:
        record: Its properties.

    Returns:
        Text.
    """
    return msgspec.json.format(encode(record), indent=2).decode()


def short(value: object) -> str:
    """Give a value as the text of a table's cell.

    Args:
        value: Any JSON value.

    Returns:
        At most 60 characters.
    """
    text = _text(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


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
