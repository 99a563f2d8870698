"""What is wrong with settings, in sentences that say how to correct them.

Owns the sentences, not the settings: each program has its own JSON Schema. A sentence names the
setting and what it takes, and never shows a value, which may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jsonschema

from planhat_sync.runtime.setting_values import OPAQUE, without_unset

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def checked_settings(
    schema: Mapping[str, Any], given: Mapping[str, Any], *, where: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """Return settings with their defaults, and what is wrong with them.

    Args:
        schema: The settings as a JSON Schema.
        given: The settings by name; what is empty or null is not set.
        where: Where to put a required setting that is not set; ends the sentence about it.

    Returns:
        The settings, with the defaults of those that are not set; and a sentence for each error.
    """
    config = without_unset(schema, given)
    settings = schema["properties"].items()
    defaults = {name: setting["default"] for name, setting in settings if "default" in setting}
    return {**defaults, **config}, config_errors(schema, config, where=where)


def config_errors(
    schema: Mapping[str, Any], config: Mapping[str, Any], *, where: str = ""
) -> list[str]:
    """Check settings against their schema.

    Args:
        schema: The settings as a JSON Schema. Names that it does not have are errors.
        config: The settings by name.
        where: Where to put a required setting that is not set; ends the sentence about it.

    Returns:
        One sentence for each error.
    """
    known = schema["properties"]
    found = [
        f"{name or 'a name that is empty'} is not a setting{did_you_mean(name, known)}"
        for name in config
        if name not in known
    ]
    validator = jsonschema.Draft202012Validator({**schema, "additionalProperties": True})
    for error in validator.iter_errors(dict(config)):
        path = list(error.absolute_path)
        if len(path) <= 1 or path[0] not in OPAQUE:
            found += _sentences(error, where)
    return list(dict.fromkeys(found))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a question about the name that somebody may have meant, empty if none is close.

    Args:
        name: What was given.
        known: The names that there are.
    """
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""


def _sentences(error: jsonschema.ValidationError, where: str) -> Iterator[str]:
    """Return what one setting must be; the sentence of jsonschema would show its value."""
    path = list(error.absolute_path)
    name = ".".join(part for part in path if isinstance(part, str))
    inside = " (inside it)" if path and not isinstance(path[-1], str) else ""
    rule = str(error.validator)
    limit: Any = error.validator_value
    given: Any = error.instance
    setting: Any = error.schema
    if rule == "required":
        yield from (f"{missing} is not set{where}" for missing in limit if missing not in given)
        return
    words = {
        "type": f"must be {type_words(limit)}",
        "oneOf": f"must be {type_words(limit)}",
        "enum": f"must be one of {', '.join(map(str, limit)) if rule == 'enum' else ''}",
        "minimum": f"must be {_range_words(setting)}",
        "maximum": f"must be {_range_words(setting)}",
        "minItems": f"must have at least {limit}",
        "minLength": "must not be empty",
        "uniqueItems": "must not hold anything twice",
    }
    yield f"{name} {words.get(rule, 'is not valid')}{inside}"


def _range_words(setting: Mapping[str, Any]) -> str:
    least, most = setting.get("minimum"), setting.get("maximum")
    return f"at least {least}" if most is None else f"between {least} and {most}"


def type_words(value: object) -> str:
    """Name the types of a rule: those of its alternatives, where it has schemas."""
    names: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        types = one.get("type", []) if isinstance(one, Mapping) else one
        names += [types] if isinstance(types, str) else types if isinstance(types, list) else []
    return " or ".join(_TYPES.get(name, name) for name in names if name != "null")
