"""The settings of target-planhat: those of the library, and what only a Singer target has."""

from __future__ import annotations

from typing import Any, Final

from planhat_sync.api.connection import CONNECTION_SETTINGS
from planhat_sync.writing.settings import WRITE_SETTINGS

CONFIG_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["api_token"],
    "properties": {
        **CONNECTION_SETTINGS,
        **WRITE_SETTINGS,
        "source_is_complete": {
            "type": "boolean",
            "default": False,
            "title": "Source is complete",
            "description": (
                "With on_missing: say that the input holds all records of the source. Only for a "
                "file (--input or <), because a pipe does not show whether the tap has failed."
            ),
        },
        "flattening_enabled": {
            "type": ["boolean", "null"],
            "title": "Flattening enabled",
            "description": (
                "Accepted and ignored, so that a configuration can be shared with other targets: "
                "Planhat stores nested values, so nothing is flattened."
            ),
        },
        "flattening_max_depth": {
            "type": ["integer", "null"],
            "title": "Flattening depth",
            "description": "Accepted and ignored; see flattening_enabled.",
        },
        "flattening_max_key_length": {
            "type": ["integer", "null"],
            "title": "Flattening key length",
            "description": "Accepted and ignored; see flattening_enabled.",
        },
    },
}
"""JSON Schema of the settings; the SDK adds those of stream maps."""
