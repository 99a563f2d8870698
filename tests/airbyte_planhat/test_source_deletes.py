"""Deletions, as Airbyte has them: with a cursor, and with a warning where they cannot be named."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from changing_tenant import Clock, World, histories
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from source_runs import Output, catalog_of, check_counts, check_stream, read_well

from planhat_sandbox import Sandbox
from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = settings().max_examples // 2
NOT_REPORTED = (
    "everything is read, and no deletion is emitted: rows of records that have been deleted since "
    "the last run remain in the destination until its stream is refreshed and its records are "
    "removed"
)


@pytest.fixture(scope="module")
def planhat() -> Iterator[tuple[Sandbox, Clock]]:
    clock = Clock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        yield sandbox, clock


@pytest.fixture
def world(planhat):
    return world_of(planhat, "issues", 20)


def world_of(planhat, stream: str, size: int, now: float = 1_700_000_000.0) -> World:
    sandbox, clock = planhat
    sandbox.reset()
    clock.now = now
    sandbox.behave(objective_times="present")
    world = World(sandbox, clock, stream, iter([]))
    for _ in range(size):
        world.insert()
    return world


@pytest.fixture
def config(planhat):
    return config_for(planhat[0])


def config_for(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "lookback_seconds": 0,
        "detect_deletes": True,
        "detect_deletes_hours": 0,
        **more,
    }


def deletions(output: Output, stream: str = "issues") -> list[dict[str, Any]]:
    return [one for one in output.records(stream) if "_ab_cdc_deleted_at" in one]


@pytest.mark.parametrize(
    ("stream", "mode", "properties"),
    [
        ("issues", "incremental", {"_id", "updatedAt", "_ab_cdc_deleted_at"}),
        ("objectives", "incremental", {"_id", "_ab_cdc_deleted_at"}),
        ("objectives", "incremental:updatedAt", {"_id", "updatedAt", "_ab_cdc_deleted_at"}),
    ],
)
def test_a_deletion_is_a_record_with_the_id_the_cursor_and_the_time(
    planhat, config, stream, mode, properties
):
    world = world_of(planhat, stream, 20)
    catalog = catalog_of(config, **{stream: mode})
    state = read_well(config, catalog).state
    gone = sorted(world.records())[3:5]
    newest = max(record["updatedAt"] for record in world.tenant.records(stream))
    for identifier in gone:
        world.touch("delete", identifier)
    output = read_well(config, catalog, state)
    reported = deletions(output, stream)
    assert output.records(stream)[-2:] == reported
    assert [one["_id"] for one in reported] == gone
    for one in reported:
        assert one.keys() == properties
        assert parse_timestamp(one["_ab_cdc_deleted_at"])
        assert one.get("updatedAt", one["_ab_cdc_deleted_at"]) == one["_ab_cdc_deleted_at"] > newest
    assert output.warnings == []
    check_stream(output, stream)
    assert deletions(read_well(config, catalog, output.state), stream) == []


def test_a_deletion_is_not_older_than_its_record_where_this_machine_s_clock_is_behind():
    clock = Clock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        config = config_for(sandbox)
        world = world_of((sandbox, clock), "issues", 20, time.time() + 3600)
        catalog = catalog_of(config, issues="incremental")
        first = read_well(config, catalog)
        gone = max(first.records("issues"), key=lambda record: record["updatedAt"])
        world.touch("delete", gone["_id"])
        (deletion,) = deletions(read_well(config, catalog, first.state))
    assert deletion["_id"] == gone["_id"]
    assert deletion["updatedAt"] >= gone["updatedAt"] > deletion["_ab_cdc_deleted_at"]


def test_a_deletion_is_not_older_than_what_its_record_became_while_it_was_read():
    clock = Clock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        config = {**config_for(sandbox), "page_size": 5, "full_read_days": 0}
        world = world_of((sandbox, clock), "objectives", 20, time.time() + 3600)
        catalog = catalog_of(config, objectives="incremental:updatedAt")
        gone = max(world.records())

        def change(_: object) -> None:
            clock.tick(1000)
            world.touch("update", gone)

        sandbox.before_each_request.append(change)
        first = read_well(config, catalog)
        sandbox.before_each_request.clear()
        world.touch("delete", gone)
        (deletion,) = deletions(read_well(config, catalog, first.state), "objectives")
    (emitted,) = (one for one in first.records("objectives") if one["_id"] == gone)
    (state,) = first.states("objectives")
    assert deletion["updatedAt"] >= emitted["updatedAt"] > state["replication_key_value"]


def test_the_catalog_announces_the_time_of_deletion_only_if_deletions_are_detected(config):
    for on in (True, False):
        catalog = catalog_of({**config, "detect_deletes": on}, issues="incremental")
        properties = catalog["streams"][0]["stream"]["json_schema"]["properties"]
        assert ("_ab_cdc_deleted_at" in properties) is on


def test_planhat_is_not_asked_for_the_time_of_deletion(world, planhat, config):
    before = len(planhat[0].requests)
    read_well(config, catalog_of(config, issues="incremental"))
    assert not any("_ab_cdc" in each.target for each in planhat[0].requests[before:])


def test_the_first_run_reports_no_deletion_and_needs_no_warning(world, config):
    output = read_well(config, catalog_of(config, issues="incremental"))
    assert (len(output.records("issues")), deletions(output), output.warnings) == (20, [], [])


def test_a_state_from_before_detection_makes_one_full_read_with_a_warning(world, config):
    catalog = catalog_of(config, issues="incremental")
    state = read_well({**config, "detect_deletes": False}, catalog).state
    world.touch("delete", min(world.records()))
    output = read_well(config, catalog, state)
    assert set(output.ids("issues")) == set(world.records())
    assert output.warnings == [f"issues: {NOT_REPORTED}"]
    check_stream(output, "issues")
    again = read_well(config, catalog, output.state)
    assert (deletions(again), again.warnings) == ([], [])


def test_more_deletions_than_can_be_named_one_by_one_make_a_full_read_with_a_warning(
    planhat, config
):
    world = world_of(planhat, "issues", 1100)
    catalog = catalog_of(config, issues="incremental")
    state = read_well(config, catalog).state
    for identifier in sorted(world.records())[:1050]:
        world.touch("delete", identifier)
    output = read_well({**config, "max_deletes_percent": 100}, catalog, state)
    assert set(output.ids("issues")) == set(world.records())
    assert (deletions(output), output.warnings) == ([], [f"issues: {NOT_REPORTED}"])


def test_a_state_before_new_records_counts_those_since_the_one_before_it(world, config):
    config |= {"page_size": 5}
    catalog = catalog_of(config, issues="incremental")
    state = read_well(config, catalog).state
    for _ in range(20):
        world.insert()
    output = read_well(config, catalog, state)
    assert len(output.states("issues")) > 2
    check_stream(output, "issues")


def test_a_state_that_would_equal_the_one_before_it_says_that_records_came(planhat, world, config):
    catalog = catalog_of(config, issues="incremental")
    config |= {"detect_deletes_hours": 24, "lookback_seconds": 60}
    state = read_well(config, catalog).state
    # A new record that is not newer than the bookmark: the bookmark does not move.
    planhat[1].now -= 10
    added = world.tenant.insert("issues", {"title": "late"})["_id"]
    planhat[1].now += 10
    output = read_well(config, catalog, state)
    assert added in output.ids("issues")
    before, after = output.states("issues")
    assert after == {**before, "records_since_equal_state": True}
    check_stream(output, "issues")
    third = read_well(config, catalog, output.state)
    assert third.states("issues") == [before]
    check_stream(third, "issues")


@dataclass
class Warehouse:
    """What a destination has that merges records by their `_id`: the newest cursor wins.

    Without a cursor a row is newer than the rows that came before it.
    """

    cursor: str | None
    rows: dict[str, Any] = field(default_factory=dict)
    unreported: set[str] = field(default_factory=set)  # may remain: a run could not report them
    reported: set[str] = field(default_factory=set)
    state: list[dict[str, Any]] = field(default_factory=list)

    def load(self, output: Output, share: float, stream: str) -> None:
        lines = output.messages[: int(share * len(output.messages))]
        part = Output("", lines)
        for record in part.records(stream):
            if self._cursor(record) < self._cursor(self.rows.get(record["_id"], {})):
                continue
            if "_ab_cdc_deleted_at" in record:
                self.reported.add(record["_id"])
                self.rows.pop(record["_id"], None)
            else:
                self.rows[record["_id"]] = record
        self.state = part.state or self.state

    def _cursor(self, record: dict[str, Any]) -> str:
        return (self.cursor and record.get(self.cursor)) or ""


@settings(max_examples=MANY, phases=set(Phase) - {Phase.shrink})  # that would take minutes
@given(
    stream=st.sampled_from(["issues", "objectives"]),
    vouched=st.booleans(),
    ahead=st.sampled_from([-100_000_000, 0, 5, 3600]),
    size=st.integers(0, 40),
    paging=st.tuples(st.sampled_from([1, 7, 2000]), st.sampled_from([1, 4])),
    runs=st.lists(
        st.tuples(
            st.sampled_from(["nothing", "nothing", "not yet", "forget", "switch off"]),
            histories,
            st.one_of(st.just(1.0), st.floats(0, 1)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_a_warehouse_has_every_living_record_and_no_other_but_those_that_a_warning_was_about(
    planhat, stream, vouched, ahead, size, paging, runs
):
    sandbox, _ = planhat
    world = world_of(planhat, stream, size, time.time() + ahead)
    config = config_for(
        sandbox, max_deletes_percent=100, page_size=paging[0], concurrency=paging[1]
    )
    mode = "incremental:updatedAt" if vouched or stream == "issues" else "incremental"
    catalog = catalog_of(config, **{stream: mode})
    warehouse = Warehouse("updatedAt" if mode != "incremental" else None)

    def run(share: float = 1.0, **different: Any) -> Output:
        is_first = not warehouse.state
        loaded = set(warehouse.rows)
        output = read_well({**config, **different}, catalog, warehouse.state)
        check_stream(output, stream)
        warehouse.load(output, share, stream)
        check_counts(output, stream)
        assert warehouse.reported <= world.deleted
        assert loaded - world.deleted <= set(warehouse.rows)
        if is_first or f"{stream}: {NOT_REPORTED}" in output.warnings:
            warehouse.unreported |= loaded & world.deleted
        return output

    for event, history, share in runs:
        if event == "forget":
            for each in warehouse.state:
                each["stream"]["stream_state"].pop("known_ids", None)
        different = {
            "switch off": {"detect_deletes": False},
            "not yet": {"detect_deletes_hours": 24},
        }
        world.left = iter(history)
        sandbox.before_each_request[:] = [world.change]
        run(share, **different.get(event, {}))
        sandbox.before_each_request.clear()
        world.change()
    world.insert()  # a deletion is certain only if Planhat finds a record that it lists
    for _ in range(2):
        run()
    assert set(world.records()) <= set(warehouse.rows)
    assert set(warehouse.rows) - set(world.records()) <= warehouse.unreported
    assert f"{stream}: {NOT_REPORTED}" not in run().warnings
