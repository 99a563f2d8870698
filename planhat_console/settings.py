"""What is wrong with a plugin's settings, said so that a person can put it right.

Owns the sentences, not the settings: each plugin has its own JSON Schema. A sentence names the
setting and what it takes, and never shows a value, which may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jsonschema

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUTHS = {"true", "1", "yes", "on"}
FALSEHOODS = {"false", "0", "no", "off", ""}

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


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
        f"{name} is not a setting{_meant(name, known)}" for name in config if name not in known
    ]
    open_schema = {**_mended(schema), "additionalProperties": True}
    validator = jsonschema.Draft202012Validator(open_schema)
    for error in validator.iter_errors(dict(config)):
        found += _sentences(error)
    if config.get("flattening_enabled") and config.get("flattening_max_depth") is None:
        found.append("flattening_max_depth is not set: flattening_enabled needs it")
    return list(dict.fromkeys(found))


def environment_complaints(
    schema: Mapping[str, Any], prefix: str, environment: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Check the variables of the environment that hold settings.

    Args:
        schema: The plugin's settings.
        prefix: What their names begin with, such as ``TARGET_PLANHAT_``.
        environment: The variables.

    Returns:
        Faults; and warnings about variables that no setting belongs to but one might.
    """
    known = {prefix + name.upper(): setting for name, setting in schema["properties"].items()}
    faults = [
        f"{name} must be {wanted}"
        for name, setting in known.items()
        if name in environment and (wanted := _unreadable(setting, environment[name]))
    ]
    strays = [
        f"{name} is not a setting{meant}"
        for name in environment
        if name.startswith(prefix)
        and name not in known
        and not name.endswith("LOGLEVEL")  # the SDK's
        and (meant := _meant(name, known))
    ]
    return faults, strays


def _unreadable(setting: Mapping[str, Any], text: str) -> str:
    """Say what a variable should hold instead, empty if it can be read."""
    types = setting.get("type", "string")
    kinds = {types} if isinstance(types, str) else set(types)
    if "integer" in kinds:
        try:
            int(text)
        except ValueError:
            return "a whole number"
    if "boolean" in kinds and text.lower() not in TRUTHS | FALSEHOODS:
        return "true or false"
    if "object" in kinds or ("array" in kinds and text.lstrip()[:1] in ("[", "{")):
        # The SDK takes a list of texts also without brackets, with commas in between.
        try:
            right = isinstance(json.loads(text), dict if "object" in kinds else list)
        except ValueError:
            right = False
        return "" if right else "a JSON object" if "object" in kinds else "a JSON list"
    return ""


def _meant(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""


def _sentences(error: jsonschema.ValidationError) -> Iterator[str]:
    """Say what one setting must be; the words of jsonschema would show its value."""
    name = str(error.absolute_path[0]) if error.absolute_path else ""
    inside = " (inside it)" if len(error.absolute_path) > 1 else ""
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
    types = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    names = [kind for kind in types if isinstance(kind, str)]  # of other rules, schemas come too
    return " or ".join(_TYPES.get(name, name) for name in names if name != "null")
