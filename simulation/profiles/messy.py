"""Keyables that are handed on from record to record, in batches of one.

Each run does what is known of it, but a second one may not do what the first one did, since a
keyable can name another record by then (docs/reliability.md, "Limits that remain").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.inputs import swarm
from simulation.inputs.entities import MODELS, Entity, key_of, shapes_of
from simulation.inputs.plans import target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities, messages
from simulation.oracles.watch import TargetWatch

if TYPE_CHECKING:
    import random

    from simulation.draws import Draws
    from simulation.oracles.shapes import Shape
    from simulation.plan import Plan
    from simulation.story import Observer

KINDS = ("wrong type", "unsendable", "conflict", "unknown company", "marker")


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.kinds = KINDS
    settings = {**swarm.settings(draws), **swarm.rejecting(draws)}
    # A stream that hands keyables on needs both (docs/writing.md, docs/adr/0042).
    settings |= {"batch_size_rows": 1, "concurrency": 1}
    if chance.random() < swarm.SOME:
        settings["skip_unchanged"] = True
    if chance.random() < swarm.SOME:
        settings["write_mode"] = chance.choice(["update", "create"])
    if traits.deletions:
        settings["deletes"] = "delete"
    names = chance.sample(MODELS, chance.randint(1, 2))
    streams = [stream(draws, shape) for shape in shapes_of(names)]
    rates = swarm.rates(draws, crashes=chance.random() < swarm.SOME)
    tenant = tenant_plan(draws, streams, leave=swarm.unless(settings, swarm.COMPANY_LISTS))
    lines = messages(draws, streams, traits)
    return target_plan("messy", draws, settings, lines, tenant, rates=rates)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    return TargetWatch(plan, whole=lambda _: False)


def stream(draws: Draws, shape: Shape) -> Stream:
    """Draw a stream whose records have any keyables of any of the things they are about.

    Args:
        draws: Draws it.
        shape: Its model.
    """
    found = entities(shape, draws.plan.choice([2, 4, 8]), draws, there=swarm.HALF)
    for entity in found:
        entity.keys = {name: key_of(entity, name) for name in shape.keyables[1:]}
        if entity.identifier:
            entity.keys["_id"] = entity.identifier
    pools = {
        name: [entity.keys[name] for entity in found if name in entity.keys]
        for name in shape.keyables
    }
    names = [name for name in shape.keyables if pools[name]]

    def keyed(entity: Entity, chance: random.Random) -> dict[str, Any]:
        chosen = chance.sample(names, chance.randint(1, len(names)))
        return {
            name: entity.keys[name]
            if name in entity.keys and chance.random() < swarm.HALF
            else chance.choice(pools[name])
            for name in chosen
        }

    return Stream(shape.model, found, keyed)
