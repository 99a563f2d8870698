"""What the source reads: the same records as the tap, in streams, with states and counts."""

from __future__ import annotations

import pytest
from source_runs import catalog_of, check_stream, read_well, run_source
from tap_runs import canned, run_tap

from planhat_sandbox import seed_tenant
from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models

__all__ = ["canned"]

READ = [name for name, model in load_models().items() if model.is_read]


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    seed_tenant(tenant, issues=30, objectives=15, companies=4, endusers=7)
    return tenant


@pytest.fixture
def config(sandbox):
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "lookback_seconds": 0,
    }


def state_of(stream, value):
    return [{"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, **value}}]


def test_every_stream_ends_with_a_state_also_an_empty_one(tenant, config):
    output = read_well(config, catalog_of(config, **dict.fromkeys(READ, "full_refresh")))
    assert len(output.ids("issues")) == 30
    assert output.ids("campaigns") == []
    for stream in READ:
        check_stream(output, stream)


@pytest.mark.parametrize("mode", ["full_refresh", "incremental"])
def test_the_records_and_the_state_are_those_of_the_tap(tenant, config, mode):
    catalog = catalog_of(config, **dict.fromkeys(READ, mode))
    output = read_well(config, catalog)
    tapped = run_tap({**config, "streams": ["*"]})
    for stream in READ:
        assert output.records(stream) == tapped.records(stream)
        assert output.states(stream)[-1] == tapped.state["bookmarks"][stream]


def test_each_namespace_of_a_stream_is_read_from_its_own_state(tenant, config):
    first = catalog_of(config, issues="incremental")["streams"][0]
    other = {**first, "stream": {**first["stream"], "namespace": "n"}}
    states = read_well(config, {"streams": [other]}).state
    output = read_well(config, {"streams": [first, other]}, states)
    namespaces = [message["record"].get("namespace") for message in output.of("RECORD", "issues")]
    assert namespaces.count(None) == 30
    assert namespaces.count("n") < 30


def test_a_state_can_be_carried_over_from_the_tap_and_back(tenant, config):
    state = run_tap(config).state["bookmarks"]
    added = tenant.insert("issues", {"title": "new"})["_id"]
    catalog = catalog_of(config, issues="incremental", objectives="full_refresh")
    given = [each for name in state for each in state_of(name, {"stream_state": state[name]})]
    output = read_well(config, catalog, given)
    assert added in output.ids("issues")
    assert len(output.ids("issues")) < 30
    streams = [each["stream"] for each in output.state]
    back = {each["stream_descriptor"]["name"]: each["stream_state"] for each in streams}
    assert run_tap(config, state={"bookmarks": back}).ids("issues") == [added]


def test_values_are_emitted_exactly_as_received_with_the_time_in_milliseconds(config, canned):
    row = b'{"_id":"a1","title":"\\u00e9","custom":{"n":1.10,"m":12345678901234567890.5,"o":1e400}}'
    canned.rows["issues"] = [row]
    output = read_well({**config, "api_url": canned.url}, catalog_of(config, issues="full_refresh"))
    assert f'"data":{row.decode()},' in output.text
    [message] = output.of("RECORD", "issues")
    assert message["record"].keys() == {"stream", "data", "emitted_at"}
    assert isinstance(message["record"]["emitted_at"], int)
    assert message["record"]["emitted_at"] > 1_700_000_000_000


def test_a_namespace_is_in_every_message_if_the_stream_has_one(tenant, config):
    catalog = catalog_of(config, issues="incremental")
    catalog["streams"][0]["stream"]["namespace"] = "planhat"
    output = read_well(config, catalog)
    assert {message["record"]["namespace"] for message in output.of("RECORD", "issues")} == {
        "planhat"
    }
    descriptors = [
        *(each["state"]["stream"] for each in output.of("STATE", "issues")),
        *(each["trace"]["stream_status"] for each in output.of("STREAM_STATUS", "issues")),
    ]
    assert all(
        each["stream_descriptor"] == {"name": "issues", "namespace": "planhat"}
        for each in descriptors
    )


def test_only_selected_properties_are_requested_and_emitted(tenant, config, sandbox):
    catalog = catalog_of(config, objectives="full_refresh")
    properties = catalog["streams"][0]["stream"]["json_schema"]["properties"]
    catalog["streams"][0]["stream"]["json_schema"]["properties"] = {"name": properties["name"]}
    before = len(sandbox.requests)
    output = read_well(config, catalog)
    assert {tuple(record) for record in output.records("objectives")} == {("_id", "name")}
    assert {each.query["select"] for each in sandbox.requests[before:]} <= {"_id,name", "_id"}


def test_a_catalog_without_a_schema_selects_all_properties(tenant, config):
    catalog = catalog_of(config, issues="full_refresh")
    everything = read_well(config, catalog)
    catalog["streams"][0]["stream"]["json_schema"] = {}
    assert read_well(config, catalog).records("issues") == everything.records("issues")


def test_an_incremental_read_goes_on_from_its_state(tenant, config):
    catalog = catalog_of(config, issues="incremental")
    first = read_well(config, catalog)
    assert len(first.ids("issues")) == 30
    added = tenant.insert("issues", {"title": "new"})["_id"]
    changed = tenant.records("issues")[3]["_id"]
    tenant.update("issues", changed, {"title": "changed"})
    second = read_well(config, catalog, first.state)
    assert {added, changed} <= set(second.ids("issues"))
    assert len(second.ids("issues")) < 30
    check_stream(second, "issues")


def test_a_quiet_run_ends_with_a_state_too(tenant, config):
    catalog = catalog_of(config, issues="incremental")
    state = read_well(config, catalog).state
    check_stream(read_well(config, catalog, state), "issues")


def test_states_come_back_with_null_fields_from_pyairbyte(tenant, config):
    catalog = catalog_of(config, issues="incremental")
    [state] = read_well(config, catalog).state
    state["stream"]["stream_descriptor"]["namespace"] = None
    given = {**state, "data": None, "global_": None, "destinationStats": None, "id": None}
    assert len(read_well(config, catalog, [given]).ids("issues")) < 30


@pytest.mark.parametrize(("stream", "warnings"), [("issues", 1), ("objectives", 0)])
def test_the_state_of_airbyte_s_own_source_for_planhat_makes_a_run_read_everything(
    tenant, config, stream, warnings
):
    # Its streams have no cursor, and this is all that airbyte-cdk writes for such a stream.
    given = state_of(stream, {"stream_state": {"__ab_no_cursor_state_message": True}})
    output = read_well(config, catalog_of(config, **{stream: "incremental"}), given)
    assert len(output.ids(stream)) == len(tenant.records(stream))
    assert len(output.warnings) == warnings
    again = read_well(config, catalog_of(config, **{stream: "incremental"}), output.state)
    assert again.warnings == []


@pytest.mark.parametrize("stream", ["objectives", "users"])
def test_a_stream_that_is_only_read_in_full_is_read_in_full_however_it_is_asked_for(
    tenant, config, stream
):
    tenant.insert("users", {"firstName": "A"})
    catalog = catalog_of(config, **{stream: "incremental"})
    first = read_well(config, catalog)
    second = read_well(config, catalog, first.state)
    assert first.ids(stream)
    assert second.ids(stream) == first.ids(stream)


@pytest.mark.parametrize(
    ("mode", "read_again", "warnings"),
    [
        ("incremental:updatedAt", 1, []),
        ("incremental", 15, []),
        ("full_refresh", 15, []),
        ("full_refresh:updatedAt", 15, []),
        (
            "incremental:createdAt",
            15,
            ["objectives is read in full: its cursor can be updatedAt, and not createdAt"],
        ),
    ],
)
def test_a_possible_key_is_used_only_if_it_is_chosen_as_the_cursor(
    sandbox, config, mode, read_again, warnings
):
    sandbox.behave(objective_times="present")
    times = iter(range(1_750_000_000, 1_750_100_000, 60))
    sandbox.clock = lambda: next(times)
    for number in range(15):
        sandbox.tenant("token-a").insert("objectives", {"name": f"{number}"})
    catalog = catalog_of(config, objectives=mode)
    first = read_well(config, catalog)
    assert len(first.ids("objectives")) == 15
    assert first.warnings == warnings
    assert len(read_well(config, catalog, first.state).ids("objectives")) == read_again


def test_a_full_refresh_without_a_state_reads_everything_and_with_one_goes_on(tenant, config):
    catalog = catalog_of(config, issues="full_refresh")
    first = read_well(config, catalog)
    assert read_well(config, catalog).ids("issues") == first.ids("issues")
    # The platform gives a state only to a later attempt of the same full refresh.
    assert len(read_well(config, catalog, first.state).ids("issues")) < 30


def test_a_catalog_of_nothing_reads_nothing_and_says_so(config):
    output = read_well(config, {"streams": []})
    assert output.messages == []
    assert output.warnings == ["the file given as --catalog names no stream, so nothing is read"]


@pytest.mark.parametrize("name", ["issue", "Issues", "notes", ""])
def test_a_stream_that_does_not_exist_ends_the_run_before_any_request(config, sandbox, name):
    catalog = catalog_of(config, issues="full_refresh")
    catalog["streams"].append({"stream": {"name": name}, "sync_mode": "full_refresh"})
    output = run_source(config, catalog)
    assert isinstance(output.error, ConfigurationError)
    assert str(output.error).startswith(
        f"the file given as --catalog names a stream {name}, and there are only "
    )
    assert output.messages == []
    assert sandbox.requests == []


def test_where_a_destination_writes_a_stream_does_not_matter_to_the_source(tenant, config):
    catalog = catalog_of(config, issues="full_refresh")
    catalog["streams"][0]["destination_object_name"] = "Contact"
    assert len(read_well(config, catalog).ids("issues")) == 30


def test_the_state_of_a_stream_that_is_not_read_is_ignored_with_a_warning(tenant, config):
    state = state_of("tasks", {"stream_state": {"rows": 3}})
    output = read_well(config, catalog_of(config, issues="incremental"), state)
    assert len(output.ids("issues")) == 30
    assert output.warnings == ["state: tasks is not a stream of the catalog, so it is ignored"]


def test_a_wrong_setting_is_found_before_any_request(config, sandbox):
    for wrong in ({"start_date": "yesterday"}, {"api_token": "a b"}):
        output = run_source({**config, **wrong}, catalog_of(config, issues="incremental"))
        assert isinstance(output.error, ConfigurationError)
        assert output.messages == []
    assert sandbox.requests == []
