"""A fair part of the kills; `make kills` runs a hundred."""

from __future__ import annotations

import pytest

from reliability.kill_plan import Kill, plan_kills
from reliability.kills import try_kill
from reliability.sides import PAIRS

SINGER, AIRBYTE = PAIRS

KILLS = [
    Kill(SINGER, 1, "KILL", "writer", "between send and answer", 11),
    Kill(SINGER, 3, "KILL", "writer", "after the fsync of rejects", 13),
    Kill(SINGER, 5, "KILL", "the process group", "after a state line", 15),
    Kill(SINGER, 6, "TERM", "the process group", "before a send", 16),
    Kill(SINGER, 7, "TERM twice", "writer", "just after an answer", 17),
    Kill(SINGER, 8, "TERM, and again", "reader", "at a random instant", 18),
    Kill(AIRBYTE, 1, "KILL", "the process group", "between send and answer", 21),
    Kill(AIRBYTE, 2, "KILL", "writer", "before a state line", 22),
]
MORE = [
    Kill(SINGER, 2, "KILL", "writer", "before the fsync of rejects", 12),
    Kill(SINGER, 4, "KILL", "writer", "before a state line", 14),
    Kill(SINGER, 9, "KILL", "reader", "at a random instant", 19),
    Kill(AIRBYTE, 3, "KILL", "writer", "after the fsync of rejects", 23),
    Kill(AIRBYTE, 4, "KILL", "the process group", "after a state line", 24),
    Kill(AIRBYTE, 5, "TERM", "the process group", "before a send", 25),
    Kill(AIRBYTE, 6, "TERM twice", "writer", "just after an answer", 26),
    Kill(AIRBYTE, 7, "TERM, and again", "reader", "at a random instant", 27),
]


@pytest.mark.parametrize(
    "kill",
    [*KILLS, *(pytest.param(kill, marks=pytest.mark.slow) for kill in MORE)],
    ids=map(str, [*KILLS, *MORE]),
)
def test_a_kill_is_survived(kill):
    assert not try_kill(kill).wrong


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_plan_of_a_hundred_has_every_signal_victim_and_point(pair):
    plan = plan_kills(pair, 100, 1)
    assert {kill.how for kill in plan} == {"KILL", "TERM", "TERM twice", "TERM, and again"}
    assert {kill.victim for kill in plan} == {"reader", "writer", "both", "the process group"}
    assert len({kill.point for kill in plan}) == 8
    assert plan == plan_kills(pair, 100, 1)
