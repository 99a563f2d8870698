"""A few seeds of each profile of the target: whatever fails or is killed, nothing is lost."""

import pytest

from simulation.draws import Draws
from simulation.profile import load, perform

PROFILES = (
    "simple",
    "mixed",
    "messy",
    "unkeyed",
    "hazards",
    "mapping",
    "mirror",
    "companies",
)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", PROFILES)
def test_nothing_is_lost_or_doubled(name: str, seed: int):
    profile = load(name)
    _, wrong = perform(profile, profile.plan(Draws(seed)))
    assert not wrong


@pytest.mark.parametrize("name", PROFILES)
def test_a_plan_is_the_same_for_the_same_seed(name: str):
    profile = load(name)
    assert profile.plan(Draws(7)).to_json() == profile.plan(Draws(7)).to_json()
    assert profile.plan(Draws(7)).to_json() != profile.plan(Draws(8)).to_json()
