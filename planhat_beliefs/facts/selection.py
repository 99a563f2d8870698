"""Which properties the rows of a list have."""

from __future__ import annotations

from planhat_beliefs.belief import OK_OR_REFUSED, Belief
from planhat_beliefs.facts.samples import EMPTY, SAMPLE_ROWS, identifiers, present
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import FollowUp, Question, Reply, ask, ask_record

COMPANY_TIMES = frozenset({"createDate", "lastUpdated", "updatedAt"})

FIRST_ISSUE = ask("/issues", sort="_id", limit=1)
FIRST_COMPANY = ask("/companies", sort="_id", limit=1)


def record_of(listed: Question) -> FollowUp:
    """Return the question for the first record of a list, by its `_id`.

    Args:
        listed: The question for the list.
    """

    def make(reply: Reply) -> Question | None:
        found = identifiers(reply.rows)
        return ask_record(listed.path, found[0]) if found else None

    return FollowUp((listed,), make, EMPTY)


ISSUE = record_of(FIRST_ISSUE)
OBJECTIVE = record_of(ask("/objectives", sort="_id", limit=1))
COMPANY = record_of(FIRST_COMPANY)


def _is_list(listed: Reply) -> Finding:
    return either(listed.has_form, "it is not a list of objects")


def _selected(listed: Reply) -> Finding:
    if not listed.is_ok:
        return not_held("it is refused (400)")
    if not listed.rows:
        return could_not_tell(EMPTY)
    if len(identifiers(listed.rows)) < len(listed.rows):
        return not_held("rows have no _id")
    others = {name for row in listed.rows for name in row} - {"_id", "title", "createdAt"}
    return either(not others, f"rows have {len(others)} other properties")


def _all_properties(listed: Reply, single: Reply) -> Finding:
    if not listed.rows:
        return could_not_tell(EMPTY)
    missing = single.record.keys() - listed.rows[0].keys()
    return either(not missing, f"{len(missing)} properties of the record are not in the list")


def _without_times(listed: Reply, single: Reply) -> Finding:
    if not listed.rows:
        return could_not_tell(EMPTY)
    has = COMPANY_TIMES & single.record.keys()
    if not has:
        return could_not_tell("the company has no times")
    left_out = len(single.record.keys() - listed.rows[0].keys())
    if has & listed.rows[0].keys():
        return not_held(f"the list has times, and leaves out {left_out} properties")
    return held(f"the list leaves out {left_out} properties")


def _users_subset(listed: Reply, selected: Reply) -> Finding:
    names = ("roles", "custom")
    if any(name in row for row in listed.rows for name in names):
        return not_held("the list has roles or custom")
    if not any(present(selected.rows, name) for name in names):
        return could_not_tell("no user has roles or custom fields")
    return held()


def _unknown_ignored(plain: Reply, unknown: Reply) -> Finding:
    if not unknown.is_ok:
        return not_held("it is refused (400)")
    if not plain.rows:
        return could_not_tell(EMPTY)
    same = identifiers(plain.rows) == identifiers(unknown.rows)
    return either(same, "it changes what is listed")


_NAMED = ask("/issues", select="_id", sort="_id", limit=SAMPLE_ROWS)

SELECTION = (
    *(
        Belief(
            "list-bare-array",
            path,
            "a list is a bare array of objects",
            (ask(path, limit=1, sort="_id"),),
            _is_list,
            any_form=True,
        )
        for path in ("/issues", "/objectives")
    ),
    Belief(
        "list-select",
        "/issues",
        "with select=title,createdAt rows have these properties and _id",
        (ask("/issues", select="title,createdAt", sort="_id", limit=SAMPLE_ROWS),),
        _selected,
        OK_OR_REFUSED,
    ),
    Belief(
        "list-without-select",
        "/issues",
        "without select a row has all properties that the single record has",
        (FIRST_ISSUE, ISSUE),
        _all_properties,
    ),
    Belief(
        "company-list-default",
        "",
        "without select a row of companies lacks createDate, lastUpdated and updatedAt",
        (FIRST_COMPANY, COMPANY),
        _without_times,
    ),
    Belief(
        "user-list-default",
        "",
        "without select a row of users has neither roles nor custom",
        (
            ask("/users", sort="_id", limit=SAMPLE_ROWS),
            ask("/users", select="roles,custom", sort="_id", limit=SAMPLE_ROWS),
        ),
        _users_subset,
    ),
    Belief(
        "list-unknown-parameters",
        "/issues",
        "a parameter that is not documented (updatedAfter) is ignored",
        (
            _NAMED,
            ask("/issues", select="_id", sort="_id", limit=SAMPLE_ROWS, updatedAfter="2999-01-01"),
        ),
        _unknown_ignored,
        OK_OR_REFUSED,
    ),
)
