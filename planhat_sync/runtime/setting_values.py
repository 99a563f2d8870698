"""Settings as they are meant: an empty or null value is a setting that is not set.

Shells, Compose files and orchestrators cannot leave a variable out, only empty, and some write
null for what nobody filled in (docker/compose#3768, meltano/sdk#1896). Owns this one rule, for
configuration files and for the environment; whether a value is right is `settings`'s affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

OPAQUE = {"stream_maps", "stream_map_config"}
"""Settings whose inner nulls and blanks say something: `null` removes a property or a stream."""

_TOO_LARGE = 2**63


def set_values(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are set.

    Left out are null, blank text, empty lists and empty objects. Lists lose their empty items, and
    their texts lose the blanks around them. Names that are no setting stay, to be complained about.

    Args:
        schema: The plugin's settings as a JSON Schema.
        given: The settings by name.

    Returns:
        A new dictionary; what is applied to it twice, changes nothing the second time.
    """
    settings: Mapping[str, Any] = schema.get("properties", {})
    found = {}
    for name, value in given.items():
        meant = _meant(name, settings[name], value) if name in settings else value
        if meant is not None or name not in settings:
            found[name] = meant
    return found


def with_defaults(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the defaults of those that are not set.

    Args:
        schema: The plugin's settings as a JSON Schema.
        given: The settings that are set.
    """
    settings = schema["properties"].items()
    return {
        **{name: setting["default"] for name, setting in settings if "default" in setting},
        **given,
    }


def _meant(name: str, setting: Mapping[str, Any], value: object) -> object:
    """Return a value as it is meant, None if it is not set."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, (list, tuple)):
        items = (one.strip() if isinstance(one, str) else one for one in value)
        return [one for one in items if one not in (None, "")] or None
    if isinstance(value, Mapping):
        inner = value if name in OPAQUE else set_values(setting, value)
        return dict(inner) or None
    if isinstance(value, (float, Decimal)) and "integer" in kinds_of(setting):
        return _whole(value)
    return value


def _whole(value: float | Decimal) -> object:
    """Return 500.0 as 500, which JSON Schema takes for the same, and others as they are."""
    if not -_TOO_LARGE < value < _TOO_LARGE:  # nor NaN; 1e999999 would be a long number
        return value
    return int(value) if value == int(value) else value


def kinds_of(setting: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that a setting takes, without null.

    Args:
        setting: Its JSON Schema; without a type it is text.
    """
    types = setting.get("type", "string")
    return {types} - {"null"} if isinstance(types, str) else set(types) - {"null"}
