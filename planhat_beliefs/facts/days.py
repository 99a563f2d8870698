"""Dates that are numbers of days, days that are times, and lists of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import present, sample
from planhat_beliefs.finding import Finding, could_not_tell, either

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_beliefs.question import Reply

NO_VALUES = "no record has a value"


def _all_are(
    path: str, names: tuple[str, ...], fact: str, says: str, fits: Callable[[object], bool]
) -> Belief:
    """Return the belief that all values of some properties have a form."""

    def check(listed: Reply) -> Finding:
        values = [value for name in names for value in present(listed.rows, name)]
        if not values:
            return could_not_tell(NO_VALUES)
        odd = sum(not fits(value) for value in values)
        return either(not odd, f"{odd} of {len(values)} values have another form")

    return Belief(fact, "", f"{', '.join(names)} {says}", (sample(path, *names),), check)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_midnight(value: object) -> bool:
    return isinstance(value, str) and value.endswith("T00:00:00.000Z")


def _are_ids(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


DAYS = (
    _all_are(
        "/invoices",
        ("invoiceDate", "dueDate", "paidDate"),
        "invoice-days",
        "of an invoice are whole numbers of days",
        _is_whole,
    ),
    _all_are(
        "/timesheets",
        ("dateFrom", "dateTo"),
        "timesheet-model",
        "of a timesheet are whole numbers of days",
        _is_whole,
    ),
    _all_are(
        "/timeentries",
        ("date",),
        "time-entry-date",
        "of a time entry is midnight in UTC",
        _is_midnight,
    ),
    _all_are(
        "/timesheets",
        ("timeEntries",),
        "timesheet-entries",
        "of a timesheet is a list of ids",
        _are_ids,
    ),
)
