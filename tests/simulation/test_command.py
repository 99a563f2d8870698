from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import first_profile
import pytest
from checkout import ROOT

from simulation import __main__ as command
from simulation import seeds
from simulation.corpus import entries
from simulation.draws import Draws
from simulation.plan import plan_of
from simulation.profile import names

if TYPE_CHECKING:
    from simulation.story import Story


@pytest.fixture
def only_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (command, seeds):
        monkeypatch.setattr(module, "load", lambda _: first_profile)
    monkeypatch.setattr(command, "names", lambda: ["first"])


def test_one_seed_is_shown_in_words_and_as_its_plan(only_first, capsys) -> None:
    assert command.main(["--seed", "16", "--trace", "--plan"]) == 0
    plan, *trace, last = capsys.readouterr().out.splitlines()
    assert plan_of(plan).seed == 16
    assert trace[0].split(maxsplit=3)[2:] == [
        "1",
        "begin    life 1: target, 29 lines, from line 1 on",
    ]
    assert any("PUT /issues" in line for line in trace)
    assert any("life 3: well" in line for line in trace)
    assert last.startswith("first seed 16: {")


def test_seeds_are_added_up(only_first) -> None:
    tally = seeds.run_seeds("first", range(3))
    tally.add(seeds.run_seeds("first", range(3, 5)))
    assert tally.seeds == 5
    assert tally.counts["lives"] >= 5
    assert str(tally).startswith("first: 5 seeds in ")
    assert not tally.wrong


def test_a_seed_with_a_violation_is_named_and_ends_with_1(only_first, monkeypatch, capsys) -> None:
    monkeypatch.setattr(first_profile, "check", lambda _: ["a record is missing"])
    assert command.main(["--seed", "3"]) == 1
    assert capsys.readouterr().out.endswith("\na record is missing\n")
    assert seeds.run_seeds("first", [3]).wrong == {3: ["a record is missing"]}


def test_a_plan_that_was_made_smaller_is_kept(only_first, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setattr(first_profile, "check", lambda _: ["a record is missing"])
    assert command.main(["--seed", "3", "--shrink", str(tmp_path)]) == 1
    (entry,) = entries(tmp_path)
    assert (entry.name, entry.found) == ("first-3", "a record is missing")
    assert len(entry.plan.to_json()) < len(first_profile.plan(Draws(3)).to_json())
    assert f"kept in {tmp_path / 'first-3.json'}: " in capsys.readouterr().out


def test_a_plan_without_a_violation_is_not_kept(only_first, tmp_path) -> None:
    assert command.main(["--seed", "16", "--shrink", str(tmp_path)]) == 0
    assert not entries(tmp_path)


def test_a_seed_whose_check_fails_itself_ends_no_other(only_first, monkeypatch) -> None:
    def check(story: Story) -> list[str]:
        return [] if story.plan.seed else [str(1 / 0)]

    monkeypatch.setattr(first_profile, "check", check)
    tally = seeds.run_seeds("first", range(3))
    assert tally.seeds == 3
    assert tally.wrong.keys() == {0}
    assert "ZeroDivisionError" in tally.wrong[0][0]


def test_every_profile_runs_in_other_processes() -> None:
    arguments = ["--seeds", "1:2", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "simulation", *arguments], cwd=ROOT, capture_output=True, check=True
    )
    assert [line.split(b":")[0].decode() for line in done.stdout.splitlines()] == names()
