"""Objectives read by an `updatedAt` that only the user vouches for: trusted, and not any more."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import count

import pytest
from changing_tenant import several_runs
from hypothesis import given
from hypothesis import strategies as st
from under_way import wait_for_pages

from planhat_sandbox import Sandbox
from planhat_sync.timestamps import format_timestamp, parse_timestamp

INCREMENTAL, FULL_TABLE = "INCREMENTAL", "FULL_TABLE"
START = 1_750_000_000.0


class Clock:
    """Planhat's clock: a second later whenever it is read."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture(scope="module")
def planhat():
    with Sandbox({"token-a": "alpha"}, clock=Clock()) as sandbox:
        yield sandbox


@pytest.fixture
def tenant(planhat):
    planhat.reset()
    planhat.behave(objective_times="present")
    tenant = planhat.tenant("token-a")
    for number in range(10):
        tenant.insert("objectives", {"name": f"o{number}"})
    yield tenant
    planhat.before_each_request.clear()


@pytest.fixture
def vouched(select):
    return by_updated_at(select(objectives=None))


def by_updated_at(catalog):
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["replication-method"] = INCREMENTAL
    return catalog


@pytest.fixture
def run(planhat, read, vouched):
    """``run(state, …)``: one run, with ACTIVATE_VERSION and without a lookback."""

    def run(state=None, **more):
        config = {
            "api_token": "token-a",
            "api_url": planhat.url,
            "requests_per_minute": 0,
            "lookback_seconds": 0,
            "emit_activate_version_messages": True,
            **more,
        }
        return read(config, state=state, catalog=vouched)

    return run


def method_of(output) -> str:
    """The replication method by what is printed: SCHEMA, versions, state; they must agree."""
    [schema] = [message for message in output.messages if message["type"] == "SCHEMA"]
    is_full = "bookmark_properties" not in schema
    assert is_full or schema["bookmark_properties"] == ["updatedAt"]
    assert ("ACTIVATE_VERSION" in output.types()) is is_full
    versions = [message.get("version") for message in output.messages if "record" in message]
    assert all((version is not None) is is_full for version in versions)
    return FULL_TABLE if is_full else INCREMENTAL


def names(output) -> list[str]:
    return sorted(record["name"] for record in output.records("objectives"))


def entry_of(output):
    return output.state["bookmarks"]["objectives"]


def test_the_first_run_is_a_full_read_and_the_next_one_reads_what_has_changed(tenant, run):
    first = run()
    assert (method_of(first), len(names(first))) == (FULL_TABLE, 10)
    assert entry_of(first)["replication_key"] == "updatedAt"
    ids = [record["_id"] for record in tenant.records("objectives")]
    tenant.update("objectives", ids[3], {"name": "changed"})
    tenant.insert("objectives", {"name": "new"})
    second = run(first.state)
    assert method_of(second) == INCREMENTAL
    assert names(second) == ["changed", "new", "o9"]  # what has the time of the bookmark too
    assert names(run(second.state)) == ["new"]


def test_a_quiet_run_costs_one_request(tenant, run, planhat):
    state = run().state
    wait_for_pages()
    before = len(planhat.requests)
    assert method_of(run(state)) == INCREMENTAL
    wait_for_pages()
    assert len(planhat.requests) - before == 1


@pytest.mark.parametrize("stream_maps", [{}, {"objectives": {"__filter__": "True"}}])
def test_without_the_times_everything_is_read_in_every_run_and_the_log_says_why(
    planhat, tenant, run, caplog, stream_maps
):
    planhat.behave(objective_times="absent")
    state = None
    for _ in range(2):
        caplog.clear()
        output = run(state, **({"stream_maps": stream_maps} if stream_maps else {}))
        assert (method_of(output), len(names(output))) == (FULL_TABLE, 10)
        assert "replication_key" not in entry_of(output)
        assert (
            "although updatedAt was to be its replication key: not every record has updatedAt"
            in caplog.text
        )
        state = output.state


def test_times_that_disappear_and_come_back_are_used_as_long_as_they_are_there(
    planhat, tenant, run, caplog
):
    caplog.set_level("INFO")
    state, methods = run().state, []
    for times in ("present", "absent", "absent", "present", "present"):
        planhat.behave(objective_times=times)
        output = run(state)
        methods.append(method_of(output))
        if methods[-1] == FULL_TABLE:
            assert len(output.ids("objectives")) == len(set(output.ids("objectives"))) == 10
        state = output.state
    # Where they are back, a full read shows it first.
    assert methods == [INCREMENTAL, FULL_TABLE, FULL_TABLE, FULL_TABLE, INCREMENTAL]
    assert "reading everything, because updatedAt does not show what has changed" in caplog.text


def test_one_record_without_the_key_is_enough_not_to_use_it(tenant, run):
    odd = tenant.insert("objectives", {"name": "odd", "updatedAt": None})["_id"]
    first = run()
    assert (method_of(first), len(names(first))) == (FULL_TABLE, 11)
    tenant.update("objectives", odd, {"name": "odd, changed", "updatedAt": None})
    second = run(first.state)
    assert "odd, changed" in names(second)
    tenant.update("objectives", odd, {"name": "not odd any more"})
    third = run(second.state)
    assert method_of(third) == FULL_TABLE
    assert method_of(run(third.state)) == INCREMENTAL


def test_a_record_that_loses_its_key_later_makes_the_run_a_full_read(tenant, run):
    state = run().state
    first = tenant.records("objectives")[0]["_id"]
    tenant.update("objectives", first, {"name": "without", "updatedAt": None})
    output = run(state)
    assert (method_of(output), len(names(output))) == (FULL_TABLE, 10)
    assert "without" in names(output)


def test_records_that_came_before_the_key_is_found_missing_come_again_under_a_new_schema(
    tenant, run
):
    """The page that shows it is not the first one."""
    state = run().state
    for record in tenant.records("objectives")[:9]:
        tenant.update("objectives", record["_id"], {"custom": {"a": 1}})
    odd = tenant.insert("objectives", {"name": "odd", "updatedAt": None})["_id"]
    output = run(state, page_size=3)
    schemas = [message for message in output.messages if message["type"] == "SCHEMA"]
    assert [message.get("bookmark_properties") for message in schemas] == [["updatedAt"], None]
    second = output.messages.index(schemas[1])
    versioned = [message for message in output.messages[second:] if message["type"] == "RECORD"]
    assert {message["record"]["_id"] for message in versioned} >= {odd}
    assert len(versioned) == 11
    assert all(message["version"] for message in versioned)
    assert output.types().count("ACTIVATE_VERSION") == 1
    assert output.types().index("ACTIVATE_VERSION") > second
    assert "replication_key" not in entry_of(output)


@pytest.mark.parametrize("order", ["oldest-first", "newest-first"])
def test_a_server_that_does_not_sort_by_the_key_is_never_read_by_it(planhat, tenant, run, order):
    """Until something changes, the order of creation is that of the last update."""
    planhat.behave(objective_times=order)
    first = run()
    assert "replication_key" not in entry_of(first)
    assert method_of(run(first.state)) == FULL_TABLE


@pytest.mark.parametrize("order", ["oldest-first", "newest-first"])
def test_a_server_that_stops_sorting_by_the_key_makes_it_a_full_read_until_it_sorts_again(
    planhat, tenant, run, order
):
    """There are more records than are looked at to see whether the newest come first."""
    for number in range(20):
        tenant.insert("objectives", {"name": f"more {number}"})
    state = run().state
    planhat.behave(objective_times=order)
    oldest = tenant.records("objectives")[0]["_id"]
    tenant.update("objectives", oldest, {"name": "changed"})
    output = run(state)
    assert (method_of(output), len(names(output))) == (FULL_TABLE, 30)
    assert "changed" in names(output)
    assert "replication_key" not in entry_of(output)
    assert method_of(run(output.state)) == FULL_TABLE
    planhat.behave(objective_times="present")
    back = run(output.state)
    assert method_of(back) == FULL_TABLE
    assert method_of(run(back.state)) == INCREMENTAL


def days_ago(days: float) -> str:
    return format_timestamp(datetime.now(timezone.utc) - timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "more", "method"),
    [
        (6.9, {}, INCREMENTAL),
        (7.1, {}, FULL_TABLE),
        (1.1, {"full_read_days": 1}, FULL_TABLE),
        (29, {"full_read_days": 30}, INCREMENTAL),
        (0, {"full_read_days": 0}, FULL_TABLE),
        (-1, {}, FULL_TABLE),  # a clock that was ahead
    ],
)
def test_everything_is_read_again_after_full_read_days(tenant, run, days, more, method):
    state = run().state
    verified = state["bookmarks"]["objectives"]["replication_key_verified_at"] = days_ago(days)
    output = run(state, **more)
    assert method_of(output) == method
    kept = entry_of(output)["replication_key_verified_at"]
    assert (parse_timestamp(kept) == parse_timestamp(verified)) is (method == INCREMENTAL)


@pytest.mark.parametrize("verified", ["yesterday", None])
def test_a_verification_without_a_time_is_none(tenant, run, verified):
    state = run().state
    state["bookmarks"]["objectives"]["replication_key_verified_at"] = verified
    output = run(state)
    assert method_of(output) == FULL_TABLE
    assert parse_timestamp(entry_of(output)["replication_key_verified_at"]) is not None


def test_a_change_that_does_not_move_the_key_is_found_by_the_full_read(tenant, run):
    state = run().state
    record = tenant.records("objectives")[2]
    same = {"name": "unmoved", "updatedAt": record["updatedAt"]}
    tenant.update("objectives", record["_id"], same)
    second = run(state)
    assert "unmoved" not in names(second)
    state = second.state
    state["bookmarks"]["objectives"]["replication_key_verified_at"] = days_ago(8)
    assert "unmoved" in names(run(state))


@pytest.mark.parametrize("more", [{"start_date": "2040-01-01"}, {}])
def test_a_full_read_reads_everything_whatever_start_date_says(tenant, run, more):
    assert len(names(run(**more))) == 10


def test_other_companies_are_read_in_full_first(tenant, run):
    companies = [tenant.insert("companies", {"name": "c"})["_id"] for _ in range(2)]
    for company in companies * 2:
        tenant.insert("objectives", {"name": company, "companyId": company})
    first = run(company_ids=companies[:1])
    assert method_of(run(first.state, company_ids=companies[:1])) == INCREMENTAL
    other = run(first.state, company_ids=companies)
    assert (method_of(other), len(names(other))) == (FULL_TABLE, 4)


def test_an_empty_stream_is_read_in_full_until_there_are_records(planhat, tenant, run):
    for record in tenant.records("objectives"):
        tenant.delete("objectives", record["_id"])
    state = run().state
    tenant.insert("objectives", {"name": "a"})
    tenant.insert("objectives", {"name": "b"})
    output = run(state)
    assert (method_of(output), len(names(output))) == (FULL_TABLE, 2)
    assert method_of(run(output.state)) == INCREMENTAL


def test_a_run_of_the_models_own_method_leaves_the_state_alone(tenant, run, read, select, planhat):
    state = run().state
    config = {"api_token": "token-a", "api_url": planhat.url, "requests_per_minute": 0}
    in_full = read(config, state=state, catalog=select(objectives=None))
    assert len(names(in_full)) == 10
    assert (
        entry_of(in_full)["replication_key_value"]
        == (state["bookmarks"]["objectives"]["replication_key_value"])
    )


def test_deletions_are_detected_in_full_and_in_incremental_runs(planhat, tenant, run):
    how = {"detect_deletes": True, "detect_deletes_hours": 0}
    for number in range(40):
        tenant.insert("objectives", {"name": f"more {number}"})
    state = run(**how).state
    for times, method in (("present", INCREMENTAL), ("absent", FULL_TABLE)):
        planhat.behave(objective_times=times)
        gone = tenant.records("objectives")[3]["_id"]
        tenant.delete("objectives", gone)
        output = run(state, **how)
        [schema] = [message for message in output.messages if message["type"] == "SCHEMA"]
        assert ("bookmark_properties" in schema) is (method == INCREMENTAL)
        deleted = [one for one in output.records("objectives") if "_sdc_deleted_at" in one]
        assert [one["_id"] for one in deleted] == [gone]
        assert output.messages.index(schema) < output.types().index("RECORD")
        state = output.state


CHANGES = {
    "insert": lambda tenant, _, name: tenant.insert("objectives", {"name": name}),
    "update": lambda tenant, one, name: tenant.update("objectives", one, {"name": name}),
    "delete": lambda tenant, one, _: tenant.delete("objectives", one),
    "lose key": lambda tenant, one, name: tenant.update(
        "objectives", one, {"name": name, "updatedAt": None}
    ),
}
steps = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.just(0)),
        st.tuples(st.sampled_from(list(CHANGES)), st.integers(0, 30)),
        st.tuples(st.just("times"), st.sampled_from(["absent", "present", "oldest-first"])),
    ),
    max_size=25,
)


@several_runs
@given(history=steps, page_size=st.sampled_from([2, 3, 2000]))
def test_whatever_the_times_do_the_last_version_of_every_record_arrives(
    planhat, run, history, page_size
):
    """At once if the change moved the key; if it removed the key, with the next full read."""
    planhat.reset()
    tenant = planhat.tenant("token-a")
    arrived, state, numbers = {}, None, count()
    lost: set[str] = set()

    def read(state, **more):
        output = run(state, page_size=page_size, **more)
        arrived.update({one["_id"]: one["name"] for one in output.records("objectives")})
        if "ACTIVATE_VERSION" in output.types():
            lost.clear()
        return output.state

    def compare(alive):
        assert {one: arrived.get(one) for one in alive} == alive

    for name, value in [*history, ("run", 0)]:
        alive = {record["_id"]: record["name"] for record in tenant.records("objectives")}
        if name == "run":
            state = read(state)
            compare({one: alive[one] for one in alive.keys() - lost})
        elif name == "times":
            planhat.behave(objective_times=value)
        elif alive or name == "insert":
            one = [*alive, ""][value % max(len(alive), 1)]
            CHANGES[name](tenant, one, f"x{next(numbers)}")
            (lost.add if name == "lose key" else lost.discard)(one)
    read(state, full_read_days=0)
    compare({record["_id"]: record["name"] for record in tenant.records("objectives")})
