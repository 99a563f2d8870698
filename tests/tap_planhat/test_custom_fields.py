"""Custom fields in the catalog, when asked for."""

from __future__ import annotations

import json

import pytest

from planhat_sync.models import load_models

SEVERITY = {"name": "Severity", "type": "number", "parent": "Issue", "isHidden": False}


@pytest.fixture
def config(sandbox):
    tenant = sandbox.tenant("token-a")
    tenant.insert("customfields", SEVERITY)
    tenant.insert("customfields", {**SEVERITY, "name": "Region", "parent": "Company"})
    tenant.insert("issues", {"title": "a", "custom": {"Severity": 0.5, "Free text": "x"}})
    return {"api_token": "token-a", "api_url": sandbox.url, "discover_custom_fields": True}


def custom_of(schema) -> dict:
    return schema["properties"]["custom"]


def test_discovery_types_the_custom_fields_of_the_model(tap, config):
    run = tap("--discover", config=config)
    assert run.code == 0, run.stderr
    streams = {s["tap_stream_id"]: s for s in json.loads(run.stdout)["streams"]}
    custom = custom_of(streams["issues"]["schema"])
    assert custom["properties"].keys() == {"Severity"}
    assert custom["properties"]["Severity"]["type"] == ["number", "null"]
    assert custom["additionalProperties"] is True
    assert "properties" not in custom_of(streams["objectives"]["schema"])


def test_by_default_nothing_is_asked(tap, config, sandbox):
    run = tap("--discover", config={**config, "discover_custom_fields": False})
    assert run.code == 0, run.stderr
    assert sandbox.requests == []


def test_a_sync_sends_the_typed_schema_and_every_field(tap, config):
    run = tap(config=config)
    assert run.code == 0, run.stderr
    schemas = {m["stream"]: m["schema"] for m in run.messages if m["type"] == "SCHEMA"}
    assert custom_of(schemas["issues"])["properties"].keys() == {"Severity"}
    (record,) = [m["record"] for m in run.messages if m["type"] == "RECORD"]
    assert record["custom"] == {"Severity": 0.5, "Free text": "x"}


def test_a_custom_field_can_be_deselected(tap, config, tmp_path):
    catalog = json.loads(tap("--discover", config=config).stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == ["properties", "custom", "properties", "Severity"]:
                entry["metadata"]["selected"] = False
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(catalog))
    run = tap("--catalog", str(path), config=config)
    assert run.code == 0, run.stderr
    (record,) = [m["record"] for m in run.messages if m["type"] == "RECORD"]
    assert record["custom"] == {"Free text": "x"}


def test_a_token_that_may_not_read_them_is_reported_so(tap, config, sandbox):
    sandbox.fault("status", status=403, model="customfields")
    run = tap("--discover", config=config)
    assert run.code == 1
    assert "no permission for GET /customfields" in run.last_line
    assert "Traceback" not in run.stderr


def test_discovery_without_a_token_says_what_is_missing(tap, config):
    del config["api_token"]
    run = tap("--discover", config=config)
    assert run.code == 1
    assert "api_token" in run.last_line


def test_discovery_types_the_custom_fields_of_every_model_that_has_them(tap, sandbox):
    tenant, models = sandbox.tenant("token-a"), load_models()
    for model in models.values():
        tenant.insert("customfields", {**SEVERITY, "name": model.name, "parent": model.title})
    config = {"api_token": "token-a", "api_url": sandbox.url, "discover_custom_fields": True}
    run = tap("--discover", config=config)
    assert run.code == 0, run.stderr
    for stream in json.loads(run.stdout)["streams"]:
        name, properties = stream["tap_stream_id"], stream["schema"]["properties"]
        labels = set(properties.get("custom", {}).get("properties", ()))
        own = {"conversations", "notes"} if name == "conversations" else {name}
        assert labels == (own if "custom" in models[name].properties else set())
