"""The SDK's features of a tap work: maps, flattening, BATCH, selection, versions."""

from __future__ import annotations

import gzip
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from planhat_sync.errors import ConfigurationError


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    for number in range(6):
        tenant.insert(
            "issues",
            {
                "title": f"issue {number}",
                "status": "Open" if number % 2 else "Done",
                "custom": {"Team": "a", "Score": 1.5, "Nested": {"x": number}},
            },
        )
    return tenant


@pytest.fixture
def issues(select):
    return select(issues=None)


def test_a_stream_map_renames_filters_and_hashes(tenant, config, read, issues):
    config["stream_maps"] = {
        "issues": {
            "__alias__": "tickets",
            "__filter__": "status == 'Open'",
            "subject": "title",
            "title": "__NULL__",
            "digest": "md5(record['title'])",
        }
    }
    output = read(config, catalog=issues)
    records = output.records("tickets")
    assert {record["subject"] for record in records} == {"issue 1", "issue 3", "issue 5"}
    assert all("title" not in record for record in records)
    assert {record["digest"] for record in records} == {
        hashlib.md5(record["subject"].encode(), usedforsecurity=False).hexdigest()
        for record in records
    }
    assert output.types()[-1] == "STATE"
    assert output.state["bookmarks"]["issues"]["replication_key_value"]


def test_a_bookmark_moves_over_records_that_a_map_filters_out(tenant, config, read, issues):
    config["stream_maps"] = {"issues": {"__filter__": "False"}}
    output = read(config, catalog=issues)
    assert output.records("issues") == []
    assert output.state["bookmarks"]["issues"]["replication_key_value"]


def test_a_stream_that_a_map_removes_is_not_printed(tenant, config, read, issues):
    config["stream_maps"] = {"issues": "__NULL__"}
    assert set(read(config, catalog=issues).types()) == {"STATE"}


@pytest.mark.parametrize("known", [[], ["Team", "Score", "Nested"]])
def test_flattening_flattens_schema_and_records(tenant, config, read, issues, known):
    """An object becomes a column for each property that the catalog knows, else one of text."""
    config |= {"flattening_enabled": True, "flattening_max_depth": 1}
    entry = next(entry for entry in issues["streams"] if entry["tap_stream_id"] == "issues")
    if known:
        entry["schema"]["properties"]["custom"]["properties"] = {name: {} for name in known}
    output = read(config, catalog=issues)
    [schema] = [message["schema"] for message in output.messages if message["type"] == "SCHEMA"]
    flat = {record["_id"]: record for record in output.records("issues")}
    for held in tenant.records("issues"):
        record = flat[held["_id"]]
        assert set(record) <= set(schema["properties"])
        custom = {name: record[name] for name in record if name.startswith("custom")}
        if not known:
            assert {name: json.loads(custom[name]) for name in custom} == {"custom": held["custom"]}
        else:
            nested = json.loads(custom.pop("custom__Nested"))
            assert {**custom, "custom__Nested": nested} == {
                f"custom__{name}": value for name, value in held["custom"].items()
            }


@pytest.mark.parametrize("records_a_batch", [2, 3, 4, 100])
def test_batches_are_written_to_a_folder_and_the_state_comes_behind_the_last(
    tenant, config, read, issues, tmp_path, records_a_batch
):
    tenant.insert("issues", {"title": "exact", "custom": {"Score": 0.1}})
    config["batch_config"] = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
        "batch_size": records_a_batch,
    }
    output = read(config, catalog=issues)
    assert "RECORD" not in output.types()
    records = []
    for message in output.messages:
        if message["type"] == "BATCH":
            for address in message["manifest"]:
                with gzip.open(Path(urlsplit(address).path)) as file:
                    records += [json.loads(line, parse_float=Decimal) for line in file]
    assert {record["_id"] for record in records} == {
        record["_id"] for record in tenant.records("issues")
    }
    assert len(records) == 7
    assert records[-1]["custom"]["Score"] == Decimal("0.1")
    assert output.types()[-1] == "STATE"
    before_last_batch = output.types()[: len(output.types()) - output.types()[::-1].index("BATCH")]
    with_bookmark = [
        message
        for message in output.messages[: len(before_last_batch)]
        if message["type"] == "STATE" and message["value"]["bookmarks"].get("issues")
    ]
    assert not with_bookmark


def test_only_selected_properties_are_asked_for_and_emitted(tenant, config, read, select, sandbox):
    output = read(config, catalog=select(issues=["title", "status"]))
    [schema] = [message["schema"] for message in output.messages if message["type"] == "SCHEMA"]
    wanted = {"_id", "title", "status", "updatedAt"}
    assert set(schema["properties"]) == wanted
    assert {frozenset(record) for record in output.records("issues")} == {frozenset(wanted)}
    asked = set().union(*(request.query["select"].split(",") for request in sandbox.requests))
    assert asked == wanted


def test_a_property_inside_another_can_be_deselected(tenant, config, read, select):
    catalog = select(issues=["custom", "!custom.Nested", "!custom.Score"])
    records = read(config, catalog=catalog).records("issues")
    assert [record["custom"] for record in records] == [{"Team": "a"}] * 6


def test_a_stream_that_is_deselected_is_not_asked_for(tenant, config, read, select, sandbox):
    read(config, catalog=select(objectives=None))
    assert {request.path for request in sandbox.requests} == {"/objectives"}


def test_a_property_that_a_person_adds_to_the_catalog_is_read(tenant, config, read, select, canned):
    catalog = select(objectives=None)
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == "objectives")
    entry["schema"]["properties"]["surprise"] = {"type": ["integer", "null"]}
    canned.bodies["objectives"] = b'[{"_id":"a","surprise":1,"other":2}]'
    output = read({**config, "api_url": canned.url}, catalog=catalog)
    assert output.records("objectives") == [{"_id": "a", "surprise": 1}]
    assert any("surprise" in asked["select"] for asked in canned.asked)


def versions(output, stream):
    return {
        message["version"]
        for message in output.messages
        if message["type"] == "RECORD" and message["stream"] == stream
    }


@pytest.mark.parametrize("path", ["quick", "of the SDK"])
def test_a_full_table_run_activates_a_version_where_asked_to(tenant, config, read, select, path):
    tenant.insert("objectives", {"name": "o"})
    config["emit_activate_version_messages"] = True
    if path == "of the SDK":
        config["stream_maps"] = {"objectives": {"__filter__": "True"}}
    output = read(config, catalog=select(objectives=None))
    assert output.types() == ["SCHEMA", "RECORD", "ACTIVATE_VERSION", "STATE"]
    [activated] = [m["version"] for m in output.messages if m["type"] == "ACTIVATE_VERSION"]
    assert versions(output, "objectives") == {activated}


def test_in_batches_too_the_version_is_activated_after_the_records(
    tenant, config, read, select, tmp_path
):
    tenant.insert("objectives", {"name": "o"})
    config["emit_activate_version_messages"] = True
    config["batch_config"] = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
    }
    output = read(config, catalog=select(objectives=None))
    assert [kind for kind in output.types() if kind != "STATE"] == [
        "SCHEMA",
        "BATCH",
        "ACTIVATE_VERSION",
    ]


@pytest.mark.parametrize("path", ["quick", "of the SDK"])
def test_a_read_that_fails_halfway_activates_no_version(tap, sandbox, tenant, config, path):
    for number in range(6):
        tenant.insert("objectives", {"name": f"{number}"})
    config |= {"emit_activate_version_messages": True, "page_size": 2, "retry_budget_seconds": 0}
    if path == "of the SDK":
        config["stream_maps"] = {"objectives": {"__filter__": "True"}}
    sandbox.fault("status", model="objectives", route="list", nth=3, status=500)
    ended = tap(config=config)
    assert ended.code == 1
    types = [m["type"] for m in ended.messages if m.get("stream") == "objectives"]
    assert "RECORD" in types
    assert "ACTIVATE_VERSION" not in types


def test_an_incremental_run_activates_no_version(tenant, config, read, issues):
    config["emit_activate_version_messages"] = True
    output = read(config, catalog=issues)
    assert "ACTIVATE_VERSION" not in output.types()
    assert all("version" not in m for m in output.messages if m["type"] == "RECORD")


def test_versions_are_not_activated_by_default(tenant, config, read, select):
    tenant.insert("objectives", {"name": "o"})
    assert "ACTIVATE_VERSION" not in read(config, catalog=select(objectives=None)).types()


def method_of(catalog, stream, method):
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == stream:
            entry["replication_method"] = method
            root = next(item for item in entry["metadata"] if not item["breadcrumb"])
            root["metadata"]["forced-replication-method"] = method
    return catalog


def test_a_catalog_may_have_a_stream_with_a_key_read_in_full(tenant, config, read, select):
    config["emit_activate_version_messages"] = True
    catalog = method_of(select(issues=None), "issues", "FULL_TABLE")
    state = {
        "bookmarks": {
            "issues": {"replication_key": "updatedAt", "replication_key_value": "2999-01-01"}
        }
    }
    output = read(config, catalog=catalog, state=state)
    assert len(output.records("issues")) == 6
    assert "ACTIVATE_VERSION" in output.types()


def test_a_catalog_cannot_make_a_stream_without_a_key_incremental(tenant, config, read, select):
    tenant.insert("objectives", {"name": "o"})
    catalog = method_of(select(objectives=None), "objectives", "INCREMENTAL")
    assert len(read(config, catalog=catalog).records("objectives")) == 1


def test_a_catalog_without_key_properties_gets_the_models(tenant, config, read, issues):
    for entry in issues["streams"]:
        entry["key_properties"] = []
        entry["replication_key"] = "createdAt"
        for item in entry["metadata"]:
            item["metadata"].pop("table-key-properties", None)
            item["metadata"].pop("inclusion", None)
    output = read(config, catalog=issues)
    [schema] = [message for message in output.messages if message["type"] == "SCHEMA"]
    assert schema["key_properties"] == ["_id"]
    assert schema["bookmark_properties"] == ["updatedAt"]


def test_a_catalog_that_names_a_stream_that_does_not_exist_is_refused(config, read, issues):
    issues["streams"][0]["tap_stream_id"] = issues["streams"][0]["stream"] = "surveys"
    with pytest.raises(ConfigurationError, match="surveys"):
        read(config, catalog=issues)


def test_messages_carry_the_time_when_their_page_came(tenant, config, read, issues):
    for message in read(config, catalog=issues).messages:
        if message["type"] == "RECORD":
            assert message["time_extracted"].endswith("+00:00")
