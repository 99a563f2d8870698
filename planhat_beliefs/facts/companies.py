"""Companies: their list without pages, their keys, and the forms of their properties."""

from __future__ import annotations

from typing import Any

from planhat_beliefs.belief import FOUND_OR_NOT, Belief
from planhat_beliefs.facts.samples import COMPANIES as SAMPLE
from planhat_beliefs.facts.samples import EMPTY, identifiers, present, texts
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import Reply, Row, ask

KEYS = ("externalId", "sourceId")


def _keys(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("_id", *KEYS) if row.get(name) is not None}


def _lean(listed: Reply, lean: Reply) -> Finding:
    if not lean.is_ok:
        return not_held(f"it is answered {lean.status}")
    if not lean.has_form:
        return not_held("it is not a list of objects")
    if not listed.rows:
        return could_not_tell(EMPTY)
    shown = {identifier: _keys(row) for row in lean.rows for identifier in identifiers([row])}
    missing = sum(identifier not in shown for identifier in identifiers(listed.rows))
    if missing:
        return not_held(f"{missing} of {len(listed.rows)} companies are missing")
    if not any(present(listed.rows, name) for name in KEYS):
        return could_not_tell("no company has an externalId or a sourceId")
    wrong = sum(_keys(row) != shown[row["_id"]] for row in listed.rows if identifiers([row]))
    return not_held(f"{wrong} of {len(listed.rows)} have other keys") if wrong else held()


def _unique_keys(listed: Reply) -> Finding:
    if len(texts(listed.rows, "name")) < len(listed.rows):
        return not_held("there are companies without a name")
    keys = [(name, value) for name in KEYS for value in texts(listed.rows, name)]
    if len(keys) < 2:  # noqa: PLR2004 - one key is unique
        return could_not_tell("fewer than 2 companies have an externalId or a sourceId")
    twice = len(keys) - len(set(keys))
    return either(not twice, f"{twice} of {len(keys)} keys are those of another company")


def _owners(listed: Reply) -> Finding:
    owners = [*present(listed.rows, "owner"), *present(listed.rows, "coOwner")]
    if not owners:
        return could_not_tell("no company has an owner")
    objects = sum(not isinstance(owner, str) for owner in owners)
    return either(not objects, f"{objects} of {len(owners)} are not texts")


COMPANIES = (
    Belief(
        "lean-companies",
        "",
        "/leancompanies lists all companies at once, with externalId and sourceId",
        (SAMPLE, ask("/leancompanies")),
        _lean,
        FOUND_OR_NOT,
        any_form=True,
    ),
    Belief(
        "company-model",
        "",
        "a company has a name, and no other one has its externalId or sourceId",
        (SAMPLE,),
        _unique_keys,
    ),
    Belief(
        "company-owner-forms",
        "",
        "owner and coOwner of a company are ids",
        (SAMPLE,),
        _owners,
    ),
)
