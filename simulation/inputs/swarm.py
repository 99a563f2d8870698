"""What each seed draws anew: settings of the target, behaviours of Planhat, rates of faults.

Each plan uses some of what there is and leaves the rest alone, so that what hides behind one fault
is seen in a plan without it (swarm testing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation import faults
from simulation.plan import ClockPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.draws import Draws

HALF: Final = 0.5
SOME: Final = 0.25
FEW: Final = 0.1

SHORT: Final = (faults.CRASH, faults.STOP)
"""What cuts a life short."""

SHAPES_OF_ANSWERS: Final[Mapping[str, Sequence[Any]]] = {
    "error_entries": (
        "index",
        "keyables",
        "nested-keyables",
        "text",
        "item",
        "nested-item",
        "property",
        "opaque",
        "nothing",
        "absent",
    ),
    "error_body": ("object", "string"),
    "failure_answer": ("arrays", "string", "empty"),
    "all_failed_status": (400, 206),
    "success_keys": ("held", "sent", "id"),
    "success_order": ("input", "reversed"),
    "absent_arrays": ("none", "empty", "permission"),
    "validation_errors": ("documented", "absent", "empty", "filled"),
    "delete_answer": ("documented", "counts", "record", "empty"),
    "missing_delete": ("not-found", "zero"),
}
"""Forms of answers, which may change from request to request."""

RULES: Final[Mapping[str, Sequence[Any]]] = {
    "batch": ("each", "whole", "until-bad"),
    "repeated_key": ("refuse-batch", "refuse-later", "last-wins"),
    "unchanged": ("nonupdate", "bump", "both"),
    "custom": ("merge", "replace"),
    "unknown_id": ("create", "create-with-id", "refuse", "fall-through"),
    "unknown_properties": ("drop", "keep", "refuse"),
    "maximum_limit": (0, 5, 7, 50),
    "honours_select": (True, False),
    "without_select": ("documented", "all"),
    "company_filter": ("list", "documented", "one-id"),
    "lean_companies": ("complete", "absent", "forbidden", "refused", "object", "without-keys"),
    "company_prefixes": (True, False),
    "objective_times": ("absent", "present", "oldest-first", "newest-first"),
}
"""What Planhat does, one way throughout a plan; the model of the oracles holds for each of them."""


def behaviours(draws: Draws, *, leave: Sequence[str] = ()) -> dict[str, Any]:
    """Draw how the sandbox behaves.

    Args:
        draws: Draws it.
        leave: Behaviours that keep their default.
    """
    chance = draws.faults
    found: dict[str, Any] = {"refused_marker": "<refuse>"}
    for name, values in (*SHAPES_OF_ANSWERS.items(), *RULES.items()):
        value = chance.choice(values)
        if chance.random() < HALF and name not in leave:
            found[name] = value
    return found


def changing(draws: Draws, *, leave: Sequence[str] = ()) -> dict[str, list[Any]]:
    """Draw which forms of answers change from request to request.

    Args:
        draws: Draws it.
        leave: Behaviours that keep their default.
    """
    chance = draws.faults
    if chance.random() < HALF:
        return {}
    return {
        name: list(values)
        for name, values in SHAPES_OF_ANSWERS.items()
        if chance.random() < SOME and name not in leave
    }


def settings(draws: Draws) -> dict[str, Any]:
    """Draw those settings of a target that matter to no oracle.

    Args:
        draws: Draws them.
    """
    chance = draws.plan
    found: dict[str, Any] = {"summary_path": "summary"}
    pool: Mapping[str, Sequence[Any]] = {
        "batch_size_rows": (1, 2, 3, 5, 17, 5000),
        "batch_size_bytes": (60, 200, 700, 8_000_000),
        "concurrency": (1, 2, 3, 8),
        "requests_per_minute": (0, 10, 60, 200, 1000),
        "request_timeout_seconds": (5, 60),
        "retry_budget_seconds": (0, 3, 30, 300, 3600),
        "unknown_properties": ("drop", "reject"),
    }
    for name, values in pool.items():
        value = chance.choice(values)
        if chance.random() < HALF:
            found[name] = value
    return found


def rejecting(draws: Draws) -> dict[str, Any]:
    """Draw what happens to records that cannot be written; mostly the run continues.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    number = chance.random()
    if number < FEW:
        return {}
    found: dict[str, Any] = {"on_reject": "continue", "rejects_path": "rejects"}
    if number < 2 * FEW:
        found["max_rejects"] = chance.choice([0, 1, 3, 8])
    return found


def clock(draws: Draws) -> ClockPlan:
    """Draw the clocks.

    Args:
        draws: Draws them.
    """
    chance = draws.clock
    return ClockPlan(
        ahead=chance.choice([0.0, 0.0, 0.0, -3.0, 1.0, 7200.0]),
        grain=chance.choice([1, 1, 1000]),
        exchange=chance.choice([0.0, 0.5, 5.0]),
    )


def opaque(draws: Draws) -> dict[str, Any]:
    """Draw answers that contradict themselves, or say nothing of single records; mostly none.

    Args:
        draws: Draws them.
    """
    chance = draws.faults
    if chance.random() > FEW:
        return {}
    return {
        "counts": chance.choice(["short", "long", "absent"]),
        "absent_arrays": chance.choice(["none", "successes", "all"]),
    }


def is_opaque(behaviours: Mapping[str, Any]) -> bool:
    """Return whether answers may contradict themselves.

    Args:
        behaviours: Those of the sandbox.
    """
    return bool(behaviours.get("counts", "right") != "right")


def unless(settings: Mapping[str, Any], leave: Sequence[str] = ()) -> Sequence[str]:
    """Return which behaviours keep their default under some settings.

    Args:
        settings: The settings of the target.
        leave: Others that keep it.
    """
    # An empty answer to a delete has to be asked for again, which a budget of 0 does not allow.
    return (*leave, "delete_answer") if settings.get("retry_budget_seconds") == 0 else leave


COMPANY_LISTS: Final = ("lean_companies", "company_prefixes", "company_filter")
"""Behaviours under which it may not be known which company a name means."""


def rates(draws: Draws, *, crashes: bool = True) -> dict[str, float]:
    """Draw how often each kind of fault happens.

    Args:
        draws: Draws it.
        crashes: Whether a run may be killed or stopped.
    """
    found = faults.swarm(draws.plan, calm=FEW)
    return found if crashes else {k: v for k, v in found.items() if k not in SHORT}
