"""The JSON Schema of records, in the form that Airbyte reads.

https://docs.airbyte.com/platform/understanding-airbyte/supported-data-types describes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.model_file import public

if TYPE_CHECKING:
    from collections.abc import Mapping

DELETED_AT: Final = "_ab_cdc_deleted_at"
"""The property by whose value Airbyte knows the record of a deletion."""

TIMESTAMP: Final = {
    "type": ["string", "null"],
    "format": "date-time",
    "airbyte_type": "timestamp_with_timezone",
}


def record_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of records; other properties than these may be there too.

    Args:
        properties: JSON Schema of each property, as in a model's file.
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": True,
        "properties": {name: _with_types(public(each)) for name, each in properties.items()},
    }


def _with_types(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Return a schema in which date-times have the type that they have in Airbyte."""
    if not isinstance(schema, dict):
        return schema
    typed = {keyword: _with_types(value) for keyword, value in schema.items()}
    if typed.get("format") == "date-time":
        typed["airbyte_type"] = TIMESTAMP["airbyte_type"]
    return typed
