"""How one record is requested, and what is answered if there is none."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from planhat_beliefs.belief import FOUND_OR_NOT, Belief
from planhat_beliefs.facts.samples import (
    COMPANIES,
    EMPTY,
    ISSUES,
    LARGE_PAGE,
    OBJECTIVES,
    identifiers,
    sample,
    texts,
)
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import NOT_JSON, FollowUp, Question, Reply, ask, ask_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_beliefs.question import Row

PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A key that needs no quoting, so that the answer is about the prefix alone."""

PREFIXES = {"srcid-": "sourceId", "extid-": "externalId"}
NO_KEY = "no record has such a key"

CLIENT_CODE = {
    "deal-model": "/deals",
    "line-item-model": "/lineitems",
    "product-model": "/products",
    "workflow-model": "/workflows",
}
"""Lists that no page of the vendor's describes."""

UNKNOWN = ask(f"/issues/{'0' * 24}")
NOT_AN_ID = ask("/issues/no-id-and-no-prefix")
CONVERSATIONS = sample("/conversations", "externalId", "type", rows=LARGE_PAGE)
INVOICES = sample("/invoices", "extId", rows=LARGE_PAGE)
OPPORTUNITIES = sample("/opportunities", "sourceId", rows=LARGE_PAGE)
TICKETS = sample("/tickets", "email", rows=1)


def _key(rows: Sequence[Row], name: str) -> str | None:
    return next((key for key in texts(rows, name) if PLAIN_KEY.fullmatch(key)), None)


def _by_key(
    listed: Question, prefix: str, fact: str = "identifier-forms", name: str = ""
) -> Belief:
    name = name or PREFIXES[prefix]

    def make(reply: Reply) -> Question | None:
        key = _key(reply.rows, name)
        return None if key is None else ask_record(listed.path, f"{prefix}{key}")

    def check(reply: Reply, found: Reply) -> Finding:
        if not found.is_ok:
            return not_held(f"it is answered {found.status}")
        same = found.record.get(name) == _key(reply.rows, name)
        return either(same, "another record comes back")

    return Belief(
        fact,
        f"{listed.path}, {prefix}",
        f"a record is found by {prefix} and its {name}",
        (listed, FollowUp((listed,), make, NO_KEY)),
        check,
        FOUND_OR_NOT,
    )


def _refused(found: Reply) -> Finding:
    return either(not found.is_ok, "a record comes back")


def _is_missing(found: Reply) -> Finding:
    return either(found.status == HTTPStatus.NOT_FOUND, f"it is answered {found.status}")


def _error_body(*found: Reply) -> Finding:
    bodies = [reply.value for reply in found if not reply.is_ok]
    if not bodies:
        return could_not_tell("nothing was refused")
    if any(body is NOT_JSON for body in bodies):
        return not_held("it is not JSON")
    if all(isinstance(body, str) for body in bodies):
        return held("a string")
    objects = [body for body in bodies if isinstance(body, dict)]
    if len(objects) < len(bodies):
        return not_held("it is neither an object nor a string, or not always the same")
    messages = sum("message" in body for body in objects)
    return held(f"an object; {messages} of {len(objects)} have a message")


def _ticket(listed: Reply) -> Question | None:
    found = identifiers(listed.rows)
    return ask_record("/tickets", found[0]) if found else None


def _no_notes(conversations: Reply, notes: Reply) -> Finding:
    if notes.is_ok:
        return not_held("there is a list /notes")
    has_notes = any(row.get("type") == "note" for row in conversations.rows)
    return held() if has_notes else could_not_tell("no conversation has the type note")


def _exists(listed: Reply) -> Finding:
    return either(listed.is_ok, f"it is answered {listed.status}")


RECORDS = (
    _by_key(ISSUES, "srcid-"),
    *(_by_key(OBJECTIVES, prefix) for prefix in PREFIXES),
    *(_by_key(COMPANIES, prefix) for prefix in PREFIXES),
    Belief(
        "identifier-forms",
        "/issues, no prefix",
        "what is neither an _id nor a key with its prefix is refused",
        (NOT_AN_ID,),
        _refused,
        FOUND_OR_NOT,
    ),
    _by_key(CONVERSATIONS, "extid-", "conversation-keyables"),
    _by_key(INVOICES, "extid-", "invoice-model", "extId"),
    _by_key(OPPORTUNITIES, "srcid-", "opportunity-model"),
    Belief(
        "unknown-record",
        "/issues",
        "a record that does not exist is answered with 404",
        (UNKNOWN,),
        _is_missing,
        FOUND_OR_NOT,
    ),
    Belief(
        "error-body",
        "",
        "the body of an error is an object or a string",
        (UNKNOWN, NOT_AN_ID),
        _error_body,
        FOUND_OR_NOT,
        any_form=True,
    ),
    Belief(
        "note-model",
        "",
        "notes are among the conversations, and there is no list /notes",
        (CONVERSATIONS, ask("/notes", limit=1)),
        _no_notes,
        FOUND_OR_NOT,
        any_form=True,
    ),
    Belief(
        "ticket-methods",
        "",
        "a ticket cannot be requested by its _id",
        (TICKETS, FollowUp((TICKETS,), _ticket, EMPTY)),
        lambda _listed, found: _refused(found),
        FOUND_OR_NOT,
        any_form=True,
    ),
    *(
        Belief(
            fact,
            path,
            f"there is a list {path}",
            (ask(path, limit=1),),
            _exists,
            FOUND_OR_NOT,
            any_form=True,
        )
        for fact, path in CLIENT_CODE.items()
    ),
)
