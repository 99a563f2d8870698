"""What the reliability page names as limits: what holds nevertheless is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.faults import LATER
from simulation.inputs import swarm
from simulation.inputs.entities import MODELS, shapes_of
from simulation.inputs.plans import COPY, target_plan, tenant_plan
from simulation.inputs.streams import Traits, messages
from simulation.oracles.floor import Floor
from simulation.oracles.model import TargetModel
from simulation.oracles.watch import TargetWatch
from simulation.profiles import messy, mixed

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.plan import Plan
    from simulation.story import Observer


def plan(draws: Draws) -> Plan:
    """Draw a plan: any keyables and deletions, lists that lag, work that is done much too late.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.partial = chance.choice([0.0, swarm.FEW])
    settings = {
        **swarm.settings(draws),
        **swarm.rejecting(draws),
        "write_mode": chance.choice(["upsert", "update", "create"]),
        "deletes": chance.choice(["ignore", "archive", "delete", "delete"]),
        "skip_unchanged": chance.random() < swarm.HALF,
    }
    archives = settings["deletes"] == "archive"
    names = ["issues"] if archives else chance.sample(MODELS, chance.randint(1, 3))
    shapes = shapes_of(names)
    make = chance.choice([mixed.stream, messy.stream])
    if make is messy.stream and chance.random() < swarm.HALF:
        settings |= {"batch_size_rows": 1, "concurrency": 1}
    streams = [make(draws, shape) for shape in shapes]
    rates = {**swarm.rates(draws), LATER: chance.choice([0.0, 0.0, swarm.SOME])}
    lag = chance.choice([0.0, 0.0, 5.0, 120.0])
    return target_plan(
        "hazards",
        draws,
        settings,
        messages(draws, streams, traits),
        tenant_plan(draws, streams, leave=swarm.unless(settings), lag_seconds=lag),
        rates=rates,
        leaves_time=chance.random() < swarm.HALF,
    )


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    known = _is_timely(plan) and (_is_one_by_one(plan) or not Floor(TargetModel(plan)).hands_on())
    return TargetWatch(
        plan,
        values=known,
        whole=lambda _: False,
        excuses=lambda _reject, _story: not known,
        refuses=known,
        exact=known,
    )


def _is_timely(plan: Plan) -> bool:
    """Return whether lists show what is there, and no request of a run is at work after the next.

    Then it is known what each run does, whatever its keyables, modes and deletions.
    """
    works = [each["work"] for each in plan.faults.values() if isinstance(each.get("work"), dict)]
    is_later = plan.rates.get(LATER) or any("seconds" in work for work in works)
    leaves_time = plan.steps[0].again[0] > 0
    return leaves_time and not is_later and not plan.tenants[COPY].lag_seconds


def _is_one_by_one(plan: Plan) -> bool:
    """Return whether a stream may hand keyables on (docs/writing.md, docs/adr/0042)."""
    settings = plan.steps[0].sides[0].settings
    return settings.get("batch_size_rows") == settings.get("concurrency") == 1
