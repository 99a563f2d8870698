"""The setting `mappings`: its JSON Schema, which is the closed vocabulary of a mapping."""

from __future__ import annotations

from typing import Any, Final

EXPRESSION: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
"""A JMESPath expression; whether it parses is checked when it is compiled."""


def _form(word: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {word: EXPRESSION, **properties},
        "required": [word],
        "additionalProperties": False,
    }


FORMS: Final[dict[str, dict[str, Any]]] = {
    "from": {
        **_form("from", map={"type": "object", "minProperties": 1}, **{"else": {}}),
        "dependentRequired": {"else": ["map"]},
    },
    "value": _form("value", value={}),
    "text": _form("text"),
    "externalId": _form("externalId"),
    "sourceId": _form("sourceId"),
}
"""The objects that an entry may be, by the word that each of them needs."""

_ITEM: Final[dict[str, Any]] = {"oneOf": [EXPRESSION, *FORMS.values()]}
ENTRY: Final[dict[str, Any]] = {
    "oneOf": [*_ITEM["oneOf"], {"type": "array", "minItems": 1, "items": _ITEM}]
}
"""What one property or custom field is made of."""

MAPPING: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["stream", "model", "set"],
    "additionalProperties": False,
    "properties": {
        "stream": {
            "type": "string",
            "minLength": 1,
            "description": "Name of the stream, or a glob such as *_issues.",
        },
        "model": {"type": "string", "description": "Planhat's model, such as issues."},
        "when": {
            **EXPRESSION,
            "description": "Records for which this is false or null are skipped.",
        },
        "nulls": {
            "type": "string",
            "enum": ["send", "omit"],
            "description": "Whether nulls of the source are sent or left out.",
        },
        "set": {
            "type": "object",
            "minProperties": 1,
            "properties": {
                "custom": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": ENTRY,
                    "description": "An entry for each custom field, by its label.",
                }
            },
            "additionalProperties": ENTRY,
            "description": "An entry for each property of the model.",
        },
    },
}
"""One mapping: a stream of the source becomes a model of Planhat."""

MAPPINGS_SETTING: Final[dict[str, Any]] = {
    "type": "array",
    "items": MAPPING,
    "title": "Mappings",
    "description": (
        "What the records of other sources become in Planhat: a list with one mapping for each "
        "stream. Other streams are then not written."
    ),
}
