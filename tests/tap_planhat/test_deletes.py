"""Deletions over real HTTP: what is emitted, and what is never called deleted."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta, timezone

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.deletions.share import DeletionsError
from planhat_sync.timestamps import format_timestamp, parse_timestamp


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    add(tenant, 40)
    return tenant


seconds = itertools.count()


def add(tenant, count: int, stream: str = "issues") -> list[str]:
    """Insert records, no two of them at the same time."""
    now = datetime(2026, 3, 1, tzinfo=timezone.utc)
    ids = []
    for _ in range(count):
        updated_at = format_timestamp(now + timedelta(seconds=next(seconds)))
        fields = {"title": "t", "name": "n", "updatedAt": updated_at}
        ids.append(tenant.insert(stream, fields)["_id"])
    return ids


def remove(tenant, ids, stream: str = "issues") -> None:
    for identifier in ids:
        assert tenant.delete(stream, identifier)


@pytest.fixture
def config(config):
    return config | {"detect_deletes": True, "detect_deletes_hours": 0, "lookback_seconds": 0}


@pytest.fixture
def issues(select):
    return select(issues=["title"])


def ids_of(tenant, stream: str = "issues") -> list[str]:
    return [record["_id"] for record in tenant.records(stream)]


def deletions(output, stream: str = "issues") -> list[str]:
    return [one["_id"] for one in output.records(stream) if "_sdc_deleted_at" in one]


def entry_of(state, stream: str = "issues") -> dict:
    return state["bookmarks"][stream]


def aged(state, hours: float, stream: str = "issues") -> dict:
    """Return a state whose last sweep is longer ago."""
    copy = json.loads(json.dumps(state))
    known = entry_of(copy, stream)["known_ids"]
    swept_at = parse_timestamp(known["swept_at"])
    known["swept_at"] = format_timestamp(swept_at - timedelta(hours=hours))
    return copy


def routes(sandbox, after: int) -> list[tuple[str, str]]:
    return [(each.route, each.query.get("select", "")) for each in sandbox.requests[after:]]


def test_what_was_deleted_is_emitted_once_after_the_records(tenant, config, read, issues):
    state = read(config, catalog=issues).state
    gone = ids_of(tenant)[5:9]
    remove(tenant, gone)
    output = read(config, catalog=issues, state=state)
    assert deletions(output) == gone
    assert output.records("issues")[-4:] == [
        {"_id": identifier, "_sdc_deleted_at": record["_sdc_deleted_at"]}
        for identifier, record in zip(gone, output.records("issues")[-4:], strict=True)
    ]
    assert all(parse_timestamp(one["_sdc_deleted_at"]) for one in output.records("issues")[-4:])
    assert output.types()[-1] == "STATE"
    assert deletions(read(config, catalog=issues, state=output.state)) == []


@pytest.mark.parametrize("on", [True, False])
def test_the_schema_announces_the_time_of_deletion(tenant, config, read, issues, sandbox, on):
    output = read(config | {"detect_deletes": on}, catalog=issues)
    [schema] = [m["schema"] for m in output.messages if m["type"] == "SCHEMA"]
    announced = {"type": ["string", "null"], "format": "date-time"}
    assert schema["properties"].get("_sdc_deleted_at") == (announced if on else None)
    assert not any("_sdc" in each.target for each in sandbox.requests)


def test_the_first_run_removes_what_earlier_runs_loaded_without_it(
    tenant, config, read, issues, caplog
):
    state = read(config | {"detect_deletes": False}, catalog=issues).state
    assert "known_ids" not in entry_of(state)
    caplog.set_level("INFO")
    output = read(config, catalog=issues, state=state)
    assert set(output.ids("issues")) == set(ids_of(tenant))
    assert output.types()[-2:] == ["ACTIVATE_VERSION", "STATE"]
    [version] = {m["version"] for m in output.messages if "version" in m}
    assert all(m["version"] == version for m in output.messages if m["type"] == "RECORD")
    assert "issues: reading everything, because the state does not say which records" in caplog.text
    again = read(config, catalog=issues, state=output.state)
    assert "ACTIVATE_VERSION" not in again.types()
    assert all("version" not in m for m in again.messages)


def test_a_run_that_is_not_due_asks_for_no_ids(tenant, config, read, issues, sandbox):
    config["detect_deletes_hours"] = 24
    state = read(config, catalog=issues).state
    gone = ids_of(tenant)[:2]
    remove(tenant, gone)
    before = len(sandbox.requests)
    early = read(config, catalog=issues, state=aged(state, 23.9))
    assert deletions(early) == []
    assert all(select != "_id" for _, select in routes(sandbox, before))
    assert deletions(read(config, catalog=issues, state=aged(early.state, 0.2))) == gone


def test_a_sweep_reads_ids_alone_in_the_largest_pages(tenant, config, read, issues, sandbox):
    state = read(config, catalog=issues).state
    [gone] = remove_one = ids_of(tenant)[3:4]
    remove(tenant, remove_one)
    before = len(sandbox.requests)
    output = read(config | {"page_size": 100}, catalog=issues, state=state)
    assert deletions(output) == [gone]
    swept = [each for each in sandbox.requests[before:] if each.query.get("select") == "_id"]
    assert [each.query["limit"] for each in swept] == ["2000", "2000"]
    asked = [
        each.path.rsplit("/", 1)[-1] for each in sandbox.requests[before:] if each.route == "get"
    ]
    assert asked == [ids_of(tenant)[-1], gone]


@pytest.mark.parametrize("hours", [0, 24])
def test_a_full_read_is_a_sweep_by_itself(config, read, select, sandbox, hours):
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 20, "objectives")
    catalog = select(objectives=["name"])
    config["detect_deletes_hours"] = hours
    state = read(config, catalog=catalog).state
    remove(tenant, ids[:2], "objectives")
    before = len(sandbox.requests)
    assert deletions(read(config, catalog=catalog, state=state), "objectives") == ids[:2]
    assert [route for route, _ in routes(sandbox, before)] == ["list", "list", "get", "get", "get"]


def test_a_record_that_came_and_went_between_two_sweeps_is_emitted_as_deleted(
    tenant, config, read, issues
):
    config["detect_deletes_hours"] = 24
    state = read(config, catalog=issues).state
    new = add(tenant, 3)
    state = read(config, catalog=issues, state=state).state
    remove(tenant, new[1:])
    state = read(config, catalog=issues, state=state).state
    assert deletions(read(config, catalog=issues, state=aged(state, 24))) == new[1:]


@pytest.mark.parametrize("lines", range(1, 6))
def test_what_a_killed_run_may_have_emitted_is_known_to_the_next(
    tenant, config, read, issues, lines
):
    state = read(config, catalog=issues).state
    new = add(tenant, 3)
    output = read(config, catalog=issues, state=state)
    out = output.messages[:lines]
    states = [m["value"] for m in out if m["type"] == "STATE"]
    emitted = [m["record"]["_id"] for m in out if m["type"] == "RECORD"]
    remove(tenant, new)
    again = read(config, catalog=issues, state=[state, *states][-1])
    assert set(emitted) & set(new) <= set(deletions(again)) <= set(new)


def test_many_new_records_make_the_next_sweep_due(tenant, config, read, issues):
    config |= {"detect_deletes_hours": 24, "page_size": 50}
    state = read(config, catalog=issues).state
    new = add(tenant, 201)
    output = read(config, catalog=issues, state=state)
    # A run that is killed after more new records than a state can name has to read everything.
    *_, killed, _ = output.states
    assert "known_ids" not in entry_of(killed)
    assert "ACTIVATE_VERSION" in read(config, catalog=issues, state=killed).types()
    known = entry_of(output.state)["known_ids"]
    assert (known["size"], known["recent"]) == (241, "")
    remove(tenant, new[:5])
    assert deletions(read(config, catalog=issues, state=aged(output.state, 24))) == new[:5]


def test_a_stream_that_was_deselected_for_a_while_misses_nothing(tenant, config, read, select):
    both = select(issues=["title"], objectives=["name"])
    state = read(config, catalog=both).state
    gone = ids_of(tenant)[:3]
    remove(tenant, gone)
    output = read(config, catalog=select(objectives=["name"]), state=state)
    assert deletions(read(config, catalog=both, state=output.state)) == gone


def test_what_is_emitted_while_it_is_switched_off_makes_the_table_worthless(
    tenant, config, read, issues
):
    state = read(config, catalog=issues).state
    new = add(tenant, 1)
    off = read(config | {"detect_deletes": False}, catalog=issues, state=state)
    assert all("known_ids" not in entry_of(each) for each in off.states[1:])
    remove(tenant, new)
    output = read(config, catalog=issues, state=off.state)
    assert "ACTIVATE_VERSION" in output.types()


@pytest.mark.parametrize("between", [{"company_ids": ["c1"]}, {"start_date": "2026-03-02"}])
def test_a_run_of_some_records_in_between_is_followed_by_a_full_read_that_says_so(
    tenant, config, read, issues, caplog, between
):
    """It cannot have `detect_deletes`, so what is known of all the others is given up."""
    state = read(config, catalog=issues).state
    some = config | between | {"detect_deletes": False}
    state = read(some, catalog=issues, state=state).state
    assert "known_ids" not in entry_of(state)
    remove(tenant, ids_of(tenant)[:3])
    caplog.set_level("INFO")
    output = read(config, catalog=issues, state=state)
    assert deletions(output) == []
    assert output.ids("issues") == ids_of(tenant)
    assert output.types()[-2:] == ["ACTIVATE_VERSION", "STATE"]
    assert "issues: reading everything, because the state does not say which records" in caplog.text
    gone = ids_of(tenant)[:2]
    remove(tenant, gone)
    assert deletions(read(config, catalog=issues, state=output.state)) == gone


def changed(**values):
    return lambda known: known | values


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda _: [],
        lambda _: {},
        lambda known: {name: value for name, value in known.items() if name != "cells"},
        changed(version=2),
        changed(version="1"),
        changed(size=-1),
        changed(size=41),
        changed(size=39),
        changed(top=""),
        changed(top="z" * 24),
        changed(swept_at="yesterday"),
        changed(cells=""),
        changed(cells="A" * 12_288),
        changed(recent="AAAA"),
        changed(recent="*"),
        changed(recent=None),
        lambda known: known | {"cells": known["cells"][::-1]},
        lambda known: known | {"cells": known["cells"][:-4]},
    ],
)
def test_a_state_that_is_not_understood_ends_in_a_full_read_that_says_so(
    tenant, config, read, issues, change
):
    config["max_deletes_percent"] = 100
    state = read(config, catalog=issues).state
    entry_of(state)["known_ids"] = change(entry_of(state)["known_ids"])
    remove(tenant, ids_of(tenant)[:2])
    output = read(config, catalog=issues, state=state)
    assert deletions(output) == []
    assert set(output.ids("issues")) == set(ids_of(tenant))
    assert "ACTIVATE_VERSION" in output.types()
    again = read(config, catalog=issues, state=output.state)
    assert "ACTIVATE_VERSION" not in again.types()


@pytest.mark.parametrize("stream", ["issues", "objectives"])
def test_more_deletions_than_can_be_decoded_end_in_a_full_read_that_says_so(
    config, read, select, sandbox, caplog, stream
):
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 3_000, stream)
    catalog = select(**{stream: []})
    state = read(config, catalog=catalog).state
    remove(tenant, ids[:500], stream)
    caplog.set_level("INFO")
    output = read(config, catalog=catalog, state=state)
    assert deletions(output, stream) == []
    [version] = {m["version"] for m in output.messages if "version" in m}
    versioned = [
        m["record"]["_id"] for m in output.messages if m["type"] == "RECORD" and "version" in m
    ]
    assert sorted(versioned) == ids[500:]
    assert output.messages[-2] == {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}
    assert f"{stream}: reading everything, because too much has changed" in caplog.text
    remove(tenant, ids[600:602], stream)
    assert deletions(read(config, catalog=catalog, state=output.state), stream) == ids[600:602]


def test_a_permission_that_was_taken_away_is_not_taken_for_deletions(config, read, select, sandbox):
    """Half of the list is gone: that does not decode, and must not end in ACTIVATE_VERSION."""
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 3_000)
    catalog = select(issues=[])
    state = read(config, catalog=catalog).state
    remove(tenant, ids[:1_500])
    with pytest.raises(DeletionsError, match=r"at least 1,500 of the 3,000 records .* \(20\)"):
        read(config, catalog=catalog, state=state)


@pytest.mark.parametrize("left", [0, 20])
def test_nor_is_it_where_only_the_number_of_records_is_known(tenant, config, read, issues, left):
    """A list that is empty all at once must not empty the warehouse through ACTIVATE_VERSION."""
    state = read(config | {"detect_deletes": False}, catalog=issues).state
    remove(tenant, ids_of(tenant)[left:])
    with pytest.raises(DeletionsError, match=f"at least {40 - left} of the 40 records"):
        read(config, catalog=issues, state=state)
    config["max_deletes_percent"] = 100
    assert "ACTIVATE_VERSION" in read(config, catalog=issues, state=state).types()


@pytest.mark.parametrize(("count", "passes"), [(5, True), (6, False)])
def test_up_to_five_deletions_always_pass(tenant, config, read, issues, count, passes):
    config["max_deletes_percent"] = 0
    state = read(config, catalog=issues).state
    gone = ids_of(tenant)[:count]
    remove(tenant, gone)
    if passes:
        assert deletions(read(config, catalog=issues, state=state)) == gone
        return
    with pytest.raises(DeletionsError, match=r"does not list 6 of the 40 records.* for one run"):
        read(config, catalog=issues, state=state)
    config["max_deletes_percent"] = 15
    assert deletions(read(config, catalog=issues, state=state)) == gone


@pytest.mark.parametrize("status", [404, 400])
def test_nothing_is_deleted_if_a_listed_record_is_not_found_either(
    tenant, config, read, issues, sandbox, caplog, status
):
    state = read(config, catalog=issues).state
    gone = ids_of(tenant)[:3]
    remove(tenant, gone)
    sandbox.fault("status", route="get", status=status, times=2)
    output = read(config, catalog=issues, state=state)
    assert deletions(output) == []
    assert "it does not find a record that it lists; the next run tries again" in caplog.text
    assert deletions(read(config, catalog=issues, state=output.state)) == gone


def test_the_last_records_are_emitted_as_deleted_once_there_is_another(
    config, read, issues, sandbox
):
    """With an empty list, nothing shows that Planhat finds what exists."""
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 2)
    state = read(config, catalog=issues).state
    remove(tenant, ids)
    output = read(config, catalog=issues, state=state)
    assert deletions(output) == []
    add(tenant, 1)
    assert deletions(read(config, catalog=issues, state=output.state)) == ids


@pytest.fixture
def hidden(tenant, sandbox):
    """Ids of issues that lists leave out, although the records exist."""
    left_out: set[str] = set()
    records: dict[str, dict] = {}

    def hide(request):
        if request.route == "list":
            for identifier in left_out - records.keys():
                if record := tenant.get("issues", identifier):
                    records[identifier] = record
                    tenant.delete("issues", identifier)
        else:
            while records:
                tenant.insert("issues", records.popitem()[1])

    sandbox.before_each_request.append(hide)
    yield left_out
    sandbox.before_each_request.clear()


def test_a_record_that_a_list_leaves_out_is_not_deleted_until_it_is(
    tenant, config, read, issues, hidden, caplog
):
    config["concurrency"] = 1
    state = read(config, catalog=issues).state
    ids = ids_of(tenant)
    hidden.update(ids[4:7])
    remove(tenant, ids[20:22])
    output = read(config, catalog=issues, state=state)
    assert deletions(output) == ids[20:22]
    assert "Planhat's list does not have 3 records that Planhat finds by _id" in caplog.text
    hidden.clear()
    remove(tenant, ids[4:5])
    output = read(config, catalog=issues, state=output.state)
    assert deletions(output) == ids[4:5]
    remove(tenant, ids[5:6])
    assert deletions(read(config, catalog=issues, state=output.state)) == ids[5:6]


def test_a_list_that_leaves_records_out_activates_no_version(config, read, select, tenant, hidden):
    config |= {"concurrency": 1, "emit_activate_version_messages": True}
    catalog = select(issues=["title"])
    [entry] = [one for one in catalog["streams"] if one["tap_stream_id"] == "issues"]
    [root] = [one for one in entry["metadata"] if not one["breadcrumb"]]
    root["metadata"]["replication-method"] = "FULL_TABLE"
    state = read(config, catalog=catalog).state
    hidden.update(ids_of(tenant)[-2:])
    output = read(config, catalog=catalog, state=state)
    assert len(output.records("issues")) == 38
    assert "ACTIVATE_VERSION" not in output.types()
    hidden.clear()
    assert "ACTIVATE_VERSION" in read(config, catalog=catalog, state=output.state).types()


def test_a_full_read_that_should_remove_what_is_gone_removes_nothing_that_exists(
    config, read, select, sandbox, hidden, caplog
):
    """A list that lags leaves out the newest; here also what this very run has emitted."""
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 3_000)
    config["concurrency"] = 1
    catalog = select(issues=[])
    state = read(config, catalog=catalog).state
    remove(tenant, ids[:500])
    late = add(tenant, 1)

    def lag(request):
        if request.query.get("sort", "").endswith("_id"):
            hidden.update(late)

    sandbox.before_each_request.insert(0, lag)
    output = read(config, catalog=catalog, state=state)
    assert late[0] in output.ids("issues")
    assert "ACTIVATE_VERSION" not in output.types()
    assert "its list does not have records that exist" in caplog.text
    sandbox.before_each_request.clear()
    tenant.insert("issues", {"_id": late[0], "title": "t"})
    again = read(config, catalog=catalog, state=output.state)
    assert "ACTIVATE_VERSION" in again.types()
    assert sorted(set(again.ids("issues"))) == ids_of(tenant)


def test_the_version_that_is_activated_is_not_that_of_an_earlier_read_of_the_run(
    config, read, select, sandbox
):
    """What is deleted between the two reads would otherwise stay in the warehouse for ever."""
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 3_000, "objectives")
    config["emit_activate_version_messages"] = True
    catalog = select(objectives=[])
    state = read(config, catalog=catalog).state
    remove(tenant, ids[:500], "objectives")
    reads = itertools.count()

    def delete_before_the_second_read(request):
        if request.query.get("sort") == "-_id" and next(reads) == 1:
            remove(tenant, ids[-1:], "objectives")

    sandbox.before_each_request.append(delete_before_the_second_read)
    messages = read(config, catalog=catalog, state=state).messages
    [version] = [each["version"] for each in messages if each["type"] == "ACTIVATE_VERSION"]
    records = [each for each in messages if each["type"] == "RECORD"]
    assert ids[-1] in {each["record"]["_id"] for each in records}
    active = [each["record"]["_id"] for each in records if each.get("version") == version]
    assert sorted(active) == ids[500:-1]


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ([], "its list does not have records that exist"),
        ([{"status": 404}], "it does not find a record that it lists"),
    ],
    ids=["records are found", "no record is found"],
)
def test_a_list_that_is_cut_removes_nothing_although_too_much_is_missing_to_decode(
    config, read, select, sandbox, hidden, caplog, faults, says
):
    tenant = sandbox.tenant("token-a")
    ids = add(tenant, 3_000)
    config["concurrency"] = 1
    catalog = select(issues=[])
    state = read(config, catalog=catalog).state
    hidden.update(ids[-500:])
    for fault in faults:
        sandbox.fault("status", route="get", **fault)
    caplog.set_level("INFO")
    output = read(config, catalog=catalog, state=state)
    assert "reading everything, because too much has changed" in caplog.text
    assert not hidden.intersection(output.ids("issues"))
    assert "ACTIVATE_VERSION" not in output.types()
    assert says in caplog.text


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"company_ids": ["c1"]}, "company_ids leaves some out: remove company_ids"),
        ({"start_date": "2026-01-01"}, "start_date leaves some out: remove start_date"),
        (
            {
                "batch_config": {
                    "encoding": {"format": "jsonl", "compression": "gzip"},
                    "storage": {"root": "file:///tmp"},
                }
            },
            "remove batch_config, or detect_deletes",
        ),
    ],
)
def test_settings_that_contradict_it_are_refused(config, read, issues, more, says):
    with pytest.raises(ConfigurationError, match=says):
        read(config | more, catalog=issues)
    read(config | more | {"detect_deletes": False, "api_url": config["api_url"]}, catalog=issues)


def test_ids_that_are_not_object_ids_are_not_watched_which_is_said_once(
    tenant, config, read, issues, caplog
):
    for name in ("x1", "x2", "66B0C0DE0000010000000001"):
        tenant.insert("issues", {"_id": name, "title": "t"})
    state = read(config, catalog=issues).state
    message = (
        "issues: deletions of 3 records are not detected, because their _id is not an ObjectId"
    )
    assert caplog.messages.count(message) == 1
    gone = ids_of(tenant)[0:2]
    remove(tenant, ["x1", *gone])
    assert deletions(read(config, catalog=issues, state=state)) == [
        one for one in gone if one.islower()
    ]


def test_deletions_go_through_stream_maps(tenant, config, read, issues):
    config["stream_maps"] = {
        "issues": {"__alias__": "tickets", "__key_properties__": ["key"], "key": "'k-' + _id"}
    }
    state = read(config, catalog=issues).state
    gone = ids_of(tenant)[:1]
    remove(tenant, gone)
    [record] = read(config, catalog=issues, state=state).records("tickets")[-1:]
    assert record["key"] == f"k-{gone[0]}"
    assert record["_sdc_deleted_at"]
    assert record["title"] is None


def test_a_stream_map_that_drops_the_time_of_deletion_is_refused(tenant, config, read, issues):
    config["stream_maps"] = {"issues": {"_id": "_id", "title": "title", "__else__": None}}
    with pytest.raises(ConfigurationError, match="the map that makes issues drops _sdc_deleted_at"):
        read(config, catalog=issues)
    config["detect_deletes"] = False
    assert len(read(config, catalog=issues).records("issues")) == len(ids_of(tenant))


def test_deletions_go_through_stream_maps_that_keep_few_properties_and_few_records(
    tenant, config, read, issues
):
    config["stream_maps"] = {
        "issues": {
            "_id": "_id",
            "_sdc_deleted_at": "record.get('_sdc_deleted_at')",
            "__filter__": "title == 't' or record.get('_sdc_deleted_at')",
            "__else__": None,
        }
    }
    state = read(config, catalog=issues).state
    gone = ids_of(tenant)[:2]
    remove(tenant, gone)
    found = read(config, catalog=issues, state=state).records("issues")
    assert [one["_id"] for one in found if one["_sdc_deleted_at"]] == gone


@pytest.mark.parametrize("more", [{}, {"stream_maps": {"issues": {"title": "title"}}}])
def test_the_time_of_deletion_cannot_be_deselected(tenant, config, read, issues, more):
    """Without it, a target would load a record whose properties are all null."""
    [entry] = [one for one in issues["streams"] if one["tap_stream_id"] == "issues"]
    crumb = ["properties", "_sdc_deleted_at"]
    metadata = {"inclusion": "available", "selected": False}
    entry["metadata"].append({"breadcrumb": crumb, "metadata": metadata})
    state = read(config | more, catalog=issues).state
    gone = ids_of(tenant)[:1]
    remove(tenant, gone)
    output = read(config | more, catalog=issues, state=state)
    assert output.records("issues")[-1]["_sdc_deleted_at"]
    [schema] = [one["schema"] for one in output.messages if one["type"] == "SCHEMA"]
    assert "_sdc_deleted_at" in schema["properties"]


@pytest.mark.parametrize("flattening", [True, False])
def test_deletions_take_the_path_of_the_sdk_where_records_do(
    tenant, config, read, select, flattening
):
    """For flattening, and where something inside a property is deselected."""
    catalog = select(issues=["title", "custom"])
    if flattening:
        config |= {"flattening_enabled": True, "flattening_max_depth": 1}
    else:
        [entry] = [one for one in catalog["streams"] if one["tap_stream_id"] == "issues"]
        custom = entry["schema"]["properties"]["custom"]
        custom["properties"] = {"secret": {"type": ["string", "null"]}}
        crumb = ["properties", "custom", "properties", "secret"]
        entry["metadata"].append({"breadcrumb": crumb, "metadata": {"selected": False}})
    state = read(config, catalog=catalog).state
    gone = ids_of(tenant)[:2]
    remove(tenant, gone)
    output = read(config, catalog=catalog, state=state)
    assert deletions(output) == gone
    assert deletions(read(config, catalog=catalog, state=output.state)) == []


def test_a_top_that_is_not_the_right_one_calls_nothing_deleted_that_exists(
    tenant, config, read, issues
):
    config["max_deletes_percent"] = 100
    state = read(config, catalog=issues).state
    entry_of(state)["known_ids"]["top"] = "0" * 24
    gone = ids_of(tenant)[:2]
    remove(tenant, gone)
    assert deletions(read(config, catalog=issues, state=state)) == gone


def test_a_state_of_a_large_stream_is_below_16_000_characters(config, read, select, sandbox):
    tenant = sandbox.tenant("token-a")
    add(tenant, 2_000)
    config["detect_deletes_hours"] = 24
    catalog = select(issues=[])
    state = read(config, catalog=catalog).state
    add(tenant, 200)
    state = read(config, catalog=catalog, state=state).state
    assert len(entry_of(state)["known_ids"]["recent"]) == 200 * 16
    assert len(json.dumps(entry_of(state))) < 16_000
