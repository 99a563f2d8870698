"""The settings of the source and the destination: those of the library, in Airbyte's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airbyte_planhat.messages import Specification
from planhat_sync.api.connection import CONNECTION_SETTINGS
from planhat_sync.reading.settings import READ_SETTINGS
from planhat_sync.writing.mirror_settings import MIRROR_SETTINGS
from planhat_sync.writing.settings import WRITE_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION: Final = "https://example.invalid"
"""Where the settings are described."""

DESTINATION_SYNC_MODES: Final = ("append", "append_dedup")

_NOT_WRITTEN: Final = frozenset({*MIRROR_SETTINGS, "progress"})


def _schema(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": ["api_token"], "properties": settings}


SOURCE_SCHEMA: Final = _schema({**CONNECTION_SETTINGS, **READ_SETTINGS})
"""JSON Schema by which the settings of the source are checked."""

DESTINATION_SCHEMA: Final = _schema(
    {
        **CONNECTION_SETTINGS,
        **{name: each for name, each in WRITE_SETTINGS.items() if name not in _NOT_WRITTEN},
    }
)
"""JSON Schema by which the settings of the destination are checked; it offers no mirror, since
Airbyte never says that a source is complete."""

_OWN: Final[dict[str, dict[str, Any]]] = {}


def specification(schema: Mapping[str, Any], *, writes: bool) -> Specification:
    """Return what a connector answers to `spec`.

    Args:
        schema: The settings as they are checked.
        writes: Whether it is a destination.
    """
    return Specification(
        connectionSpecification={
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Planhat",
            "type": "object",
            "required": schema["required"],
            "additionalProperties": True,  # Airbyte adds settings of its own
            "properties": {
                name: _property(name, order, definition)
                for order, (name, definition) in enumerate(schema["properties"].items())
            },
        },
        documentationUrl=DOCUMENTATION,
        supportsIncremental=True,
        supported_destination_sync_modes=list(DESTINATION_SYNC_MODES) if writes else None,
    )


def _property(name: str, order: int, definition: Mapping[str, Any]) -> dict[str, Any]:
    shown = {**definition, **_OWN.get(name, {}), "order": order}
    if shown.pop("secret", False):
        shown["airbyte_secret"] = True
    return shown
