"""Which models have a time of their last change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import present, sample, unusable
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from planhat_beliefs.question import Reply


class Times(NamedTuple):
    """A model whose records have times.

    Attributes:
        fact: The fact.
        path: Path of its list.
        names: The properties.
    """

    fact: str
    path: str
    names: tuple[str, ...]


CREATED_AND_UPDATED = ("createdAt", "updatedAt")

ALWAYS = (
    Times("user-update-time", "/users", ("updatedAt",)),
    Times("task-update-time", "/tasks", ("updatedAt",)),
    Times("ticket-update-time", "/tickets", ("updateDate",)),
    Times("conversation-update-time", "/conversations", ("createDate", "date")),
    Times("conversation-update-time", "/conversations", ("updatedAt",)),
    Times("client-timestamps", "/assets", CREATED_AND_UPDATED),
    Times("client-timestamps", "/opportunities", CREATED_AND_UPDATED),
    Times("invoice-update-times", "/invoices", ("updatedAt",)),
    Times("time-update-times", "/timeentries", CREATED_AND_UPDATED),
    Times("time-update-times", "/timesheets", CREATED_AND_UPDATED),
)
ACTIVITY = ("updatedAt", "lastActive")


NEVER = (
    Times("objective-no-timestamps", "/objectives", CREATED_AND_UPDATED),
    *(
        Times("model-times", f"/{model}", ("updatedAt",))
        for model in (
            *("campaigns", "churn", "licenses", "nps", "projects", "sales", "tickets"),
            "workspaces",
        )
    ),
)


def _always(times: Times) -> Belief:
    def check(listed: Reply) -> Finding:
        if why := unusable(listed):
            return why
        counts = _counts(listed, times.names)
        return either(
            all(len(present(listed.rows, name)) == len(listed.rows) for name in times.names), counts
        )

    return Belief(
        times.fact,
        f"{times.path}, {' and '.join(times.names)}",
        f"every record has {' and '.join(times.names)}",
        (sample(times.path, *times.names),),
        check,
    )


def _counts(listed: Reply, names: tuple[str, ...]) -> str:
    """Return how many rows have each of some properties, in words."""
    total = len(listed.rows)
    return ", ".join(f"{len(present(listed.rows, name))} of {total} have {name}" for name in names)


def _never(times: Times) -> Belief:
    def check(listed: Reply) -> Finding:
        if why := unusable(listed):
            return why
        has_any = any(present(listed.rows, name) for name in times.names)
        return either(not has_any, _counts(listed, times.names))

    return Belief(
        times.fact,
        times.path,
        f"no record has {' or '.join(times.names)}",
        (sample(times.path, *times.names),),
        check,
    )


def _two_times(listed: Reply) -> Finding:
    if why := unusable(listed):
        return why
    pairs = [(row.get("updatedAt"), row.get("lastUpdated")) for row in listed.rows]
    both = [pair for pair in pairs if all(pair)]
    if len(both) < len(pairs):
        return not_held(f"{len(both)} of {len(pairs)} companies have both")
    differ = sum(updated != last for updated, last in both)
    return held(f"they differ in {differ} of {len(both)}") if differ else not_held("they are equal")


def _activity(listed: Reply) -> Finding:
    if why := unusable(listed):
        return why
    if len(present(listed.rows, "updatedAt")) < len(listed.rows):
        return not_held(_counts(listed, ("updatedAt",)))
    pairs = [[parse_timestamp(row.get(name)) for name in ACTIVITY] for row in listed.rows]
    later = sum(bool(active and updated and active > updated) for updated, active in pairs)
    if later:
        return held(f"{later} of {len(listed.rows)} were active after it")
    return could_not_tell("all have updatedAt, and no enduser was active after it")


TIMES = (
    *(_never(times) for times in NEVER),
    *(_always(times) for times in ALWAYS),
    Belief(
        "company-update-times",
        "",
        "a company has updatedAt and lastUpdated, and they differ",
        (sample("/companies", "updatedAt", "lastUpdated"),),
        _two_times,
    ),
    Belief(
        "enduser-update-time",
        "",
        "an enduser has updatedAt, and activity does not move it",
        (sample("/endusers", *ACTIVITY),),
        _activity,
    ),
)
