"""Companies by any of their names, and lists of companies that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.inputs import swarm
from simulation.inputs.entities import shapes_of
from simulation.inputs.plans import COPY, target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities, messages
from simulation.oracles.watch import TargetWatch

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.plan import Plan
    from simulation.story import Observer

LISTS = (
    *("complete",) * 7,
    "absent",
    "forbidden",
    "object",
    "without-keys",
    "partial",
    "duplicated",
    "swapped",
    "odd-keys",
)


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.names, traits.kinds = 0.8, ["unknown company"]
    traits.mistakes = chance.choice([0.0, 0.1, 0.1])
    settings: dict[str, Any] = {**swarm.settings(draws), **swarm.rejecting(draws)}
    settings |= chance.choice(
        [{"skip_unchanged": True}, {"write_mode": "update"}, {"write_mode": "create"}, {}]
    )
    if settings.get("write_mode") == "create":
        traits.deletions = 0.0
    if traits.deletions:
        settings["deletes"] = "delete"
    lists = {
        "lean_companies": chance.choice(LISTS),
        "company_prefixes": chance.random() > swarm.SOME,
    }
    # An objective that only its externalId identifies is found only if its company is known.
    by_external_id = _is_complete(lists) and chance.random() < swarm.SOME
    names = ["objectives", "projects"] if by_external_id else ["issues", "objectives"]
    streams = []
    for shape in shapes_of(names):
        found = entities(shape, chance.choice([2, 6]), draws, there=swarm.HALF)
        for entity in found:
            key = f"{shape.model[0]}{entity.number}"
            entity.keys = {"externalId" if by_external_id else "sourceId": key}
        streams.append(Stream(shape.model, found))
    leave = swarm.unless(settings, tuple(lists))
    tenant = tenant_plan(draws, streams, leave=leave, behaviours=lists)
    return target_plan("companies", draws, settings, messages(draws, streams, traits), tenant)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    exact = _is_complete(plan.tenants[COPY].behaviours)
    return TargetWatch(plan, exact=exact, forward=True)


def _is_complete(behaviours: dict[str, Any]) -> bool:
    """Return whether it is known which company each name means."""
    is_complete = behaviours.get("lean_companies", "complete") == "complete"
    return is_complete and bool(behaviours.get("company_prefixes", True))
