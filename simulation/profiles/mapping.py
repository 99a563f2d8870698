"""Records of other systems, mapped: two streams become one model, and one is not mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.inputs import swarm
from simulation.inputs.entities import DELETED, shapes_of
from simulation.inputs.foreign import (
    StreamMapping,
    draw_mapping,
    draw_record,
    mapped,
    mappings_of,
)
from simulation.inputs.messages import Style
from simulation.inputs.plans import target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities
from simulation.oracles.watch import TargetWatch

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.plan import Plan
    from simulation.story import Observer

STREAMS = ("issues", "jira_help", "users")
"""The first is mapped by its name, the second by a glob, the third not at all."""


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    settings = {**swarm.settings(draws), **swarm.rejecting(draws), "match_on": ["sourceId"]}
    if chance.random() < swarm.SOME:
        settings["skip_unchanged"] = True
    if chance.random() < swarm.SOME:
        settings["write_mode"] = "update"
    if traits.deletions:
        settings["deletes"] = "delete"
    settings["mappings"] = [
        draw_mapping(chance, "issues", named="issues"),
        draw_mapping(chance, "jira_help", named="jira_*"),
    ]
    count = chance.choice([1, 3, 8])
    (shape,) = shapes_of(["issues"])
    found = entities(shape, count, draws, there=swarm.HALF)
    for entity in found:
        entity.keys = {"sourceId": f"K-{entity.number}"}
    streams = [Stream("issues", found)]
    lines = _lines(draws, traits, count, mappings_of(settings, STREAMS))
    leave = swarm.unless(settings, swarm.COMPANY_LISTS)
    if "skip_unchanged" in settings:
        # A record that is not sent keeps the custom fields of others, one that is sent may not
        # (docs/writing.md, "Modes"); which of two versions is sent depends on how they are batched.
        leave = (*leave, "custom")
    tenant = tenant_plan(draws, streams, leave=leave)
    return target_plan("mapping", draws, settings, lines, tenant)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    mappings = mappings_of(plan.steps[0].sides[0].settings, STREAMS)
    return TargetWatch(plan, mapped=mapped(mappings), forward=True)


def _lines(
    draws: Draws, traits: Traits, count: int, mappings: dict[str, StreamMapping]
) -> list[str]:
    chance, style = draws.records, Style(draws.plan)
    lines = [style.schema(stream, {}) for stream in STREAMS]
    states = 0
    for _ in range(traits.records):
        stream = chance.choice(STREAMS)
        record = draw_record(chance, chance.randint(1, count), len(lines) + 1)
        mapping = mappings.get(stream)
        if mapping is not None and chance.random() < traits.deletions:
            column = "removed" if mapping.deletion else "_sdc_deleted_at"
            record[column] = DELETED
            if chance.random() < swarm.HALF:
                del record["fields"]
        lines.append(style.record(stream, record))
        if chance.random() < 1 / traits.every:
            states += 1
            lines.append(style.state(states))
    lines.append(style.state(states + 1))
    return lines
