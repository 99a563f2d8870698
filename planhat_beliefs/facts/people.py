"""What endusers, users, tickets, tasks and NPS answers look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import EMPTY, ENDUSERS, present, sample, texts
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held

if TYPE_CHECKING:
    from planhat_beliefs.question import Reply

USER_FORMS: dict[str, tuple[tuple[type, ...], str]] = {
    "roles": ((list,), "an array"),
    "permissions": ((list, dict), "an array or an object"),
    "taskFilter": ((dict, str), "an object or text"),
}


def _endusers(listed: Reply) -> Finding:
    rows = listed.rows
    if not rows:
        return could_not_tell(EMPTY)
    if orphans := len(rows) - len(texts(rows, "companyId")):
        return not_held(f"{orphans} of {len(rows)} have no company")
    unkeyed = sum(
        not any(present([row], name) for name in ("email", "externalId", "sourceId"))
        for row in rows
    )
    return either(not unkeyed, f"{unkeyed} of {len(rows)} have none of the three")


def _full_names(listed: Reply) -> Finding:
    rows = [row for row in listed.rows if texts([row], "firstName") and texts([row], "lastName")]
    if not rows:
        return could_not_tell("no enduser has both names")
    odd = sum(row.get("name") != f"{row['firstName']} {row['lastName']}" for row in rows)
    return either(not odd, f"{odd} of {len(rows)} have another name")


def _users(listed: Reply) -> Finding:
    values = {name: present(listed.rows, name) for name in USER_FORMS}
    if not any(values.values()):
        return could_not_tell("no user has one of them")
    for name, (kinds, words) in USER_FORMS.items():
        if odd := sum(not isinstance(value, kinds) for value in values[name]):
            return not_held(f"{odd} of {len(values[name])} {name} are not {words}")
    roles = [role for user_roles in values["roles"] for role in user_roles]
    objects = sum(isinstance(role, dict) for role in roles)
    return held(f"{objects} of {len(roles)} roles are objects")


def _tickets(listed: Reply) -> Finding:
    if not listed.rows:
        return could_not_tell(EMPTY)
    if not texts(listed.rows, "subject") and not texts(listed.rows, "externalId"):
        return not_held("no ticket has a subject or an externalId")
    as_sent = any(present(listed.rows, name) for name in ("title", "sourceId"))
    return held("they have a title or a sourceId too" if as_sent else "")


def _main_types(listed: Reply) -> Finding:
    if not listed.rows:
        return could_not_tell(EMPTY)
    odd = sum(row.get("mainType") not in ("task", "event") for row in listed.rows)
    return either(not odd, f"{odd} of {len(listed.rows)} have another mainType")


def _nps(listed: Reply) -> Finding:
    if not listed.rows:
        return could_not_tell(EMPTY)
    without = sum(not texts([row], "cId") for row in listed.rows)
    return either(not without, f"{without} of {len(listed.rows)} have no cId")


PEOPLE = (
    Belief(
        "enduser-model",
        "",
        "an enduser has a company, and an email, externalId or sourceId",
        (ENDUSERS,),
        _endusers,
    ),
    Belief(
        "enduser-model",
        "name",
        "the name of an enduser consists of first and last name",
        (ENDUSERS,),
        _full_names,
    ),
    Belief(
        "user-forms",
        "",
        "roles are an array, permissions an array or an object, taskFilter an object or text",
        (sample("/users", *USER_FORMS),),
        _users,
    ),
    Belief(
        "ticket-names",
        "",
        "a ticket is read with externalId and subject, not with sourceId and title alone",
        (sample("/tickets", "externalId", "subject", "sourceId", "title"),),
        _tickets,
    ),
    Belief(
        "task-model",
        "",
        "mainType of a task is task or event",
        (sample("/tasks", "mainType"),),
        _main_types,
    ),
    Belief(
        "nps-model",
        "",
        "the company of an NPS answer is cId",
        (sample("/nps", "cId", npsExpiryDay="36500"),),
        _nps,
    ),
)
