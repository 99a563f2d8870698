"""What is wrong with a plugin's settings, said so that a person can put it right.

Owns the sentences, not the settings: each plugin has its own JSON Schema. A sentence names the
setting and what it takes, and never shows a value, which may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jsonschema

from planhat_singer.stream_maps import stream_map_complaints
from planhat_sync.runtime.setting_values import set_values, with_defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def settled(
    schema: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return the settings as they are meant, and what is wrong with them.

    Args:
        schema: The plugin's settings; other properties are refused.
        given: What was given; what is empty or null is not set.

    Returns:
        The settings, with the defaults of those that are not set; and a sentence for each fault.
    """
    config = set_values(schema, given)
    return with_defaults(schema, config), complaints(schema, config)


def complaints(schema: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Check settings against their schema.

    Args:
        schema: The plugin's settings; other properties are refused.
        config: What was given.

    Returns:
        One sentence for each fault, in no more words than needed; empty if there is none.
    """
    known = schema["properties"]
    found = [
        f"{name or 'a name that is empty'} is not a setting{_meant(name, known)}"
        for name in config
        if name not in known
    ]
    open_schema = {**_mended(schema), "additionalProperties": True}
    validator = jsonschema.Draft202012Validator(open_schema)
    for error in validator.iter_errors(dict(config)):
        if list(error.absolute_path)[:1] != ["stream_maps"] or len(error.absolute_path) == 1:
            found += _sentences(error)  # what is inside stream maps has sentences of its own
    found += stream_map_complaints(config.get("stream_maps"))
    return list(dict.fromkeys(found))


def _meant(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""


def _sentences(error: jsonschema.ValidationError) -> Iterator[str]:
    """Say what one setting must be; the words of jsonschema would show its value."""
    path = list(error.absolute_path)
    name = ".".join(part for part in path if isinstance(part, str))
    inside = " (inside it)" if path and not isinstance(path[-1], str) else ""
    rule, limit, given = str(error.validator), _plain(error.validator_value), _plain(error.instance)
    if rule == "required":
        yield from (
            f"{missing} is not set: put it into the file given as --config, or into the "
            "environment and give --config=ENV"
            for missing in limit
            if missing not in given
        )
        return
    words = {
        "type": f"must be {_type_words(limit)}",
        "oneOf": f"must be {_type_words(limit)}",
        "enum": f"must be one of {', '.join(map(str, limit)) if rule == 'enum' else ''}",
        "minimum": f"must be at least {limit}",
        "maximum": f"must be at most {limit}",
        "minItems": f"must hold at least {limit}",
        "minLength": "must not be empty",
        "uniqueItems": "must not name anything twice",
    }
    yield f"{name} {words.get(rule, 'is not what it should be')}{inside}"


def _mended(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Put a schema where the SDK has the name of a type alone, which jsonschema trips over."""
    if isinstance(schema, list):
        return [_mended(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    mended = {name: _mended(value) for name, value in schema.items()}
    if isinstance(either := mended.get("anyOf"), list):
        mended["anyOf"] = [{"type": one} if isinstance(one, str) else one for one in either]
    return mended


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Take a value of jsonschema's without its types."""
    return value


def _type_words(value: object) -> str:
    """Name the types of a rule: those of its alternatives, where it has schemas."""
    names: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        types = one.get("type", []) if isinstance(one, Mapping) else one
        names += [types] if isinstance(types, str) else types if isinstance(types, list) else []
    return " or ".join(_TYPES.get(name, name) for name in names if name != "null")
