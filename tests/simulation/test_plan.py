from __future__ import annotations

import first_profile
import pytest

from simulation.draws import Draws
from simulation.faults import RATES, swarm
from simulation.plan import Change, changed, plan_of
from simulation.profile import perform


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_is_the_same_after_it_was_json(seed: int) -> None:
    plan = first_profile.plan(Draws(seed))
    change = Change(tenant="copy", model="issues", action="delete", find=("sourceId", "s1"), at=3)
    plan = changed(plan, steps=[*plan.steps, *plan.steps], left_out=["exchange 3"], lives=3)
    plan = changed(plan, faults={"print 1": {"kind": "crash", "share": 0.5}})
    plan.steps[0].changes.append(change)
    assert plan_of(plan.to_json()) == plan


def test_what_is_not_a_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="required field"):
        plan_of('{"seed": 1}')


def test_a_seed_draws_the_same_plan_again_and_another_seed_another() -> None:
    plans = [first_profile.plan(Draws(seed)).to_json() for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_what_is_drawn_for_one_name_does_not_depend_on_what_is_drawn_for_others() -> None:
    first, second = Draws(5), Draws(5)
    first.plan.random()
    first.of("exchange 1").random()
    assert first.of("exchange 2").random() == second.of("exchange 2").random()
    assert first.records.random() == second.records.random()
    assert first.chance("exchange 2") == second.chance("exchange 2") != first.chance("exchange 3")


def test_swarms_differ_and_name_only_rates_that_there_are() -> None:
    swarms = [swarm(Draws(seed).plan) for seed in range(50)]
    assert all(rates.keys() <= set(RATES) for rates in swarms)
    assert len({frozenset(rates) for rates in swarms}) > 20


@pytest.mark.parametrize("seed", [3, 16, 27, 39])
def test_faults_that_are_named_happen_as_those_that_were_drawn_did(seed: int) -> None:
    plan = first_profile.plan(Draws(seed))
    drawn, _ = perform(first_profile, plan)
    assert drawn.faults()
    named, _ = perform(first_profile, changed(plan, rates={}, faults=drawn.faults()))
    assert named.trace() == drawn.trace()


def test_what_is_left_out_does_not_happen_and_what_was_before_it_is_the_same() -> None:
    plan = first_profile.plan(Draws(39))
    drawn, _ = perform(first_profile, plan)
    last = next(reversed(drawn.faults()))
    without, _ = perform(first_profile, changed(plan, left_out=[last]))
    at = next(event.number for event in drawn.events if event.decision == last)
    assert last not in without.faults()
    assert without.events[: at - 1] == drawn.events[: at - 1]
