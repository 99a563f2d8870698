"""Permissions, compression, and what the headers of answers say."""

from __future__ import annotations

from http import HTTPStatus

from planhat_beliefs.belief import ANY_STATUS, Belief
from planhat_beliefs.facts.samples import COMPANIES, ENDUSERS, ISSUES, OBJECTIVES
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_beliefs.question import Reply, ask
from planhat_sync.api.http.server_clock import http_date

LISTS = (
    *("/issues", "/objectives", "/companies", "/endusers", "/users", "/conversations", "/tasks"),
    *("/tickets", "/nps", "/customfields", "/invoices", "/licenses", "/opportunities", "/projects"),
)
GZIP_BYTES = 2_000
"""Servers do not compress smaller bodies."""

LARGEST_DIFFERENCE_SECONDS = 60

RATE_LIMIT_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
"""As notes about another connector name them (fact: rate-limit)."""


def _refused(*replies: Reply) -> Finding:
    statuses = [reply.status for reply in replies]
    if HTTPStatus.UNAUTHORIZED in statuses:
        return not_held(f"{statuses.count(401)} lists are refused with 401")
    if HTTPStatus.FORBIDDEN in statuses:
        return held(f"{statuses.count(403)} of {len(statuses)} lists")
    return could_not_tell("the token can read all lists")


def _compressed(*replies: Reply) -> Finding:
    if any(reply.headers.get("content-encoding") == "gzip" for reply in replies):
        return held()
    if max(reply.size for reply in replies) < GZIP_BYTES:
        return could_not_tell("all answers are short")
    return not_held("no answer is compressed")


def _dated(reply: Reply) -> Finding:
    date = http_date(reply.headers.get("date", ""))
    if date is None:
        return not_held("there is no such header, or it holds something else")
    seconds = round(abs(date - reply.at))
    return either(
        seconds <= LARGEST_DIFFERENCE_SECONDS,
        f"it differs by {seconds} s from the clock of this machine",
    )


def _limited(reply: Reply) -> Finding:
    found = [name for name in RATE_LIMIT_HEADERS if name in reply.headers]
    if len(found) == len(RATE_LIMIT_HEADERS):
        return held()
    return not_held(f"answers have {', '.join(found)}" if found else "answers have none of them")


ACCESS = (
    Belief(
        "missing-right",
        "",
        "what the token cannot read is refused with 403",
        tuple(ask(path, select="_id", limit=1) for path in LISTS),
        _refused,
        ANY_STATUS,
        any_form=True,
    ),
    Belief(
        "gzip",
        "",
        "answers are compressed",
        (ISSUES, OBJECTIVES, COMPANIES, ENDUSERS),
        _compressed,
        ANY_STATUS,
        any_form=True,
    ),
    Belief(
        "date-header",
        "",
        "answers carry the time of the server in Date",
        (ask("/issues", select="_id", sort="_id", limit=2),),
        _dated,
    ),
    Belief(
        "rate-limit",
        "headers",
        f"answers have {', '.join(RATE_LIMIT_HEADERS)}",
        (ask("/issues", select="_id", sort="_id", limit=2),),
        _limited,
    ),
)
