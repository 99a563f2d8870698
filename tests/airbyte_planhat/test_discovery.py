"""The catalog of the source and that of the destination."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from jsonschema import Draft7Validator

from airbyte_planhat.destination.discover import discover as discover_objects
from airbyte_planhat.record_schema import record_schema
from airbyte_planhat.source.discover import discover as discover_streams
from planhat_sync.models import load_models

MODELS = load_models()
STOP = SimpleNamespace(event=threading.Event())
SOURCE = {"discover_custom_fields": False, "detect_deletes": False}


def streams(**config):
    kind, content = discover_streams({**SOURCE, **config}, STOP)
    assert kind == "CATALOG"
    return {each["name"]: each for each in content["streams"]}


def objects(**config):
    kind, content = discover_objects({"check_custom_fields": False, **config}, STOP)
    assert kind == "DESTINATION_CATALOG"
    return {each["object_name"]: each for each in content["operations"]}


def test_there_is_a_stream_for_each_model_that_is_read():
    assert streams().keys() == {name for name, model in MODELS.items() if model.is_read}


def test_there_is_an_object_for_each_model_that_is_written():
    assert objects().keys() == {name for name, model in MODELS.items() if model.is_written}


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.is_read])
def test_a_stream_is_described_by_its_model(name):
    model, stream = MODELS[name], streams()[name]
    schema = stream["json_schema"]
    Draft7Validator.check_schema(schema)
    assert schema["additionalProperties"] is True
    assert schema["properties"].keys() == model.properties.keys()
    assert stream["source_defined_primary_key"] == [["_id"]]
    for key, each in schema["properties"].items():
        assert key == "_id" or not each.get("type") or "null" in each["type"], key
        assert not {"readOnly", "unit", "x-planhat", "precision"} & each.keys()
        is_time = each.get("format") == "date-time"
        assert (each.get("airbyte_type") == "timestamp_with_timezone") is is_time


def test_a_date_time_inside_an_object_has_airbytes_type_too():
    time = {"type": "string", "format": "date-time"}
    nested = {"a": {"type": "array", "items": {"type": "object", "properties": {"format": time}}}}
    found = record_schema(nested)["properties"]["a"]["items"]["properties"]["format"]
    assert found == {**time, "airbyte_type": "timestamp_with_timezone"}


def test_a_replication_key_is_the_cursor_that_the_source_defines():
    issues = streams()["issues"]
    assert issues["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert issues["source_defined_cursor"] is True
    assert issues["default_cursor_field"] == ["updatedAt"]
    assert issues["is_resumable"] is True


def test_a_possible_key_is_a_cursor_only_for_who_chooses_it():
    possible = [n for n, m in MODELS.items() if m.is_read and m.possible_replication_key]
    assert possible
    for name in possible:
        stream = streams()[name]
        assert stream["supported_sync_modes"] == ["full_refresh", "incremental"]
        assert stream["source_defined_cursor"] is False
        assert stream["default_cursor_field"] == []


def test_a_model_without_a_key_is_read_in_full():
    neither = [
        name
        for name, model in MODELS.items()
        if model.is_read and not model.replication_key and not model.possible_replication_key
    ]
    assert neither
    for name in neither:
        stream = streams()[name]
        assert stream["supported_sync_modes"] == ["full_refresh"]
        assert stream["is_resumable"] is False


def test_the_time_of_a_deletion_is_announced_if_deletions_are_emitted():
    assert "_ab_cdc_deleted_at" not in streams()["issues"]["json_schema"]["properties"]
    announced = streams(detect_deletes=True)["issues"]["json_schema"]["properties"]
    assert announced["_ab_cdc_deleted_at"]["airbyte_type"] == "timestamp_with_timezone"


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.is_written])
def test_an_object_has_what_may_be_written_and_is_matched_by_keyables(name):
    model, operation = MODELS[name], objects()[name]
    Draft7Validator.check_schema(operation["json_schema"])
    properties = operation["json_schema"]["properties"]
    assert not properties.keys() & {*model.read_only, *model.constants}
    assert operation["matching_keys"] == [[key] for key in model.keyables]
    assert {key for (key,) in operation["matching_keys"]} <= properties.keys()
    assert operation["sync_mode"] == "append_dedup"


@pytest.fixture
def connection(sandbox):
    sandbox.tenant("alpha").insert(
        "customfields", {"name": "Region", "type": "number", "parent": "Issue"}
    )
    return {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}


def test_custom_fields_are_described_if_they_are_asked_for(connection):
    custom = streams(**connection)["issues"]["json_schema"]["properties"]["custom"]
    assert "properties" not in custom
    custom = streams(**connection, discover_custom_fields=True)["issues"]["json_schema"]
    assert custom["properties"]["custom"]["properties"]["Region"]["type"] == ["number", "null"]


def test_a_custom_field_is_a_column_of_an_object(connection):
    assert "custom__Region" not in objects(**connection)["issues"]["json_schema"]["properties"]
    found = objects(**connection, check_custom_fields=True)
    region = found["issues"]["json_schema"]["properties"]["custom__Region"]
    assert region["type"] == ["number", "null"]
    assert "custom__Region" not in found["objectives"]["json_schema"]["properties"]
