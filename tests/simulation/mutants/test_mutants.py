"""The bugs put in on purpose fit the source, and a process has the bug that it asks for."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

import planhat_sync.runtime.plural  # noqa: F401 - it must have been imported
from simulation.draws import Draws
from simulation.mutants.__main__ import Hunt, hunt, table
from simulation.mutants.listed import MUTANTS, mutant_of
from simulation.mutants.mutant import Mutant, MutantError
from simulation.profile import load, names, perform

PLURAL = Mutant(
    name="one of anything is many",
    module="planhat_sync.runtime.plural",
    text='"',
    instead="'",
    profiles=(),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_source_and_changes_it(mutant: Mutant) -> None:
    source = mutant.source()
    assert mutant.applied(source) != source
    compile(mutant.applied(source), mutant.module, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_has_profiles_that_should_see_it(mutant: Mutant) -> None:
    assert mutant.profiles
    assert set(mutant.profiles) <= set(names())


def test_each_profile_is_named_by_a_mutant() -> None:
    without = sorted({*names()} - {name for mutant in MUTANTS for name in mutant.profiles})
    assert not without, (
        f"no bug shows that {', '.join(without)} can fail: add a mutant to simulation/mutants, "
        "aimed at what this profile checks and no other does, with it in front of its `profiles`; "
        "then `python -m simulation.mutants --only 'its name'` has to see it"
    )


@pytest.mark.parametrize(
    ("mutant", "profile"),
    [
        pytest.param(mutant, profile, id=f"{mutant.name}, {profile}")
        for mutant in MUTANTS
        for profile in mutant.profiles
        if mutant.rates or mutant.settings
    ],
)
def test_plans_that_are_aimed_at_a_mutant_do_not_fail_without_it(
    mutant: Mutant, profile: str
) -> None:
    module = load(profile)
    for seed in (1, 2):
        plan = mutant.aimed(module.plan(Draws(seed)))
        assert plan.rates.items() >= mutant.rates.items()
        assert plan.steps[0].sides[-1].settings.items() >= mutant.settings.items()
        assert perform(module, plan)[1] == []


def test_a_mutant_that_is_seen_is_not_seen_without_it() -> None:
    mutant = mutant_of("a full scan emits the last row of a page again")
    found = hunt(mutant, 60.0)
    assert found.is_right
    assert found.profile == "full_read"
    assert found.violation


def test_what_a_plan_shows_without_the_mutant_too_is_not_what_the_mutant_shows() -> None:
    mutant = dataclasses.replace(PLURAL, profiles=("mixed", "simple"))
    nothing = {"seeds": 90, "seconds": 1.0, "seen": []}
    something = {"seeds": 3, "seconds": 0.1, "seen": ["one is missing"]}
    answers = {("mixed", "1.0"): nothing, ("simple", "1.0"): something}

    def ask(_: Mutant, profile: str, *arguments: str) -> dict[str, Any]:
        return answers[profile, arguments[0]]

    answers["simple", "--without"] = nothing
    assert hunt(mutant, 1.0, ask) == Hunt(mutant, "simple", 3, 1.1, "one is missing")
    answers["simple", "--without"] = something
    found = hunt(mutant, 1.0, ask)
    assert not found.is_right
    assert "seen after 3 seeds (the last one fails without it too) of simple" in str(found)
    assert "simple" not in table([found])


def test_names_of_mutants_are_theirs_alone() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_a_mutant_whose_text_stands_there_several_times_is_refused() -> None:
    with pytest.raises(MutantError, match=r"stands \d+ times"):
        PLURAL.applied(PLURAL.source())


def test_a_mutant_of_a_module_that_was_imported_is_refused() -> None:
    assert PLURAL.module in sys.modules
    with pytest.raises(ImportError, match="imported already"):
        dataclasses.replace(PLURAL, text="def counted", instead="def counts").install()


def test_a_process_imports_the_module_with_the_bug_in_it() -> None:
    program = (
        "from simulation.mutants.listed import mutant_of\n"
        "mutant_of('lookback_seconds is ignored').install()\n"
        "import inspect, planhat_sync.reading.starting_point as it\n"
        "from datetime import datetime, timedelta, timezone\n"
        "from planhat_sync.reading.settings import ReadSettings\n"
        "at = datetime(2025, 1, 1, tzinfo=timezone.utc)\n"
        "settings = ReadSettings(lookback=timedelta(seconds=60))\n"
        "print(it.StartingPoint.of('updatedAt', at, settings).cutoff == at)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_the_table_says_what_each_profile_has_seen_and_what_the_slowest_took() -> None:
    hunts = [
        Hunt(PLURAL, "simple", 3, 0.5, "one is missing"),
        Hunt(PLURAL, "mixed", 400, 9.25, "one is missing"),
        Hunt(PLURAL, "simple", 20, 1.0, "one is there twice"),
        Hunt(PLURAL, "pipe", 900, 60.0, ""),
    ]
    assert table(hunts).splitlines()[2:] == [
        "| mixed | 1 | 400 | 400 | 9.2 |",
        "| simple | 2 | 3 | 20 | 1.0 |",
        "| all | 3 | 20 | 400 | 9.2 |",
    ]
    assert len(table(hunts[3:]).splitlines()) == 2
