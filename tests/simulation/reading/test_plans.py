"""The plans of readers are drawn from their seed alone, and say what their checks need to know."""

from __future__ import annotations

import pytest
from profile_names import READERS

from planhat_sync.models import load_models
from simulation.draws import Draws
from simulation.plan import SOURCE, TAP, plan_of
from simulation.profile import load
from simulation.reading.streams import reader_of, streams_of

SEEDS = range(1, 60)


@pytest.mark.parametrize("name", READERS)
def test_a_seed_draws_the_same_plan_each_time_and_it_is_json(name: str) -> None:
    profile = load(name)
    for seed in SEEDS:
        plan = profile.plan(Draws(seed))
        assert plan_of(plan.to_json()).to_json() == profile.plan(Draws(seed)).to_json()
        assert (plan.profile, plan.seed) == (name, seed)


@pytest.mark.parametrize("name", READERS)
def test_the_last_run_is_quiet_and_nothing_changes_in_it(name: str) -> None:
    for seed in SEEDS:
        *_, last = load(name).plan(Draws(seed)).steps
        assert last.quiet
        assert not last.changes


@pytest.mark.parametrize("name", READERS)
def test_lists_lag_less_than_an_incremental_run_looks_back(name: str) -> None:
    for seed in SEEDS:
        plan = load(name).plan(Draws(seed))
        if any(stream.key for stream in streams_of(plan)):
            lag = plan.tenants["source"].lag_seconds
            late = lag + plan.clock.grain / 1000 if lag else 0
            assert reader_of(plan).settings["lookback_seconds"] >= late


@pytest.mark.parametrize("name", READERS)
def test_each_change_meets_a_record_that_is_there_at_its_turn(name: str) -> None:
    for seed in SEEDS:
        plan = load(name).plan(Draws(seed))
        for model, records in plan.tenants["source"].records.items():
            there = {record["_id"] for record in records}
            for change in (each for step in plan.steps for each in step.changes):
                if change.model != model:
                    continue
                if change.action == "insert":
                    assert change.fields["_id"] not in there
                    there.add(change.fields["_id"])
                    continue
                assert change.find is not None
                assert change.find[1] in there
                if change.action == "delete":
                    there.remove(change.find[1])


@pytest.mark.parametrize("name", READERS)
def test_streams_are_read_by_the_key_that_their_catalog_has_them_read_by(name: str) -> None:
    models = load_models()
    vouched = set()
    for seed in SEEDS:
        plan = load(name).plan(Draws(seed))
        assert reader_of(plan).plugin in {TAP, SOURCE}
        for stream in streams_of(plan):
            model = models[stream.name]
            assert stream.key in {None, model.replication_key, model.possible_replication_key}
            assert stream.is_vouched == (stream.key is not None and not model.replication_key)
            vouched.add(stream.is_vouched)
    assert vouched == {
        "vouched": {True},
        "airbyte_source": {True, False},
        "airbyte_pipe": {True, False},
        "deletions": {True, False},
    }.get(name, {False})


def test_a_mirror_begins_each_read_without_a_state_and_no_other_pipe_does() -> None:
    found = set()
    for seed in SEEDS:
        plan = load("pipe").plan(Draws(seed))
        mirrors = "on_missing" in plan.steps[0].sides[1].settings
        assert {step.afresh for step in plan.steps} == {mirrors}
        found.add(mirrors)
    assert found == {True, False}
