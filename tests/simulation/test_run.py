from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from typing import Any

import first_profile
import pytest
from checkout import ROOT
from first_profile import COMPANY

from simulation.draws import Draws
from simulation.plan import (
    DESTINATION,
    ROWS,
    SOURCE,
    TAP,
    TARGET,
    Change,
    Plan,
    Side,
    Step,
    TenantPlan,
    changed,
)
from simulation.profile import perform
from simulation.run import run
from simulation.story import CRASHED, FAILED, HUNG, STOPPED, WELL, Observer, Story

SEEDS = range(50)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_record_is_there_in_the_end_whatever_fails_meanwhile(seed: int) -> None:
    _, wrong = perform(first_profile, first_profile.plan(Draws(seed)))
    assert not wrong


def test_the_seeds_are_of_many_kinds() -> None:
    stories = [run(first_profile.plan(Draws(seed))) for seed in SEEDS]
    ends = {life.ended for story in stories for life in story.lives}
    assert ends == {WELL, CRASHED, STOPPED, FAILED}
    kinds = {fault["kind"] for story in stories for fault in story.faults().values()}
    assert len(kinds) >= 12
    assert sum(story.counts["crash"] for story in stories) >= 20


def traces(seeds: range) -> str:
    """Return all that the runs of some seeds show, for this process and others."""
    shown = []
    for seed in seeds:
        story = run(first_profile.plan(Draws(seed)))
        shown.append(story.trace())
        shown += [repr((life.printed, life.torn, life.ended)) for life in story.lives]
        shown.append(repr((story.rejects, story.tenants["copy"].records("issues"))))
        shown.append(repr(dict(story.tenants["copy"].versions("issues"))))
    return "\n".join(shown)


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_a_seed_gives_the_same_trace_in_every_process(hash_seed: str) -> None:
    program = "from test_run import *; sys.stdout.write(traces(range(25)))"
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests/support", ROOT / "tests/simulation")))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True
    )
    assert elsewhere.stdout.decode() == once()


def test_a_seed_gives_the_same_trace_twice_in_one_process() -> None:
    assert traces(range(25)) == once()


@lru_cache
def once() -> str:
    """Return the traces of this process."""
    return traces(range(25))


def target_plan(lines: list[str], **values: Any) -> Plan:
    """Return a plan of one target."""
    settings = {"match_on": ["sourceId"], "rejects_path": "rejects", "batch_size_rows": 1}
    side = Side(plugin=TARGET, tenant="copy", settings={**settings, **values.pop("settings", {})})
    step = Step(sides=(side,), lines=lines, again=(200, 300), **values.pop("step", {}))
    tenants = {"copy": TenantPlan(records={"companies": [{"_id": COMPANY, "name": "One"}]})}
    return Plan(profile="none", seed=1, steps=[step], tenants=tenants, **values)


def numbered(count: int) -> list[str]:
    """Return that many records, each followed by its state."""
    lines = [first_profile.schema()]
    for number in range(count):
        lines.append(first_profile.record_line(f"s{number}", "one"))
        lines.append(first_profile.state_line(number))
    return lines


def test_after_a_crash_a_target_is_fed_what_follows_the_last_printed_state() -> None:
    crash = {"print 2": {"kind": "crash", "share": 0.5}}
    story = run(target_plan(numbered(3), faults=crash))
    first, second = story.lives
    assert (first.ended, first.crashed_at) == (CRASHED, "print 2")
    assert (first.printed, first.torn) == ([b'{"n": 0}\n'], b'{"n"')
    assert second.first == 3
    assert [json.loads(line)["type"] for line in second.fed] == [
        "SCHEMA",
        *["RECORD", "STATE"] * 2,
    ]
    assert second.printed == [b'{"n": 1}\n', b'{"n": 2}\n']
    assert not story.violations


def test_a_target_that_replays_is_fed_everything_again() -> None:
    crash = {"print 2": {"kind": "crash", "share": 0.5}}
    story = run(target_plan(numbered(3), faults=crash, step={"replays": True}))
    assert story.lives[1].fed == story.lives[0].fed


def test_a_signal_ends_a_life_in_order() -> None:
    stop = {"before exchange 2": {"kind": "stop"}}
    story = run(target_plan(numbered(3), faults=stop))
    assert [life.ended for life in story.lives] == [STOPPED, WELL]
    assert story.lives[0].torn == b""


def test_the_last_life_has_no_faults() -> None:
    plan = changed(target_plan(numbered(3), rates={"crash": 1.0, "refused": 1.0}), lives=3)
    story = run(plan)
    assert [life.ended for life in story.lives] == [CRASHED, CRASHED, WELL]


def test_a_quiet_step_has_no_faults() -> None:
    story = run(target_plan(numbered(3), rates={"crash": 1.0}, step={"quiet": True}))
    assert [life.ended for life in story.lives] == [WELL]


def test_a_life_that_fails_leaves_its_error() -> None:
    story = run(target_plan(numbered(1), settings={"write_mode": "unheard of"}, lives=2))
    assert [life.ended for life in story.lives] == [FAILED, FAILED]
    assert story.lives[0].error.startswith("ConfigurationError: ")


def test_a_life_that_does_not_end_in_time_is_a_violation() -> None:
    rates = {"refused": 1.0}
    settings = {"retry_budget_seconds": 80_000}
    plan = target_plan(numbered(1), rates=rates, settings=settings, longest_life=1_000.0)
    story = run(plan)
    assert [life.ended for life in story.lives] == [HUNG]
    assert story.violations == [
        "life 1 hangs: it does not end: main",
    ]


def test_a_life_with_too_many_events_is_a_violation() -> None:
    story = run(target_plan(numbered(50), most_events=60))
    assert story.lives[0].ended == HUNG
    assert story.violations == ["life 1 hangs: more than 60 events"]


class Looking(Observer):
    """Notes what is there when each line is printed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[bytes, int, bytes]] = []
        self.ends = 0

    def printed(self, line: bytes, story: Story) -> None:
        there = story.tenants["copy"].records("issues")
        self.seen.append((line, len(there), story.synced["copy"]))

    def ended(self, story: Story) -> None:
        self.ends += len(story.lives)


def test_an_observer_sees_the_world_at_the_moment_of_each_printed_line() -> None:
    observer = Looking()
    lines = numbered(2)
    lines[3] = first_profile.record_line("", "rejected for want of a key")
    story = run(target_plan(lines, settings={"on_reject": "continue"}), observer)
    (_, there, rejects), (_, later, rejects_later) = observer.seen
    assert (there, rejects, later) == (1, b"", 1)
    assert b"rejected for want of a key" in rejects_later
    assert story.rejects["copy"] == rejects_later
    assert observer.ends == 1


def test_others_change_records_at_the_exchanges_that_they_are_meant_for() -> None:
    changes = [
        Change(tenant="copy", model="issues", action="update", find=("sourceId", "s0"), at=at,
               after_work=after, fields={"title": f"{at} {after}"})
        for at, after in ((0, False), (1, False), (1, True), (99, False))
    ]  # fmt: skip
    story = run(target_plan(numbered(2), step={"changes": changes}))
    titles = [
        version.fields and version.fields["title"]
        for each in story.tenants["copy"].versions("issues").values()
        for version in each
    ]
    assert titles == ["one", "1 True", "99 False", "one"]
    told = [event.text for event in story.events if event.kind == "change"]
    assert ["that is not there" in text for text in told] == [True, True, False, False]


ISSUES = [
    {
        "_id": f"66b0c0de00000000000000{number:02}",
        "sourceId": f"s{number}",
        "title": "one",
        "companyIds": [COMPANY],
        "createdAt": f"2025-01-{number + 1:02}T00:00:00.000Z",
        "updatedAt": f"2025-01-{number + 1:02}T00:00:00.000Z",
    }
    for number in range(30)
]
RECORDS = {"companies": [{"_id": COMPANY, "name": "One"}], "issues": ISSUES}
CATALOG = {
    "streams": [
        {
            "stream": {"name": "issues", "json_schema": {}, "supported_sync_modes": []},
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
            "generation_id": 1,
            "minimum_generation_id": 0,
            "sync_id": 1,
        }
    ]
}  # fmt: skip


def pipe_plan(reader: Side, writer: Side, **values: Any) -> Plan:
    """Return a plan of a pipe that runs twice, with changes between."""
    change = Change(
        tenant="source", model="issues", action="update", find=("sourceId", "s7"),
        fields={"title": "two"},
    )  # fmt: skip
    steps = [
        Step(sides=(reader, writer), again=(300, 400)),
        Step(sides=(reader, writer), again=(300, 400), changes=[change], pause=7_200),
    ]
    tenants = {
        "source": TenantPlan(records=RECORDS),
        "copy": TenantPlan(records={"companies": RECORDS["companies"]}),
    }
    return Plan(profile="none", seed=1, steps=steps, tenants=tenants, **values)


PAIRS = {
    "Singer": (
        Side(plugin=TAP, tenant="source", settings={"streams": ["issues"], "page_size": 7}),
        Side(plugin=TARGET, tenant="copy", settings={"match_on": ["sourceId"]}),
    ),
    "Airbyte": (
        Side(plugin=SOURCE, tenant="source", settings={"page_size": 7}, catalog=CATALOG),
        Side(
            plugin=DESTINATION,
            tenant="copy",
            settings={"match_on": ["sourceId"]},
            catalog=CATALOG,
        ),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("seed", range(4))
def test_a_pipe_makes_two_tenants_equal_and_reads_only_what_is_new(pair: str, seed: int) -> None:
    rates = {"crash": 0.01, "stop": 0.01, "timeout": 0.1, "reset": 0.1} if seed else {}
    story = run(changed(pipe_plan(*PAIRS[pair], rates=rates), seed=seed))
    assert not story.violations
    titles = {each["sourceId"]: each["title"] for each in story.tenants["copy"].records("issues")}
    assert titles == {f"s{number}": "two" if number == 7 else "one" for number in range(30)}
    readers = story.lives_of(1, 0)
    assert readers[0].state
    if not seed:
        assert len(readers[0].printed) < 10


@pytest.mark.parametrize("pair", PAIRS)
def test_the_small_planhat_serves_a_pipe_too(pair: str) -> None:
    story = run(changed(pipe_plan(*PAIRS[pair]), planhat="small"))
    assert not story.violations
    assert [life.ended for life in story.lives] == [WELL] * 4
    assert len(story.tenants["copy"].records("issues")) == 30


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_the_python_class_are_all_there_in_the_end(seed: int) -> None:
    rates = {"crash": 0.01, "stop": 0.02, "timeout": 0.1, "reset": 0.1, "idle": 0.1} if seed else {}
    rows = [
        json.dumps({"sourceId": f"s{n}", "title": "one", "companyIds": [COMPANY]})
        for n in range(30)
    ]
    settings = {"model": "issues", "match_on": ["sourceId"], "batch_size_rows": 7}
    step = Step(sides=(Side(plugin=ROWS, tenant="copy", settings=settings),), lines=rows)
    tenants = {"copy": TenantPlan(records={"companies": RECORDS["companies"]})}
    story = run(Plan(profile="none", seed=seed, steps=[step], tenants=tenants, rates=rates))
    assert not story.violations
    assert story.lives[-1].ended == WELL
    assert story.lives[-1].result.rows == 30
    assert len(story.tenants["copy"].records("issues")) == 30
