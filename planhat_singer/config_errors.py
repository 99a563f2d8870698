"""Checks the settings of a Singer plugin, those of the SDK included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planhat_singer.stream_maps import stream_map_errors
from planhat_sync.runtime import config_errors

_WHERE = ": put it into the file given as --config, or into the environment and give --config=ENV"


def checked_settings(
    schema: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return the settings with their defaults, and what is wrong with them.

    Args:
        schema: The plugin's settings as a JSON Schema.
        given: The settings by name; what is empty or null is not set.

    Returns:
        The settings, with the defaults of those that are not set; and a sentence for each error.
    """
    config, errors = config_errors.checked_settings(_corrected(schema), given, where=_WHERE)
    errors += stream_map_errors(config.get("stream_maps"))
    return config, errors


def _corrected(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the SDK's schema with schemas where it has the bare name of a type.

    jsonschema raises an error of Python's for those.
    """
    if isinstance(schema, list):
        return [_corrected(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    corrected = {name: _corrected(value) for name, value in schema.items()}
    if isinstance(either := corrected.get("anyOf"), list):
        corrected["anyOf"] = [{"type": one} if isinstance(one, str) else one for one in either]
    return corrected
