"""The setting `mappings`: its JSON Schema, which is the closed vocabulary of a mapping."""

from __future__ import annotations

from typing import Any, Final

EXPRESSION: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
"""A JMESPath expression; whether it parses is checked when it is compiled."""

FORMS: Final[dict[str, dict[str, Any]]] = {
    "from": {
        "from": EXPRESSION,
        "map": {"type": "object", "minProperties": 1},
        "else": {},
    },
    "value": {"value": {}},
    "text": {"text": EXPRESSION},
    "externalId": {"externalId": EXPRESSION},
    "sourceId": {"sourceId": EXPRESSION},
}
"""The objects that an entry may be, by the word that each of them needs."""

_ONE_ENTRY: Final[list[dict[str, Any]]] = [
    EXPRESSION,
    *(
        {
            "type": "object",
            "properties": words,
            "required": [word],
            "additionalProperties": False,
            "dependentRequired": {"else": ["map"]} if "else" in words else {},
        }
        for word, words in FORMS.items()
    ),
]
ENTRY: Final[dict[str, Any]] = {
    "oneOf": [
        *_ONE_ENTRY,
        {"type": "array", "minItems": 1, "items": {"oneOf": _ONE_ENTRY}},
    ]
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
