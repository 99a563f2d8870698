"""One keyable an entity: whatever fails or is killed, the result is that of one undisturbed run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.inputs import swarm
from simulation.inputs.entities import BY_ADDRESS, MISTAKES, MODELS, key_of, shapes_of
from simulation.inputs.plans import COPY, target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities, messages
from simulation.oracles.conversion import match_on
from simulation.oracles.shapes import SHAPES
from simulation.oracles.watch import TargetWatch
from simulation.plan import SANDBOX, SMALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.draws import Draws
    from simulation.oracles.reject_file import Filed
    from simulation.oracles.shapes import Shape
    from simulation.plan import Plan
    from simulation.story import Observer, Story

ORDERS = (
    (),
    (),
    ("sourceId",),
    ("sourceId", "_id"),
    ("_id", "sourceId"),
    ("externalId", "sourceId", "_id"),
)
"""Values of `match_on`."""


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    settings = {**swarm.settings(draws), **swarm.rejecting(draws), **modes(draws)}
    traits.archives = settings.get("deletes") == "archive"
    planhat = SMALL if chance.random() < 2 * swarm.FEW else SANDBOX
    if planhat == SMALL:
        traits.names = 0.0  # it has no rules about companies
    if planhat == SMALL or settings.get("dry_run"):  # what only Planhat refuses is not seen
        traits.kinds = [each for each in MISTAKES if each not in {"marker", "unknown company"}]
    names = ["issues"] if traits.archives else models_with(settings)
    if planhat == SMALL:  # it knows no other models
        names = [each for each in names if each not in {BY_ADDRESS, "opportunities"}]
    shapes = shapes_of(chance.sample(names, min(len(names), chance.randint(1, 3))))
    streams = [stream(draws, shape, settings) for shape in shapes]
    leave = swarm.COMPANY_LISTS if traits.names else ()
    opaque: dict[str, Any] = {}
    if settings.get("rejects_path") and "max_rejects" not in settings:
        opaque = swarm.opaque(draws)
    return target_plan(
        "simple",
        draws,
        settings,
        messages(draws, streams, traits),
        tenant_plan(draws, streams, leave=swarm.unless(settings, leave), behaviours=opaque),
        planhat=planhat,
    )


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    exact = not swarm.is_opaque(plan.tenants[COPY].behaviours)
    return TargetWatch(plan, whole=_is_repeatable, excuses=_is_explained, exact=exact, forward=True)


def _is_repeatable(story: Story) -> bool:
    """Return whether the result of several runs is that of one.

    Not with `write_mode: create` and deletes: what was skipped the first time can be created the
    second time (docs/reliability.md, "Limits that remain").
    """
    settings = story.plan.steps[0].sides[0].settings
    return not (settings.get("write_mode") == "create" and settings.get("deletes") == "delete")


def _is_explained(reject: Filed, story: Story) -> bool:
    """Return whether a reject says that an answer which contradicts itself gives no outcome."""
    is_opaque = swarm.is_opaque(story.plan.tenants[COPY].behaviours)
    return reject.code == "outcome_unknown" and is_opaque


def modes(draws: Draws) -> dict[str, Any]:
    """Draw which records are written, and how.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    found: dict[str, Any] = {}
    if order := chance.choice(ORDERS):
        found["match_on"] = list(order)
    if chance.random() < swarm.SOME:
        found["write_mode"] = chance.choice(["update", "create"])
    if chance.random() < swarm.SOME:
        found["skip_unchanged"] = True
    if chance.random() < swarm.HALF:
        found["deletes"] = chance.choice(["archive", "delete", "delete"])
    if chance.random() < swarm.FEW / 2:
        found["dry_run"] = True
    return found


def models_with(settings: Mapping[str, Any]) -> list[str]:
    """Return the models that have any of the keyables by which records are matched.

    Args:
        settings: The settings of the target.
    """
    return [name for name in (*MODELS, BY_ADDRESS) if match_on(SHAPES[name], settings)]


def stream(draws: Draws, shape: Shape, settings: Mapping[str, Any]) -> Stream:
    """Draw a stream whose entities have one keyable each; a foreign `_id` may come on top of it.

    Args:
        draws: Draws it.
        shape: Its model.
        settings: The settings of the target.
    """
    chance = draws.plan
    matched = [each for each in settings.get("match_on", shape.keyables) if each in shape.keyables]
    ways = [{"_id": "own"}.get(each, each) for each in matched]
    ways += ["foreign", "sourceId"] if "sourceId" in matched else []
    way = chance.choice(ways)
    there = 1.0 if way == "own" else swarm.HALF
    found = entities(shape, chance.choice([1, 3, 8, 25]), draws, there=there)
    for entity in found:
        entity.keys = {
            "own": {"_id": entity.identifier},
            "foreign": {
                "_id": f"77000000{entity.number:016x}",
                "sourceId": key_of(entity, "sourceId"),
            },
        }.get(way, {way: key_of(entity, way)})
    return Stream(shape.model, found)
