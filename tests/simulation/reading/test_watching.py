"""How lives ended is checked, and that no token is in what they print or say."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from simulation.draws import Draws
from simulation.exchange import TOKEN
from simulation.plan import changed
from simulation.profiles.full_read import plan
from simulation.reading.watching import check
from simulation.story import FAILED, WELL, Life, Story

PLAN = plan(Draws(1))
LIVES = [Life(step + 1, step, 0, "tap", "source", 1, ended=WELL) for step in range(len(PLAN.steps))]


def checked(*lives: Life) -> list[str]:
    return check(Story(PLAN, lives=list(lives)))


def test_nothing_is_wrong_with_steps_that_end_well() -> None:
    assert checked(*LIVES) == []


def test_a_step_that_does_not_end_well_or_does_not_begin_is_found() -> None:
    *others, last = LIVES
    (wrong,) = checked(*others, replace(last, ended=FAILED, error="why"))
    assert wrong.endswith("has not ended well (failed: why)")
    (wrong,) = checked(*others)
    assert wrong.endswith("has not ended well (it did not begin)")


def test_a_step_need_not_end_well_if_planhat_ignores_sort() -> None:
    tenant = msgspec.structs.replace(PLAN.tenants["source"], behaviours={"honours_sort": False})
    unsorted = changed(PLAN, tenants={"source": tenant})
    assert check(Story(unsorted, lives=[])) == []


def test_a_token_is_found_in_what_a_life_prints_and_in_its_last_line() -> None:
    *others, last = LIVES
    printed = replace(last, printed=[f'{{"is":"{TOKEN}source"}}\n'.encode()])
    assert checked(*others, printed) == [f"life {last.number} shows its token"]
    assert checked(*others, replace(last, error=f"not {TOKEN}source")) == [
        f"life {last.number} shows its token"
    ]
