"""Errors about settings name the setting and what it takes, and never its value."""

from __future__ import annotations

import logging

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_errors import checked_settings, config_errors
from planhat_sync.runtime.environment import environment_settings

LOGGER = logging.getLogger("tests.config")
SCHEMA = {
    "type": "object",
    "required": ["api_token"],
    "properties": {
        "api_token": {"type": "string", "minLength": 1},
        "page_size": {"type": "integer", "minimum": 1, "maximum": 2000},
        "mode": {"type": "string", "enum": ["this", "that"]},
        "names": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "maps": {"type": "object"},
        "dry": {"type": ["boolean", "null"]},
        "either": {"anyOf": [{"const": "x"}, {"type": "object"}]},
    },
}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {},
            "api_token is not set: put it where it belongs",
        ),
        ({"api_token": 12}, "api_token must be text"),
        ({"api_token": ""}, "api_token must not be empty"),
        ({"api_token": "t", "page_size": 0}, "page_size must be between 1 and 2000"),
        ({"api_token": "t", "page_size": 2001}, "page_size must be between 1 and 2000"),
        ({"api_token": "t", "page_size": "9"}, "page_size must be a whole number"),
        ({"api_token": "t", "mode": "other"}, "mode must be one of this, that"),
        ({"api_token": "t", "names": "a,b"}, "names must be a list"),
        ({"api_token": "t", "names": [1]}, "names must be text (inside it)"),
        ({"api_token": "t", "either": 5}, "either is not valid"),
        ({"api_token": "t", "names": ["a", "a"]}, "names must not hold anything twice"),
        ({"api_token": "t", "maps": []}, "maps must be an object"),
        ({"api_token": "t", "dry": "no"}, "dry must be true or false"),
        ({"api_token": "t", "page_sise": 1}, "page_sise is not a setting; did you mean page_size?"),
        ({"api_token": "t", "colour": 1}, "colour is not a setting"),
    ],
)
def test_a_wrong_setting_gets_one_sentence(config, says):
    assert config_errors(SCHEMA, config, where=": put it where it belongs") == [says]


def test_right_settings_get_none():
    assert config_errors(SCHEMA, {"api_token": "t", "page_size": 5, "dry": None}) == []


def test_of_an_opaque_setting_only_its_type_is_checked():
    rules = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = {"properties": {"stream_maps": rules}}
    assert config_errors(schema, {"stream_maps": {"a": 5}}) == []
    assert config_errors(schema, {"stream_maps": 5}) == ["stream_maps must be an object"]


def test_settings_are_returned_with_their_defaults_beside_what_is_wrong_with_them():
    schema = {"properties": {"a": {"type": "integer", "default": 5}, "b": {"type": "string"}}}
    assert checked_settings(schema, {"a": None, "b": 1}) == ({"a": 5, "b": 1}, ["b must be text"])


def test_no_value_is_ever_shown():
    config = {"api_token": ["s3cret"], "mode": "s3cret", "page_size": "s3cret", "names": {"s3cret"}}
    assert "s3cret" not in " ".join(config_errors(SCHEMA, config))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TAP_PAGE_SIZE", "many", "TAP_PAGE_SIZE must be a whole number"),
        ("TAP_PAGE_SIZE", "1.5", "TAP_PAGE_SIZE must be a whole number"),
        ("TAP_DRY", "ture", "TAP_DRY must be true or false"),
        ("TAP_MAPS", "{", "TAP_MAPS must be a JSON object"),
        ("TAP_NAMES", '["a"', "TAP_NAMES must be a JSON list"),
    ],
)
def test_a_variable_that_would_be_misread_is_a_fault(name, value, says):
    with pytest.raises(ConfigurationError) as error:
        environment_settings(SCHEMA, "TAP_", {name: value}, LOGGER)
    assert str(error.value) == f"the environment is wrong: {says}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TAP_DRY", "No"),
        ("TAP_DRY", "1"),
        ("TAP_NAMES", "a,b"),
        ("TAP_NAMES", '["a"]'),
        ("TAP_MODE", "anything"),
        ("TAP_LOGLEVEL", "DEBUG"),
        ("TAP__EXTRA", "meltano's"),
        ("OTHER_PAGE_SIZE", "x"),
    ],
)
def test_a_variable_that_is_read_as_it_is_meant_is_none(caplog, name, value):
    environment_settings(SCHEMA, "TAP_", {name: value}, LOGGER)
    assert not caplog.messages


def test_a_variable_that_nearly_is_a_setting_is_reported(caplog):
    assert environment_settings(SCHEMA, "TAP_", {"TAP_PAGESIZE": "5"}, LOGGER) == {}
    assert caplog.messages == [
        "Environment: TAP_PAGESIZE is not a setting; did you mean TAP_PAGE_SIZE?"
    ]
