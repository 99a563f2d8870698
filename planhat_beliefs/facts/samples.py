"""Questions that several facts share, and what checks read out of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_beliefs.finding import could_not_tell
from planhat_beliefs.question import Row, ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_beliefs.finding import Finding
    from planhat_beliefs.question import Question, Reply

LARGE_PAGE = 2000
"""Most rows of a page that every list documents (fact: list-limit)."""

SAMPLE_ROWS = 100

NEEDED_ROWS = 3
"""Fewer rows are in some order by chance too often."""

EMPTY = "there are no records"

MANY_OTHERS = 3
"""Rows with so many properties that were not selected show that `select` is ignored."""


def sample(path: str, *select: str, rows: int = SAMPLE_ROWS, **parameters: str) -> Question:
    """Return the question for the oldest records of a list.

    Args:
        path: Path of the list.
        select: Properties to send, besides `_id`.
        rows: Maximum number of records.
        parameters: Other parameters.
    """
    return ask(path, select=",".join(select), sort="_id", limit=rows, **parameters)


ISSUES = sample(
    "/issues",
    *("title", "companyIds", "companies", "enduserIds", "endusers", "sourceId"),
    *("createdAt", "updatedAt"),
    rows=LARGE_PAGE,
)
OBJECTIVES = sample(
    "/objectives", "companyId", "companyName", "sourceId", "externalId", rows=LARGE_PAGE
)
COMPANIES = sample(
    "/companies", "name", "externalId", "sourceId", "owner", "coOwner", rows=LARGE_PAGE
)
ENDUSERS = sample(
    "/endusers",
    *("companyId", "email", "externalId", "sourceId", "firstName", "lastName", "name"),
    rows=LARGE_PAGE,
)


def present(rows: Iterable[Row], name: str) -> list[Any]:
    """Return the values of a property that are neither missing nor null nor empty.

    Args:
        rows: Records.
        name: The property.
    """
    return [row[name] for row in rows if row.get(name) not in (None, "", [])]


def texts(rows: Iterable[Row], name: str) -> list[str]:
    """Return the values of a property that are texts, without empty ones.

    Args:
        rows: Records.
        name: The property.
    """
    return [value for value in present(rows, name) if isinstance(value, str)]


def identifiers(rows: Iterable[Row]) -> list[str]:
    """Return the `_id`s of rows.

    Args:
        rows: Records.
    """
    return texts(rows, "_id")


def unusable(listed: Reply) -> Finding | None:
    """Return why rows do not show that a property is missing; None if they do.

    Args:
        listed: Rows for which some properties were selected.
    """
    if not listed.rows:
        return could_not_tell(EMPTY)
    selected = {"_id", *dict(listed.question.query)["select"].split(",")}
    others = {name for row in listed.rows for name in row} - selected
    # A list that ignores `select` may leave out what it shows only if it is selected.
    return could_not_tell("select is not honoured") if len(others) >= MANY_OTHERS else None
