"""Records without a keyable: written once, and once more for each run that was cut short."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from simulation.inputs import swarm
from simulation.inputs.entities import Entity, shapes_of
from simulation.inputs.plans import target_plan, tenant_plan
from simulation.inputs.streams import Stream, Traits, entities, messages
from simulation.oracles.reject_file import read_rejects
from simulation.oracles.watch import TargetWatch
from simulation.story import WELL

if TYPE_CHECKING:
    import random

    from simulation.draws import Draws
    from simulation.oracles.reject_file import Filed
    from simulation.oracles.shapes import Shape
    from simulation.plan import Plan
    from simulation.story import Life, Observer, Story, Tenant

KINDS = ("wrong type", "unsendable", "conflict", "unknown company", "marker")


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.kinds, traits.numbered = KINDS, True
    traits.records = min(traits.records, 60)
    settings = {**swarm.settings(draws), **swarm.rejecting(draws), "missing_key": "create"}
    if chance.random() < swarm.SOME:
        settings["write_mode"] = "create"
    if traits.deletions:
        settings["deletes"] = "delete"
    names = chance.sample(["issues", "objectives", "projects"], chance.randint(1, 2))
    streams = [_stream(draws, shape) for shape in shapes_of(names)]
    tenant = tenant_plan(draws, streams, leave=swarm.unless(settings, swarm.COMPANY_LISTS))
    return target_plan("unkeyed", draws, settings, messages(draws, streams, traits), tenant)


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    return UnkeyedWatch(plan)


class UnkeyedWatch(TargetWatch):
    """Watches a target whose records have no keyables, and count by the number in their name.

    Args:
        plan: The plan.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, values=False, excuses=_is_lost)
        self._due = {
            each.line.number: each.kind == "created"
            for each in self.model.outcomes
            if each.request is not None and each.request.operation == "create"
        }

    def printed(self, line: bytes, story: Story) -> None:
        """Check a state at the moment at which it is printed.

        Args:
            line: The printed line.
            story: The run so far.
        """
        super().printed(line, story)
        self.violations += [
            f"when the state of line {self._printed} is printed: {each}"
            for each in self._missing(story, story.synced, self._printed)
        ]

    def ended(self, story: Story) -> None:
        """Check a run that is over.

        Args:
            story: It.
        """
        super().ended(story)
        lives = story.lives_of(0)
        well = lives[-1].ended == WELL
        until = len(self.model.lines) + 1 if well else self._printed
        wrong = self._missing(story, story.rejects, until)
        for number, times in self._held(story).items():
            runs = sum(life.first < number for life in lives)
            if not self._due.get(number):
                wrong.append(f"line {number} is there {times} times and had to be rejected")
            elif times > runs:
                wrong.append(f"line {number} was read by {runs} runs and is there {times} times")
        self.violations += [f"at the end: {each}" for each in wrong]

    def compare(self, life: Life, story: Story, tenant: Tenant, at: int) -> list[str]:  # noqa: ARG002 - as `TargetWatch` has it
        """Return nothing: records without keyables are counted."""
        return []

    def _held(self, story: Story) -> Counter[int]:
        """Return how often each line of the input is there."""
        tenant = story.tenants[self._side.tenant]
        return Counter(
            self.model.numbers[int(record["custom"]["line"])]
            for model in ("issues", "objectives", "projects")
            for record in tenant.records(model)
            if not record.get("sourceId")
        )

    def _missing(self, story: Story, files: Any, until: int) -> list[str]:  # noqa: ANN401 - a mapping
        rejects, _ = read_rejects(files.get(self._side.tenant, b""), self.model.numbers)
        accounted = {each.number for each in rejects} | self._held(story).keys()
        return [
            f"the record of line {number} is neither in Planhat nor in the reject file"
            for number, is_due in self._due.items()
            if is_due and number < until and number not in accounted
        ]


def _stream(draws: Draws, shape: Shape) -> Stream:
    found = entities(shape, 6, draws, there=0.0)
    for entity in found[:2]:
        entity.keys = {"sourceId": f"{shape.model[0]}{entity.number}"}
    return Stream(shape.model, found, _keyed)


def _keyed(entity: Entity, chance: random.Random) -> dict[str, Any]:
    keys = {name: chance.choice([None, "", "  "]) for name in ("sourceId",)}
    if entity.keys:
        return dict(entity.keys)
    return keys if chance.random() < swarm.HALF else {}


def _is_lost(reject: Filed, story: Story) -> bool:
    """Return whether a reject says that an answer was lost."""
    return reject.code == "outcome_unknown" and story.counts["faults"] > 0
