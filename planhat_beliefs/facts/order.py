"""In which order the rows of a list come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_beliefs.belief import OK_OR_REFUSED, Belief
from planhat_beliefs.facts.samples import NEEDED_ROWS, SAMPLE_ROWS, identifiers, present, texts
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import Reply, ask

if TYPE_CHECKING:
    from collections.abc import Sequence

SORTED_BY = (
    ("/issues", "_id"),
    ("/issues", "updatedAt"),
    ("/issues", "title"),
    ("/objectives", "_id"),
    ("/objectives", "updatedAt"),
    ("/companies", "updatedAt"),
    ("/endusers", "updatedAt"),
    ("/users", "updatedAt"),
    ("/conversations", "updatedAt"),
    ("/tasks", "updatedAt"),
    ("/tickets", "updateDate"),
)
"""Lists that the tap sorts, by the properties by which it does; and one by a text."""

FEW_VALUES = f"there are fewer than {NEEDED_ROWS} different values"


def _sorted_by(path: str, name: str) -> Belief:
    def check(up: Reply, down: Reply) -> Finding:
        if not up.is_ok or not down.is_ok:
            return not_held("it is refused (400)")
        rising, falling = texts(up.rows, name), texts(down.rows, name)
        if max(len(set(rising)), len(set(falling))) < NEEDED_ROWS:
            return could_not_tell(FEW_VALUES)
        if _is_in_order(rising) and _is_in_order(falling[::-1]):
            return held()
        # Texts may be in the order of a language, which we do not know.
        if name == "title" and rising == falling[::-1] and rising != falling:
            return held("in an order of its own")
        return not_held("the rows are in another order")

    return Belief(
        "list-sort",
        f"{path} by {name}",
        f"sort={name} sorts in ascending order, sort=-{name} in descending order",
        (
            ask(path, select=name, sort=name, limit=SAMPLE_ROWS),
            ask(path, select=name, sort=f"-{name}", limit=SAMPLE_ROWS),
        ),
        check,
        OK_OR_REFUSED,
    )


def _is_in_order(values: Sequence[str]) -> bool:
    folded = [value.casefold() for value in values]
    return list(values) == sorted(values) or folded == sorted(folded)


def _nulls_first(up: Reply, down: Reply) -> Finding:
    rising, falling = _is_present(up, "sourceId"), _is_present(down, "sourceId")
    if len({*rising, *falling}) < 2:  # noqa: PLR2004 - with a value, and without one
        return could_not_tell("all records have a sourceId, or none has")
    return either(rising == sorted(rising), "records without a value are not the first ones")


def _is_present(reply: Reply, name: str) -> list[bool]:
    return [bool(present([row], name)) for row in reply.rows]


def _oldest_first(listed: Reply) -> Finding:
    rows = identifiers(listed.rows)
    if len(rows) < NEEDED_ROWS:
        return could_not_tell(f"there are fewer than {NEEDED_ROWS} records")
    return either(rows == sorted(rows), "the rows are in another order")


def _newest_first(listed: Reply) -> Finding:
    if len(listed.rows) < NEEDED_ROWS:
        return could_not_tell(f"there are fewer than {NEEDED_ROWS} records")
    # It may mean the newest record, or the one with the latest date.
    orders = [texts(listed.rows, name) for name in ("_id", "date")]
    falls = [rows == sorted(rows, reverse=True) for rows in orders if len(rows) == len(listed.rows)]
    return either(any(falls), "the rows are in another order")


ORDER = (
    *(_sorted_by(path, name) for path, name in SORTED_BY),
    Belief(
        "list-sort-nulls",
        "/issues by sourceId",
        "in ascending order the records without a value come first",
        (
            ask("/issues", select="sourceId", sort="sourceId", limit=SAMPLE_ROWS),
            ask("/issues", select="sourceId", sort="-sourceId", limit=SAMPLE_ROWS),
        ),
        _nulls_first,
    ),
    *(
        Belief(
            "list-order",
            path,
            "without sort the oldest record comes first",
            (ask(path, select="_id", limit=SAMPLE_ROWS),),
            _oldest_first,
        )
        for path in ("/issues", "/objectives", "/endusers")
    ),
    Belief(
        "list-order",
        "/conversations",
        "without sort the newest record comes first",
        (ask("/conversations", select="date", limit=SAMPLE_ROWS),),
        _newest_first,
    ),
)
