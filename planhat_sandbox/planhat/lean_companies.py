"""The list of all companies without pages: their ids, names and keys (lean-companies)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection

Row = dict[str, Any]

KEYS = ("externalId", "sourceId")
PROPERTIES = ("_id", "name", *KEYS)
FILTERS = ("externalId", "sourceId", "status")
"""Query parameters, each with one or more values between commas."""

REFUSALS: Mapping[str, tuple[int, str]] = {
    "absent": (404, "not found"),
    "forbidden": (403, "no permission for companies"),
    "refused": (400, "bad request"),
}
"""Status and text by the value of the behaviour `lean_companies`."""


def list_lean_companies(
    collection: Collection, query: Mapping[str, str], behaviours: Behaviours
) -> tuple[int, list[Row] | Row | str]:
    """List the companies that a query asks for.

    Args:
        collection: The companies; the caller holds the lock of the tenant.
        query: Decoded parameters; unknown ones are ignored (list-unknown-parameters).
        behaviours: Whether the list is served, and what is wrong with it.

    Returns:
        The status, and the rows or the text of the refusal.
    """
    how = behaviours.lean_companies
    if how in REFUSALS:
        return REFUSALS[how]
    wanted = {name: query[name].split(",") for name in FILTERS if query.get(name)}
    rows = [
        {name: company[name] for name in PROPERTIES if name in company}
        for company in collection.records.values()
        if all(company.get(name) in values for name, values in wanted.items())
    ]
    if how == "object":
        return 200, {"companies": rows}
    return 200, WRONG_ROWS[how](rows) if how in WRONG_ROWS else rows


def _with_keys_of(row: Row, other: Row) -> Row:
    kept = {name: value for name, value in row.items() if name not in KEYS}
    return kept | {name: other[name] for name in KEYS if name in other}


def _swapped(rows: Sequence[Row]) -> list[Row]:
    return [_with_keys_of(row, rows[(at + 1) % len(rows)]) for at, row in enumerate(rows)]


def _duplicated(rows: Sequence[Row]) -> list[Row]:
    return [_with_keys_of(row, rows[at - at % 2]) for at, row in enumerate(rows)]


def _odd_keys(rows: Sequence[Row]) -> list[Row]:
    odd = (7, None, "", "  ", ["x"], {"y": 1})
    return [
        row | {name: odd[(at + shift) % len(odd)] for shift, name in enumerate(KEYS)}
        for at, row in enumerate(rows)
    ]


WRONG_ROWS: Mapping[str, Callable[[Sequence[Row]], list[Row]]] = {
    "without-keys": lambda rows: [_with_keys_of(row, {}) for row in rows],
    "partial": lambda rows: list(rows[::2]),
    "duplicated": _duplicated,
    "swapped": _swapped,
    "odd-keys": _odd_keys,
}
"""What a wrong list shows, by the value of the behaviour `lean_companies`."""
