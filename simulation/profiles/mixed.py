"""Several keyables an entity: several runs do what one does, unless there are deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.inputs import swarm
from simulation.inputs.entities import MISTAKES, MODELS, Entity, key_of, shapes_of
from simulation.inputs.plans import target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities, messages
from simulation.oracles.watch import TargetWatch

if TYPE_CHECKING:
    import random

    from simulation.draws import Draws
    from simulation.oracles.shapes import Shape
    from simulation.plan import Plan
    from simulation.story import Observer, Story


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.kinds = [each for each in MISTAKES if each not in {"blank key", "no key"}]
    settings = {**swarm.settings(draws), **swarm.rejecting(draws)}
    if chance.random() < swarm.SOME:
        settings["skip_unchanged"] = True
    if chance.random() < swarm.SOME:
        settings["write_mode"] = chance.choice(["update", "create"])
    if settings.get("write_mode") == "create":
        traits.deletions = 0.0
    if traits.deletions:
        settings["deletes"] = "delete"
    names = chance.sample(MODELS, chance.randint(1, 2))
    streams = [stream(draws, shape) for shape in shapes_of(names)]
    tenant = tenant_plan(draws, streams, leave=swarm.unless(settings, swarm.COMPANY_LISTS))
    return target_plan("mixed", draws, settings, messages(draws, streams, traits), tenant)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    return TargetWatch(plan, whole=_is_repeatable)


def stream(draws: Draws, shape: Shape) -> Stream:
    """Draw a stream whose records have one or several of the keyables of what they are about.

    Args:
        draws: Draws it.
        shape: Its model.
    """
    found = entities(shape, draws.plan.choice([1, 3, 8, 25]), draws, there=swarm.HALF)
    _, first, *others = shape.keyables
    for entity in found:
        entity.keys = {first: key_of(entity, first)}
        for name in others:
            if draws.records.random() > swarm.FEW:
                entity.keys[name] = key_of(entity, name)
        if entity.identifier:
            entity.keys["_id"] = entity.identifier
    return Stream(shape.model, found, _keyed)


def _keyed(entity: Entity, chance: random.Random) -> dict[str, Any]:
    names = chance.sample(list(entity.keys), chance.randint(1, len(entity.keys)))
    return {name: entity.keys[name] for name in names}


def _is_repeatable(story: Story) -> bool:
    """Return whether the result of several runs is that of one.

    Not with deletes, since a record that is deleted by one keyable and written by another can be
    another record the second time (docs/reliability.md, "Limits that remain").
    """
    return "deletes" not in story.plan.steps[0].sides[0].settings
