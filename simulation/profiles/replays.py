"""The reject file of a run, replayed after others have changed records (docs/rejects.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from simulation.inputs import swarm
from simulation.inputs.entities import key_of
from simulation.inputs.plans import COPY, target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities, messages
from simulation.oracles.replayed import ReplayWatch
from simulation.oracles.shapes import SHAPES
from simulation.plan import Change, changed

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.inputs.entities import Entity
    from simulation.plan import Plan
    from simulation.story import Observer

KINDS = ("wrong type", "unknown company", "unknown company", "marker")
"""A colleague creates the company meanwhile; the others are rejected again."""
PAUSE = 3_600.0


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Only issues say when they were changed, so that a replay leaves newer ones alone.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.kinds, traits.deletions = KINDS, 0.0
    traits.mistakes = chance.choice([0.1, 0.3, 0.6])
    settings = {
        **swarm.settings(draws),
        "on_reject": "continue",
        "rejects_path": "rejects",
        "match_on": ["sourceId"],
    }
    if chance.random() < swarm.SOME:
        settings["skip_unchanged"] = True
    found = entities(SHAPES["issues"], chance.choice([1, 3, 8, 25]), draws, there=swarm.HALF)
    for entity in found:
        entity.keys = {"sourceId": key_of(entity, "sourceId")}
    streams = [Stream("issues", found)]
    leave = swarm.unless(settings, (*swarm.COMPANY_LISTS, "custom"))
    tenant = tenant_plan(draws, streams, leave=leave)
    made = target_plan("replays", draws, settings, messages(draws, streams, traits), tenant)
    (step,) = made.steps
    clock = replace(made.clock, ahead=draws.clock.choice([0.0, 0.0, -3.0, 1.0]))
    again = replace(
        step, lines=[], rejects=True, pause=PAUSE, changes=_changes(draws, found), quiet=False
    )
    return changed(made, steps=[step, again], clock=clock)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    return ReplayWatch(plan)


def _changes(draws: Draws, found: list[Entity]) -> list[Change]:
    """Draw what colleagues do before the replay: they create a company, and change some issues."""
    churn = draws.churn
    company = {"_id": "5f00000000000000000000ff", "name": "Nobody", "externalId": "nobody"}
    made = [Change(tenant=COPY, model="companies", action="insert", fields=company)]
    return made + [
        Change(
            tenant=COPY,
            model="issues",
            action="update",
            find=("sourceId", entity.keys["sourceId"]),
            fields={"title": f"by a colleague {churn.randrange(3)}"},
        )
        for entity in found
        if churn.random() < swarm.SOME
    ]
