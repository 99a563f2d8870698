"""A fair part of the kills; `make kills` runs a hundred."""

from __future__ import annotations

import pytest

from reliability.kill_plan import Kill, plan_kills
from reliability.kills import try_kill

KILLS = [
    Kill(1, "KILL", "target", "between send and answer", 11),
    Kill(2, "KILL", "target", "before the fsync of rejects", 12),
    Kill(3, "KILL", "target", "after the fsync of rejects", 13),
    Kill(4, "KILL", "target", "before a state line", 14),
    Kill(5, "KILL", "the process group", "after a state line", 15),
    Kill(6, "TERM", "the process group", "before a send", 16),
    Kill(7, "TERM twice", "target", "just after an answer", 17),
    Kill(8, "TERM, and again", "tap", "at a random instant", 18),
    Kill(9, "KILL", "tap", "at a random instant", 19),
]


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_a_kill_is_survived(kill):
    assert not try_kill(kill).wrong


def test_a_plan_of_a_hundred_has_every_signal_victim_and_point():
    plan = plan_kills(100, 1)
    assert {kill.how for kill in plan} == {"KILL", "TERM", "TERM twice", "TERM, and again"}
    assert {kill.victim for kill in plan} == {"tap", "target", "both", "the process group"}
    assert len({kill.point for kill in plan}) == 8
    assert plan == plan_kills(100, 1)
