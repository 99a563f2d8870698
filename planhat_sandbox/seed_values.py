"""Plausible values for the records of any model, by the types of its properties."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sandbox.planhat.model import SandboxModel

FIRST_DAY = datetime(2025, 1, 1, tzinfo=timezone.utc)
DAYS = 600
WORDS = ("login", "import", "billing", "dashboard", "sync", "Überblick", "résumé", "検索")
CHOICES: Mapping[str, Sequence[Any]] = {
    "currency": ("USD", "EUR", "SEK"),
    "_currency": ("USD", "EUR", "SEK"),
    "status": ("Open", "In Progress", "Done"),
    "roles": (["57e2b92ff795575a5b8c4659"], ["5d35c292344cb854c0a5af28"], []),
    "product": ("License Fee", "Advanced Onboarding"),
    "renewalStatus": ("ongoing", "renewed", "lost"),
    "renewalUnit": ("month",),
    "mainType": ("task", "event"),
    "repeat": ("daily", "weekly", "monthly"),
    "source": ("Zendesk", "Salesforce"),
    "assignedModel": ("User",),
    "targetModel": ("Company",),
    "parent": ("Company", "Issue", "Objective", "Asset"),
    "noticeUnit": ("day", "week", "month"),
    "color": ("#aa3355", "#3355aa"),
    "score": tuple(range(11)),
    "hours": (0.5, 1, 7.25, 24),
    "timeSpent": (5, 30, 90),
    "tzOffset": (-5, 0, 1),
}
"""Values of properties of which a word or a number would not be plausible."""
STATUSES: Mapping[str, Sequence[str]] = {
    "invoices": ("pending", "paid", "overdue"),
    "opportunities": ("active", "won", "lost"),
    "timesheets": ("submitted", "approved", "returned"),
    "lineitems": ("ongoing", "renewed", "lost"),
}
"""Values of `status` by model."""
WHOLE = frozenset(
    {
        "contractLength",
        "expectedDays",
        "invoiceCycleInterval",
        "length",
        "noticePeriod",
        "renewalPeriod",
        "repeatDays",
    }
)
"""Numbers without a fraction."""
TYPES: Mapping[str, Sequence[str]] = {
    "conversations": ("note", "email", "call", "Training"),
    "tickets": ("ticket",),
    "customfields": ("number", "text", "checkbox", "list", "multipicklist", "day", "date"),
    "products": ("subscription", "fee"),
    "lineitems": ("subscription", "fee"),
}
"""Values of `type` by model."""
SHORT_OF_TRUE = frozenset({"archived", "isArchived", "isHidden", "isFormula", "inactive"})
"""Properties that are true for every tenth record only."""


class ValueMaker:
    """Makes the values of one record after the other.

    Args:
        rng: Where randomness comes from.
        ids: `_id`s of the records of a model, by its name.
    """

    def __init__(self, rng: random.Random, ids: Callable[[str], Sequence[str]]) -> None:
        self._rng = rng
        self._ids = ids

    def record(self, model: SandboxModel, number: int) -> dict[str, Any]:
        """Make a record.

        Args:
            model: Its model.
            number: How many records were made before it.

        Returns:
            Its properties; one that refers to a model without records is left out.
        """
        made = {name: self._value(model, name, number) for name in model.properties}
        record = {name: value for name, value in made.items() if value is not None}
        for name, other in model.people.items():
            record[name] = [{"id": each} for each in self._sample(other, 2)]
        if model.name == "customfields":
            record["name"] = f"{WORDS[number % len(WORDS)]} {number + 1}"
            del record["formula"], record["numberFormat"]
        return record

    def _value(self, model: SandboxModel, name: str, number: int) -> Any:  # noqa: ANN401 - any JSON value
        kind = model.properties[name]
        other = "companies" if name == model.company_reference else model.references.get(name)
        if other:
            found = self._sample(other, 2 if kind in {"ids", "entries"} else 1)
            return found if kind in {"ids", "entries"} else next(iter(found), None)
        if name in {"sourceId", "externalId", "extId"}:
            # Every other record has no key of the customer's own, and every fifth none at all.
            has_it = number % 5 != 0 and (name == "sourceId" or number % 2 == 1)
            return f"{model.name}-{number + 1}" if has_it else None
        if name == "email":
            return f"person{number % 120 + 1}@example.com"
        choices = self._choices(model, name)
        if choices is not None:
            return self._rng.choice(choices)
        return self._of_kind(kind, name, number)

    @staticmethod
    def _choices(model: SandboxModel, name: str) -> Sequence[Any] | None:
        if name == "type":
            return TYPES.get(model.name, ("general",))
        if name == "status" and model.name in STATUSES:
            return STATUSES[model.name]
        return range(1, 25) if name in WHOLE else CHOICES.get(name)

    def _of_kind(self, kind: str, name: str, number: int) -> Any:  # noqa: ANN401 - any JSON value
        rng = self._rng
        day = rng.randrange(DAYS)
        time = FIRST_DAY + timedelta(days=day, seconds=rng.randrange(86_400))
        if kind == "boolean":
            return number % 10 == 9 if name in SHORT_OF_TRUE else rng.random() < 0.5  # noqa: PLR2004
        makers: Mapping[str, Callable[[], Any]] = {
            "text": lambda: f"{rng.choice(WORDS)} {rng.choice(WORDS)} {number + 1}",
            "number": lambda: rng.randrange(1, 100_000) / 100,
            "ids": lambda: rng.sample(WORDS, rng.randrange(0, 3)),
            "object": lambda: {"Severity": rng.randrange(1, 6), "Reviewed by": None},
            "objects": lambda: [{"title": rng.choice(WORDS), "amount": rng.randrange(100)}],
            "date": lambda: time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "midnight": lambda: time.strftime("%Y-%m-%dT00:00:00.000Z"),
            "days": lambda: 20_089 + day,
            "entries": list,
            "any": lambda: None,
        }
        return makers[kind]()

    def _sample(self, model: str, most: int) -> list[str]:
        ids = self._ids(model)
        return self._rng.sample(ids, min(len(ids), most))
