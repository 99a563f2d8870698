"""The shrinker makes a plan that fails smaller, and it fails in the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import first_profile
import pytest
from msgspec.structs import replace

from simulation.draws import Draws
from simulation.plan import ClockPlan, changed
from simulation.profile import perform
from simulation.shrinker import Shrinker, kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulation.plan import Plan
    from simulation.story import Story


class Failing:
    """The first profile, with another check."""

    plan = staticmethod(first_profile.plan)
    observer = staticmethod(first_profile.observer)

    def __init__(self, check: Callable[[Story], list[str]]) -> None:
        self.check = check


def titles(story: Story) -> list[str]:
    return [record["title"] for record in story.tenants["copy"].records("issues")]


def records(plan: Plan) -> Sequence[str]:
    messages = [json.loads(line) for line in plan.steps[0].lines]
    return [each["record"]["title"] for each in messages if each["type"] == "RECORD"]


def three_are_there_after_a_crash(story: Story) -> list[str]:
    found = titles(story)
    return [f"{len(found)} are there"] if story.counts["crash"] and len(found) >= 3 else []


def test_what_is_left_is_what_the_violation_needs() -> None:
    profile = Failing(three_are_there_after_a_crash)
    plan = next(
        drawn
        for drawn in map(first_profile.plan, map(Draws, range(1, 100)))
        if 6 < len(records(drawn)) < 14 and perform(profile, drawn)[1]
    )
    shrinker = Shrinker(plan, profile)
    smaller = shrinker.shrink()
    assert smaller is shrinker.plan
    assert len(records(smaller)) == 3
    lines = smaller.steps[0].lines
    for at in range(len(lines)):
        step = replace(smaller.steps[0], lines=lines[:at] + lines[at + 1 :])
        assert not perform(profile, changed(smaller, steps=[step]))[1]
    assert not smaller.rates
    assert [fault["kind"] for fault in smaller.faults.values()] == ["crash"]
    assert smaller.clock == ClockPlan()
    assert not smaller.steps[0].sides[0].settings
    assert perform(profile, smaller)[1] == ["3 are there"]


@pytest.fixture
def plan() -> Plan:
    return changed(first_profile.plan(Draws(1)), rates={}, lives=1, switch=0.0)


def test_a_candidate_that_fails_in_another_way_does_not_take_its_place(plan: Plan) -> None:
    def check(story: Story) -> list[str]:
        sent = len(records(story.plan))
        return [f"{sent} were sent"] if sent >= len(records(plan)) - 1 else ["too few were sent"]

    assert len(records(Shrinker(plan, Failing(check)).shrink())) == len(records(plan)) - 1


def test_a_candidate_that_makes_no_sense_does_not_take_its_place(plan: Plan) -> None:
    def check(story: Story) -> list[str]:
        return [f"{records(story.plan)[1]} is there"]

    assert len(records(Shrinker(plan, Failing(check)).shrink())) == 2


def test_it_ends_when_its_time_is_over(plan: Plan) -> None:
    shrinker = Shrinker(plan, Failing(lambda _: ["always"]), seconds=0.0)
    assert shrinker.shrink() == plan
    assert shrinker.tries == 0


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("life 2: issues s5 has title 'a'", "life 1: issues s5 has title 'b c'", True),
        ("17 are there, [1, 2]", "9 are there, []", True),
        ("issues sourceId=i5 is missing", "issues sourceId=i7 is missing", True),
        ("issues sourceId=i5 is missing", "issues sourceId=i5 is there 2 times", False),
    ],
)
def test_sentences_are_alike_if_they_differ_in_numbers_and_values_alone(
    one: str, other: str, *, are_alike: bool
) -> None:
    assert (kinds([one]) == kinds([other])) is are_alike
