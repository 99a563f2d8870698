"""What the connectors answer to `spec`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from airbyte_planhat.specification import DESTINATION_SCHEMA, SOURCE_SCHEMA, specification
from tap_planhat.settings import CONFIG_SCHEMA as TAP_SCHEMA
from target_planhat.settings import CONFIG_SCHEMA as TARGET_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = specification(SOURCE_SCHEMA, writes=False)
DESTINATION = specification(DESTINATION_SCHEMA, writes=True)
# The SDK adds its own to a plugin's schema when the plugin is made, which another test may do.
OF_THE_SDK = {
    *("stream_maps", "stream_map_config", "faker_config", "batch_config", "flattening_enabled"),
    *("flattening_max_depth", "flattening_max_key_length", "flattening_separator"),
}
NOT_IN_A_SOURCE = {*OF_THE_SDK, "streams", "emit_activate_version_messages", "progress"}
NOT_IN_A_DESTINATION = {
    *OF_THE_SDK - {"flattening_separator"},
    *("on_missing", "missing_scope", "max_missing_percent", "source_is_complete", "progress"),
}
both = pytest.mark.parametrize("spec", [SOURCE, DESTINATION], ids=["source", "destination"])


def form(spec) -> dict[str, Any]:
    return spec["connectionSpecification"]


def schemas_in(schema) -> Iterator[dict[str, Any]]:
    """A schema and all schemas inside it."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), schema.get("items", {})):
        yield from schemas_in(inner) if inner else ()


def test_the_settings_are_those_of_the_plugins():
    tap, target = TAP_SCHEMA["properties"], TARGET_SCHEMA["properties"]
    assert form(SOURCE)["properties"].keys() == tap.keys() - NOT_IN_A_SOURCE
    assert form(DESTINATION)["properties"].keys() == target.keys() - NOT_IN_A_DESTINATION


@both
def test_it_is_a_schema_of_draft_7_that_airbytes_forms_can_show(spec):
    Draft7Validator.check_schema(form(spec))
    assert form(spec)["required"] == ["api_token"]
    for schema in schemas_in(form(spec)):
        assert not {"$ref", "allOf", "anyOf", "oneOf", "not", "dependentRequired"} & schema.keys()
        assert schema.get("additionalProperties", True) is True
        assert schema is form(spec) or isinstance(schema["type"], str)


@both
def test_each_setting_has_a_title_a_description_and_a_place_of_its_own(spec):
    settings = form(spec)["properties"].values()
    assert [each["order"] for each in settings] == list(range(len(settings)))
    assert all(each["title"] and each["description"] for each in settings)
    assert len({each["title"] for each in settings}) == len(settings)


@both
def test_the_token_alone_is_a_secret(spec):
    secrets = [
        name for name, each in form(spec)["properties"].items() if each.get("airbyte_secret")
    ]
    assert secrets == ["api_token"]
    assert "secret" not in form(spec)["properties"]["api_token"]


@both
def test_no_description_speaks_of_singer(spec):
    for name, setting in form(spec)["properties"].items():
        for word in (
            "Singer",
            "_sdc_",
            "target-planhat",
            "the tap",
            "bar ",
            "--input",
            "replication key",
        ):
            assert word not in setting["description"], name


@both
def test_defaults_and_examples_are_valid(spec):
    for setting in form(spec)["properties"].values():
        valid = Draft7Validator(setting).is_valid
        assert valid(setting.get("default", setting.get("examples", [None])[0])) or not (
            {"default", "examples"} & setting.keys()
        )


@pytest.mark.parametrize(
    "date",
    ["2026-01-31", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.5Z", "2026-01-31T10:00:00+02:00"],
)
def test_a_start_date_may_have_each_form_that_is_read(date):
    assert Draft7Validator(form(SOURCE)["properties"]["start_date"]).is_valid(date)


def test_a_mapping_that_the_target_takes_fits_the_form():
    mapping = {
        "stream": "*_issues",
        "model": "issues",
        "when": "fields.open",
        "nulls": "omit",
        "set": {"title": "name", "custom": {"Region": {"value": 5}}},
    }
    valid = Draft7Validator(form(DESTINATION)["properties"]["mappings"]).is_valid
    assert valid([mapping])
    assert not valid([{"stream": "a", "model": "issues"}])


def test_only_a_destination_says_how_it_writes():
    assert DESTINATION["supported_destination_sync_modes"] == ("append", "append_dedup")
    assert "supported_destination_sync_modes" not in SOURCE
    assert SOURCE["supportsIncremental"] is True
