"""How many rows a page has, and what `offset` does."""

from __future__ import annotations

from typing import NamedTuple

from planhat_beliefs.belief import OK_OR_REFUSED, Belief
from planhat_beliefs.facts.samples import identifiers
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import FollowUp, Question, Reply, ask
from planhat_sync.runtime.plural import counted

BEYOND_THE_END = 100_000_000


class Limits(NamedTuple):
    """The documented limits of a list.

    Attributes:
        path: Path of the list.
        default: Rows of a page without `limit`.
        maximum: Most rows of a page.
    """

    path: str
    default: int
    maximum: int


DOCUMENTED = (
    Limits("/issues", 100, 2_000),
    Limits("/companies", 100, 5_000),
    Limits("/conversations", 30, 2_000),
    Limits("/nps", 100, 10_000),
    Limits("/tasks", 500, 10_000),
    Limits("/tickets", 500, 10_000),
    Limits("/users", 10_000, 10_000),
)
CHURN = Limits("/churn", 100, 1_000)


def _next_row(page: Question) -> FollowUp:
    """Return the question for the row behind a page, which shows whether the page was cut."""

    def make(reply: Reply) -> Question | None:
        if not reply.rows:
            return None
        path = page.path
        return ask(path, select="_id", sort="_id", limit=1, offset=len(reply.rows))

    return FollowUp((page,), make, "there are no records")


def _cut_at(page: Reply, behind: Reply, documented: int) -> Finding:
    """Return whether a page was cut at the documented number of rows."""
    count = len(page.rows)
    if count > documented:
        return not_held(f"a page had {counted(count, 'row')}")
    if not behind.rows:
        return could_not_tell(f"one page holds all that there are: {counted(count, 'record')}")
    if set(identifiers(behind.rows)) & set(identifiers(page.rows)):
        return could_not_tell("offset does not skip rows")
    return either(count == documented, f"a page had {counted(count, 'row')}, and there are more")


def _default(limits: Limits) -> Belief:
    page = ask(limits.path, select="_id", sort="_id")
    return Belief(
        "list-limit",
        f"{limits.path}, default",
        f"without limit a page has {limits.default} rows",
        (page, _next_row(page)),
        lambda page, behind: _cut_at(page, behind, limits.default),
    )


def _largest(limits: Limits, fact: str) -> Belief:
    page = _above_maximum(limits)
    return Belief(
        fact,
        f"{limits.path}, maximum",
        f"a page has {limits.maximum} rows at most",
        (page, _next_row(page)),
        lambda page, behind: _cut_at(page, behind, limits.maximum),
    )


def _clamped(limits: Limits) -> Belief:
    page = _above_maximum(limits)
    maximum = limits.maximum

    def check(page: Reply) -> Finding:
        if not page.is_ok:
            return not_held("it is refused (400)")
        if len(page.rows) == maximum:
            return held()
        rows = counted(len(page.rows), "row")
        if len(page.rows) > maximum:
            return not_held(f"the page had {rows}")
        return could_not_tell(f"it is not refused, and the page had {rows}")

    return Belief(
        "list-limit-above-maximum",
        limits.path,
        f"limit={maximum + 1} is read as {maximum}",
        (page,),
        check,
        OK_OR_REFUSED,
    )


def _above_maximum(limits: Limits) -> Question:
    return ask(limits.path, select="_id", sort="_id", limit=limits.maximum + 1)


def _offset(first: Reply, second: Reply, beyond: Reply) -> Finding:
    if not second.is_ok or not beyond.is_ok:
        return not_held("it is refused (400)")
    if beyond.rows:
        return not_held("after the last row there were rows")
    whole, skipped = identifiers(first.rows), identifiers(second.rows)
    if len(whole) < 2:  # noqa: PLR2004 - one row cannot be skipped visibly
        return could_not_tell("there are fewer than 2 records")
    if skipped == whole[1:2]:
        return held()
    # Somebody may have deleted the first record between the two requests.
    is_ignored = skipped == whole[:1]
    return not_held("no row was skipped") if is_ignored else could_not_tell("rows have moved")


PAGES = (
    *(_default(limits) for limits in DOCUMENTED),
    *(_largest(limits, "list-limit") for limits in DOCUMENTED),
    _largest(CHURN, "churn-limit"),
    *(_clamped(limits) for limits in DOCUMENTED),
    Belief(
        "list-offset",
        "/issues",
        "offset skips rows, and after the last row the list is empty",
        (
            ask("/issues", select="_id", sort="_id", limit=2),
            ask("/issues", select="_id", sort="_id", limit=1, offset=1),
            ask("/issues", select="_id", sort="_id", limit=1, offset=BEYOND_THE_END),
        ),
        _offset,
        OK_OR_REFUSED,
    ),
)
