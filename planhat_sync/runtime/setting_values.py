"""The values of settings: an empty or null value means that a setting is not set.

Shells, Compose files and orchestrators cannot omit a variable, only leave it empty, and some write
null where nobody filled in a value (docker/compose#3768, meltano/sdk#1896). Owns this one rule, for
configuration files and for the environment; `config_errors` checks the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

OPAQUE = {"stream_maps", "stream_map_config", "mappings"}
"""Settings in which nulls and blanks have a meaning: in stream maps null removes a property or a
stream, and a mapping may send it. They are checked by what reads them."""

MAY_BE_EMPTY = {"missing_scope"}
"""Settings whose empty object is a value."""

_TOO_LARGE = 2**63


def without_unset(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are set.

    Null, blank strings, empty lists and empty objects are not set, `MAY_BE_EMPTY` excepted. Empty
    items of lists are removed, and blanks around their strings. Names that are not settings stay:
    they are errors.

    Args:
        schema: The plugin's settings as a JSON Schema.
        given: The settings by name.

    Returns:
        A new dictionary. Applied to it, this function changes nothing.
    """
    settings: Mapping[str, Any] = schema.get("properties", {})
    found = {}
    for name, value in given.items():
        normal = _normalized(name, settings[name], value) if name in settings else value
        if normal is not None or name not in settings:
            found[name] = normal
    return found


def _normalized(name: str, setting: Mapping[str, Any], value: object) -> object:
    """Return the value of a setting, None if it is not set."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, (list, tuple)):
        items = (one.strip() if isinstance(one, str) else one for one in value)
        return [one for one in items if one not in (None, "")] or None
    if isinstance(value, Mapping):
        inner = value if name in OPAQUE else without_unset(setting, value)
        return dict(inner) if inner or name in MAY_BE_EMPTY else None
    if isinstance(value, (float, Decimal)) and "integer" in types_of(setting):
        # 500.0 is the same number as 500 in JSON Schema. 1e999999 would be a long one.
        is_whole = -_TOO_LARGE < value < _TOO_LARGE and value == int(value)
        return int(value) if is_whole else value
    return value


def types_of(setting: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that a setting takes, without null.

    Args:
        setting: Its JSON Schema; without a type it is text.
    """
    types = setting.get("type", "string")
    return {types} - {"null"} if isinstance(types, str) else set(types) - {"null"}
