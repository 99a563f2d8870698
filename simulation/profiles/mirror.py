"""A mirror: what a complete source does not have is removed, and nothing else ever."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from simulation.inputs import swarm
from simulation.inputs.entities import DELETED, Entity, values_of
from simulation.inputs.messages import Style
from simulation.inputs.plans import COPY, target_plan, tenant_plan
from simulation.inputs.streams import Stream, entities
from simulation.oracles.inputs import SEQUENCE
from simulation.oracles.mirrored import remove_missing
from simulation.oracles.shapes import SHAPES
from simulation.oracles.watch import Due, TargetWatch
from simulation.plan import ClockPlan
from simulation.story import WELL

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.oracles.model import TargetModel
    from simulation.plan import Plan
    from simulation.story import Life, Observer, Story, Tenant

WAYS = ("complete",) * 6 + ("silent", "early", "old", "mixed", "reject", "open", "without date")
"""Whether it shows that the source is complete; `open`: records come after the last state."""
BEFORE = 5
"""How many seconds before the run the source was read."""
SLACK = 60
"""How much older than the read of the source a record must be to be removed."""


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    settings = {
        **swarm.settings(draws),
        "on_reject": "continue",
        "rejects_path": "rejects",
        "match_on": ["sourceId"],
        "on_missing": chance.choice(["archive", "delete"]),
        "missing_scope": {"source": "Jira"},
        "max_missing_percent": chance.choice([0, 10, 50, 100]),
    }
    if chance.random() < swarm.SOME:
        settings["skip_unchanged"] = True
    found = entities(SHAPES["issues"], chance.choice([3, 12, 40]), draws, there=0.8)
    for entity in found:
        entity.keys = {"sourceId": f"i{entity.number}"}
    way = chance.choice(WAYS)
    tenant = tenant_plan(
        draws,
        [Stream("issues", found)],
        leave=swarm.unless(settings),
        behaviours={"date_header": way != "without date"},
    )
    began = int(ClockPlan().start)
    issues = [_there(draws, each, began) for each in tenant.records.get("issues", [])]
    tenant = replace(tenant, records={**tenant.records, "issues": issues})
    lines = _lines(draws, found, began - BEFORE, way)
    return target_plan("mirror", draws, settings, lines, tenant, replays=True)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    return MirrorWatch(plan)


class MirrorWatch(TargetWatch):
    """Watches a mirror.

    Args:
        plan: The plan.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.last = len(self.model.lines) + 1
        self._removed: dict[int, int] = {}

    def make_due(self, life: Life, model: TargetModel) -> Due:
        """Return what a life has to do: behind its last line it removes what is missing.

        Args:
            life: The life.
            model: What it does with its lines.
        """
        due = super().make_due(life, model)
        if not _is_complete(self._plan) or any(each.kind == "rejected" for each in model.outcomes):
            return due
        youngest = int(self._plan.clock.start) - BEFORE - SLACK
        removed, is_too_much = remove_missing(model, "issues", youngest=youngest)
        if not is_too_much:
            self._removed[life.number] = removed
        return Due(model, due.rejects, must_fail=is_too_much)

    def compare(self, life: Life, story: Story, tenant: Tenant, at: int) -> list[str]:
        """Compare the tenant with what a life has to leave there, unless a reject suspends it."""
        if self.due(life, story).rejects.uncertain(story):
            return []
        return super().compare(life, story, tenant, at)

    def ended(self, story: Story) -> None:
        """Check a run that is over.

        Args:
            story: It.
        """
        super().ended(story)
        for life in story.lives_of(0):
            due = self.due(life, story)
            if life.ended != WELL or life.faults or not life.summary or not due.model.outcomes:
                continue
            counted = life.summary["streams"].get("issues", {}).get("removed")
            if counted != self._removed.get(life.number):
                self.violations.append(
                    f"life {life.number}: {counted} records are counted as removed, not "
                    f"{self._removed.get(life.number)}"
                )


def _there(draws: Draws, record: dict[str, Any], began: int) -> dict[str, Any]:
    """Draw what a record of the tenant is to the source."""
    chance = draws.records
    record = {**record, "source": "Jira" if chance.random() < 0.8 else "Zendesk"}  # noqa: PLR2004 - most
    number = chance.random()
    if number < swarm.FEW:
        record.pop("sourceId")
    elif number < 2 * swarm.FEW:
        record["sourceId"] = record["sourceId"].upper()
    elif number < 3 * swarm.FEW:
        record["archived"] = True
    elif number < 4 * swarm.FEW:
        record["_id"] = f"{began - 10:08x}{record['_id'][8:]}"
    return record


def _lines(draws: Draws, found: list[Entity], read: int, way: str) -> list[str]:
    chance, style = draws.records, Style(draws.plan)
    lines = [style.schema("issues", {})]
    share = chance.choice([1.0, 0.97, 0.9, 0.5])
    came = [entity for entity in found if chance.random() < share]
    version = read - 86_400 if way == "old" else read
    extracted = datetime.fromtimestamp(read, timezone.utc).isoformat()
    for place, entity in enumerate(came):
        record: dict[str, Any] = {
            **entity.keys,
            **values_of(entity, chance),
            "source": "Jira",
            SEQUENCE: len(lines) + 1,
        }
        if chance.random() < swarm.FEW / 2:
            record["_sdc_deleted_at"] = DELETED
        if way == "reject" and place == len(came) // 2:
            record["archived"] = "perhaps"
        own = version - 1 if way == "mixed" and not place else version
        lines.append(style.record("issues", record, version=own, time_extracted=extracted))
        if way == "early" and place == len(came) // 2:
            lines.append(_activate(version))
        if chance.random() < swarm.FEW:
            lines.append(style.state(len(lines)))
    if way not in {"silent", "early"}:
        lines.append(_activate(version))
    if way != "open":
        lines.append(style.state(len(lines)))
    return lines


def _activate(version: int) -> str:
    return f'{{"type": "ACTIVATE_VERSION", "stream": "issues", "version": {version}}}'


def _is_complete(plan: Plan) -> bool:
    """Return whether the input of a plan shows that it is complete (docs/mirror.md)."""
    messages = [json.loads(line) for line in plan.steps[0].lines]
    ours = [each for each in messages if each["type"] in {"RECORD", "ACTIVATE_VERSION"}]
    versions = {each.get("version") for each in ours}
    activations = [each for each in ours if each["type"] == "ACTIVATE_VERSION"]
    dated = plan.tenants[COPY].behaviours.get("date_header", True)
    return (
        dated
        and len(activations) == 1
        and len(ours) > 1
        and ours[-1] is activations[0]
        and versions == {int(plan.clock.start) - BEFORE}
        and _ends_with_state(messages)
    )


def _ends_with_state(messages: list[dict[str, Any]]) -> bool:
    """Return whether no record came after the last state; an input without states has no end."""
    places = [at for at, each in enumerate(messages) if each["type"] == "STATE"]
    return not places or all(each["type"] != "RECORD" for each in messages[places[-1] :])
