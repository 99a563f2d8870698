"""A few seeds of each profile of the target: whatever fails or is killed, nothing is lost."""

import pytest
from profile_names import WRITERS

from simulation.draws import Draws
from simulation.plan import changed, plan_of
from simulation.profile import load, perform


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", WRITERS)
def test_nothing_is_lost_or_doubled(name: str, seed: int):
    profile = load(name)
    _, wrong = perform(profile, profile.plan(Draws(seed)))
    assert not wrong


@pytest.mark.parametrize("name", WRITERS)
def test_a_plan_is_the_same_for_the_same_seed(name: str):
    profile = load(name)
    assert profile.plan(Draws(7)).to_json() == profile.plan(Draws(7)).to_json()
    assert profile.plan(Draws(7)).to_json() != profile.plan(Draws(8)).to_json()


@pytest.mark.parametrize("seed", range(4))
def test_what_mappings_mean_is_in_the_plan_and_not_in_its_seed(seed: int):
    profile = load("mapping")
    plan = plan_of(profile.plan(Draws(seed)).to_json())
    assert perform(profile, changed(plan, seed=seed + 1_000))[1] == []
