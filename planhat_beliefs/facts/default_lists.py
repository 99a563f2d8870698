"""Lists that leave out records unless a parameter asks for them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import LARGE_PAGE, texts
from planhat_beliefs.finding import Finding, could_not_tell, held, not_held
from planhat_beliefs.question import Question, Reply, ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_beliefs.question import Row

NPS_DAYS = 360
SLACK_DAYS = 2
"""An answer whose age is this close to the limit does not show on which side it is."""

NO_ARCHIVED = "there are no archived records"


def _has(rows: Iterable[Row], name: str, *, true: bool) -> bool:
    return any((row.get(name) is True) is true for row in rows)


def _endusers(plain: Reply, complete: Reply) -> Finding:
    if _has(plain.rows, "archived", true=True):
        return not_held("the list without the parameter has archived ones too")
    if not _has(complete.rows, "archived", true=True):
        return could_not_tell(NO_ARCHIVED)
    if _has(complete.rows, "archived", true=False):
        return held()
    if not plain.rows or len(complete.rows) == LARGE_PAGE:
        return could_not_tell("there are too few records that are not archived, or too many")
    return not_held("with archived=true the list has archived ones only")


def _tasks(plain: Reply, archived: Reply) -> Finding:
    if _has(plain.rows, "isArchived", true=True):
        return not_held("the list without the parameter has archived ones too")
    if not _has(archived.rows, "isArchived", true=True):
        return could_not_tell(NO_ARCHIVED)
    if _has(archived.rows, "isArchived", true=False):
        return not_held("with isArchived=true the list has others too")
    return held()


def _nps(plain: Reply, complete: Reply) -> Finding:
    oldest = datetime.fromtimestamp(plain.at, timezone.utc) - timedelta(days=NPS_DAYS + SLACK_DAYS)
    day = oldest.strftime("%Y-%m-%d")
    if any(date < day for date in texts(plain.rows, "dateAnswered")):
        return not_held("the list without the parameter has older ones too")
    if any(date < day for date in texts(complete.rows, "dateAnswered")):
        return held()
    return could_not_tell(f"there are no answers that are older than {NPS_DAYS} days")


def _oldest_nps(**parameters: str) -> Question:
    # In descending order those without a date would come last, and in ascending order first.
    return ask(
        "/nps", select="dateAnswered", sort="dateAnswered", limit=5 * LARGE_PAGE, **parameters
    )


def _archived_first(path: str, name: str, **parameters: str) -> Question:
    return ask(path, select=name, sort=f"-{name}", limit=LARGE_PAGE, **parameters)


DEFAULT_LISTS = (
    Belief(
        "enduser-archived",
        "",
        "a list of endusers leaves out archived ones; with archived=true it has them too",
        (
            _archived_first("/endusers", "archived"),
            _archived_first("/endusers", "archived", archived="true"),
        ),
        _endusers,
    ),
    Belief(
        "task-archived",
        "",
        "a list of tasks leaves out archived ones; with isArchived=true it has only these",
        (
            _archived_first("/tasks", "isArchived"),
            _archived_first("/tasks", "isArchived", isArchived="true"),
        ),
        _tasks,
    ),
    Belief(
        "nps-expiry",
        "",
        "a list of NPS answers has those of the last 360 days; npsExpiryDay changes the number",
        (_oldest_nps(), _oldest_nps(npsExpiryDay="36500")),
        _nps,
    ),
)
