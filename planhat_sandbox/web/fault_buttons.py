"""The page's buttons: which faults they switch on, and which are at work."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults.effects import EFFECTS
from planhat_sandbox.faults.faults import PLACES, Fault, read_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.faults.faults import ArmedFault
    from planhat_sandbox.sandbox import Sandbox

TIMES = ("nth", "every", "burst", "times", "probability")


@dataclass(frozen=True, slots=True)
class Button:
    """A fault that one click switches on.

    Attributes:
        label: What stands on the button.
        says: What it does to a pipe.
        fault: As `read_fault` takes it.
    """

    label: str
    says: str
    fault: Mapping[str, Any]


BUTTONS: Mapping[str, Button] = MappingProxyType(
    {
        "throttle": Button(
            "429 once",
            "The next request is told to wait 2 seconds.",
            {"name": "status", "status": 429, "retry_after": "2", "times": 1},
        ),
        "outage": Button(
            "503 three times",
            "The next three requests fail before any work.",
            {"name": "status", "status": 503, "times": 3},
        ),
        "lose-answer": Button(
            "Lose an answer",
            "The next bulk upsert is applied, and its answer never arrives.",
            {"name": "reset-after", "route": "bulk", "times": 1},
        ),
        "cut": Button(
            "Cut a page",
            "The next page breaks off in the middle.",
            {"name": "cut-body", "route": "list", "times": 1},
        ),
        "html": Button(
            "HTML for JSON",
            "The next page is a proxy's error page, with status 200.",
            {"name": "body", "kind": "html", "route": "list", "times": 1},
        ),
        "slow": Button(
            "Slow answers", "Every answer takes 2 seconds more.", {"name": "slow", "seconds": 2}
        ),
        "limit": Button(
            "200 a minute",
            "What comes faster is answered with 429.",
            {"name": "rate-limit", "per_minute": 200},
        ),
        "churn": Button(
            "Rows on the move",
            "Before each page: 2 records come, 3 change, 3 go.",
            {"name": "churn", "route": "list", "inserts": 2, "updates": 3, "deletes": 3},
        ),
        "refuse": Button(
            "Nobody home",
            "From the next request on, no connection is taken for 5 seconds.",
            {"name": "refuse-connections", "seconds": 5, "times": 1},
        ),
    }
)


def press(sandbox: Sandbox, form: Mapping[str, str]) -> None:
    """Do what a button of the page says.

    Args:
        sandbox: Whose faults.
        form: ``button`` (one of `BUTTONS`), or ``remove`` (an id of `at_work`), or ``clear``, or
            the fields of the form for any fault; ``tenant`` may be empty for every tenant.

    Raises:
        ValueError: There is no such button, fault or option.
    """
    if "clear" in form:
        sandbox.faults.clear()
    elif "remove" in form:
        for armed in sandbox.faults.snapshot():
            if _identity(armed) == form["remove"]:
                sandbox.faults.remove(armed)
    elif "button" in form:
        if form["button"] not in BUTTONS:
            raise ValueError("there is no such button")
        _add(sandbox, {**BUTTONS[form["button"]].fault, "tenant": form.get("tenant", "")})
    else:
        options = [word.partition("=") for word in shlex.split(form.get("options", ""))]
        named = {name: form.get(name, "").strip() for name in ("name", *PLACES, *TIMES)}
        _add(sandbox, {**{name: value for name, _, value in options}, **named})


def at_work(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Describe the faults that are switched on.

    Args:
        sandbox: Whose faults.

    Returns:
        For each: its id for ``remove``, name, where and when it strikes, options, counts.
    """
    return [
        {
            "id": _identity(armed),
            "name": armed.fault.name,
            "where": _named(armed, PLACES),
            "when": _named(armed, TIMES),
            "options": dict(armed.options),
            "seen": armed.seen,
            "fired": armed.fired,
            "spent": armed.fault.times is not None and armed.fired >= armed.fault.times,
        }
        for armed in sandbox.faults.snapshot()
    ]


def effects() -> list[dict[str, Any]]:
    """List every fault there is, for the form.

    Returns:
        Name, sentence and options of each.
    """
    return [
        {
            "name": effect.name,
            "says": effect.says,
            "options": " ".join(f"{k}={v}" for k, v in effect.options.items() if v != ""),
        }
        for effect in EFFECTS.values()
    ]


def _add(sandbox: Sandbox, values: Mapping[str, Any]) -> None:
    sandbox.add_fault(read_fault({name: value for name, value in values.items() if value != ""}))


def _named(armed: ArmedFault, names: tuple[str, ...]) -> dict[str, Any]:
    said = {name: getattr(armed.fault, name) for name in names}
    usual = {field.name: field.default for field in dataclasses.fields(Fault)}
    return {name: value for name, value in said.items() if value != usual[name]}


def _identity(armed: ArmedFault) -> str:
    return f"{id(armed):x}"
