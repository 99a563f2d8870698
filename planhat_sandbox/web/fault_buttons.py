"""The buttons of the page: the faults that they switch on, and the active ones."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults.effects import EFFECTS
from planhat_sandbox.faults.fault import FILTERS, Fault, read_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.faults.active_fault import ActiveFault
    from planhat_sandbox.faults.faults import Faults

SCHEDULE = ("nth", "every", "burst", "times", "probability")


@dataclass(frozen=True, slots=True)
class Button:
    """A fault that one click switches on.

    Attributes:
        label: The text of the button.
        description: Its effect on a pipe.
        fault: The argument of `read_fault`.
    """

    label: str
    description: str
    fault: Mapping[str, Any]


BUTTONS: Mapping[str, Button] = MappingProxyType(
    {
        "throttle": Button(
            "429 once",
            "The next request gets a 429 with a Retry-After of 2 seconds.",
            {"name": "status", "status": 429, "retry_after": "2", "times": 1},
        ),
        "outage": Button(
            "503 three times",
            "The next three requests get a 503 and are not performed.",
            {"name": "status", "status": 503, "times": 3},
        ),
        "lose-answer": Button(
            "Lose a response",
            "The next bulk upsert is applied, but its response never arrives.",
            {"name": "reset-after", "route": "bulk", "times": 1},
        ),
        "cut": Button(
            "Cut a page",
            "The next page of a list ends in the middle.",
            {"name": "cut-body", "route": "list", "times": 1},
        ),
        "html": Button(
            "HTML instead of JSON",
            "The next list gets the error page of a proxy, with status 200.",
            {"name": "body", "kind": "html", "route": "list", "times": 1},
        ),
        "slow": Button(
            "Slow responses",
            "Every response takes 2 seconds longer.",
            {"name": "slow", "seconds": 2},
        ),
        "limit": Button(
            "200 a minute",
            "Requests over this rate get a 429.",
            {"name": "rate-limit", "per_minute": 200},
        ),
        "churn": Button(
            "Moving rows",
            "Before each page 2 records are inserted, 3 updated and 3 deleted.",
            {"name": "churn", "route": "list", "inserts": 2, "updates": 3, "deletes": 3},
        ),
        "refuse": Button(
            "Refuse connections",
            "From the next request on, connections are refused for 5 seconds.",
            {"name": "refuse-connections", "seconds": 5, "times": 1},
        ),
    }
)


def press(faults: Faults, form: Mapping[str, str]) -> None:
    """Do what a button of the page stands for.

    Args:
        faults: The active faults.
        form: ``button`` (one of `BUTTONS`), or ``remove`` (an id from `describe_active`), or
            ``clear``, or the fields of the form for any fault; an empty ``tenant`` stands for all.

    Raises:
        ValueError: There is no such button, fault or option.
        UnknownTenantError: There is no such tenant.
    """
    if "clear" in form:
        faults.clear()
    elif "remove" in form:
        for active in faults.snapshot():
            if _identity(active) == form["remove"]:
                faults.remove(active)
    elif "button" in form:
        if form["button"] not in BUTTONS:
            raise ValueError("there is no such button")
        _add(faults, {**BUTTONS[form["button"]].fault, "tenant": form.get("tenant", "")})
    else:
        options = [word.partition("=") for word in shlex.split(form.get("options", ""))]
        named = {name: form.get(name, "").strip() for name in ("name", *FILTERS, *SCHEDULE)}
        _add(faults, {**{name: value for name, _, value in options}, **named})


def describe_active(faults: Faults) -> list[dict[str, Any]]:
    """Describe the active faults.

    Args:
        faults: The active faults.

    Returns:
        Of each its id for ``remove``, name, filters, schedule, options and counts.
    """
    return [
        {
            "id": _identity(active),
            "name": active.fault.name,
            "filters": _without_defaults(active, FILTERS),
            "schedule": _without_defaults(active, SCHEDULE),
            "options": dict(active.options),
            "seen": active.seen,
            "fired": active.fired,
            "spent": active.fault.times is not None and active.fired >= active.fault.times,
        }
        for active in faults.snapshot()
    ]


def describe_effects() -> list[dict[str, Any]]:
    """Describe every effect, for the form.

    Returns:
        Name, description and options of each.
    """
    return [
        {
            "name": effect.name,
            "description": effect.description,
            "options": " ".join(f"{k}={v}" for k, v in effect.options.items() if v != ""),
        }
        for effect in EFFECTS.values()
    ]


def _add(faults: Faults, values: Mapping[str, Any]) -> None:
    faults.add(read_fault({name: value for name, value in values.items() if value != ""}))


def _without_defaults(active: ActiveFault, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(active.fault, name) for name in names}
    defaults = {field.name: field.default for field in dataclasses.fields(Fault)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def _identity(active: ActiveFault) -> str:
    return f"{id(active):x}"
