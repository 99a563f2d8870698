"""What is wrong with the settings that the SDK adds, and where a setting is put."""

from __future__ import annotations

import pytest

from planhat_singer.config_errors import checked_settings

SCHEMA = {
    "type": "object",
    "required": ["api_token"],
    "properties": {
        "api_token": {"type": "string", "minLength": 1},
        # As the SDK writes it: the name of a type in the place of a schema.
        "either": {"anyOf": [{"const": "x"}, {"type": "object"}, "null"]},
        "stream_maps": {"type": "object"},
    },
}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {},
            (
                "api_token is not set: put it into the file given as --config, or into the "
                "environment and give --config=ENV"
            ),
        ),
        ({"api_token": "t", "either": 5}, "either is not valid"),
        (
            {"api_token": "t", "stream_maps": {"issues": 5}},
            'stream_maps: issues must be an object, or "__NULL__", which leaves it out',
        ),
        (
            {"api_token": "t", "stream_maps": {"issues": {"title": " 1"}}},
            "stream_maps: title of issues, 1, is not an expression: unexpected indent",
        ),
        (
            {"api_token": "t", "stream_maps": {"issues": {"title": f" {'-' * 100_000}1"}}},
            f"stream_maps: title of issues, {'-' * 200}…, is not an expression: unexpected indent",
        ),
    ],
)
def test_a_wrong_setting_gets_one_sentence(config, says):
    assert checked_settings(SCHEMA, config) == (config, [says])
