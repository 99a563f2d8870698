"""Which records a list has if `companyId` is sent."""

from __future__ import annotations

from typing import NamedTuple

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import (
    COMPANIES,
    ENDUSERS,
    ISSUES,
    LARGE_PAGE,
    OBJECTIVES,
    sample,
)
from planhat_beliefs.finding import Finding, could_not_tell, held, not_held
from planhat_beliefs.question import FollowUp, Question, Reply, Row, ask


class Filtered(NamedTuple):
    """A list that takes `companyId`.

    Attributes:
        listed: A question for some of its records, without the filter.
        reference: The property that refers to companies.
    """

    listed: Question
    reference: str


BY_COMPANY = (
    Filtered(ISSUES, "companyIds"),
    Filtered(OBJECTIVES, "companyId"),
    Filtered(COMPANIES, "_id"),
    Filtered(sample("/conversations", "companyId", rows=LARGE_PAGE), "companyId"),
    Filtered(ENDUSERS, "companyId"),
    Filtered(sample("/tasks", "companyId", rows=LARGE_PAGE), "companyId"),
    Filtered(sample("/invoices", "cId", rows=LARGE_PAGE), "cId"),
    Filtered(sample("/nps", "cId", rows=LARGE_PAGE, npsExpiryDay="36500"), "cId"),
)
ONE_COMPANY = "there are no records of two companies"


def _companies_of(row: Row, reference: str) -> set[str]:
    value = row.get(reference)
    values = value if isinstance(value, list) else [value]
    return {each for each in values if isinstance(each, str) and each}


def _two_companies(rows: list[Row], reference: str) -> tuple[str, str] | None:
    """Return two companies, each of which has a record that the other one does not have."""
    having = [found for row in rows if (found := _companies_of(row, reference))]
    for companies in having[1:]:
        mine, theirs = sorted(having[0] - companies), sorted(companies - having[0])
        if mine and theirs:
            return mine[0], theirs[0]
    return None


def _filtered(how: Filtered, count: int) -> FollowUp:
    """Return the question for the records of one or two companies."""

    def make(listed: Reply) -> Question | None:
        pair = _two_companies(listed.rows, how.reference)
        if pair is None:
            return None
        others = {name: value for name, value in how.listed.query if name == "npsExpiryDay"}
        return ask(
            how.listed.path,
            companyId=",".join(pair[:count]),
            select=how.reference,
            limit=LARGE_PAGE,
            **others,
        )

    return FollowUp((how.listed,), make, ONE_COMPANY)


def _by_one(how: Filtered) -> Belief:
    def check(listed: Reply, filtered: Reply) -> Finding:
        pair = _two_companies(listed.rows, how.reference)
        if pair is None:
            return could_not_tell(ONE_COMPANY)
        if not filtered.rows:
            return not_held("the list is empty")
        others = sum(pair[0] not in _companies_of(row, how.reference) for row in filtered.rows)
        total = len(filtered.rows)
        return not_held(f"{others} of {total} rows are of other companies") if others else held()

    return Belief(
        "list-company-filter",
        how.listed.path,
        f"companyId keeps the records that have the company in {how.reference}",
        (how.listed, _filtered(how, 1)),
        check,
    )


def _by_two(how: Filtered) -> Belief:
    def check(listed: Reply, filtered: Reply) -> Finding:
        pair = _two_companies(listed.rows, how.reference)
        if pair is None:
            return could_not_tell(ONE_COMPANY)
        found = [_companies_of(row, how.reference) & set(pair) for row in filtered.rows]
        if not all(found):
            return not_held("rows are of other companies")
        if {pair[0]} in found and {pair[1]} in found:
            return held()
        if len(found) >= LARGE_PAGE:
            return could_not_tell("one of the two companies fills the page")
        return not_held("the records of one company, or of both, are missing")

    return Belief(
        "list-company-commas",
        how.listed.path,
        "companyId takes two ids with a comma between them",
        (how.listed, _filtered(how, 2)),
        check,
    )


FILTERS = (
    *(_by_one(how) for how in BY_COMPANY[:2]),
    *(_by_two(how) for how in BY_COMPANY),
)
