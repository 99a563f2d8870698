"""The settings of the source and the destination: those of the library, in Airbyte's form.

They are checked by the library's definitions. What is shown to Airbyte is plainer: its forms know
neither references nor alternatives without a name, and it adds names of its own to a configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.api.connection import CONNECTION_SETTINGS
from planhat_sync.reading.settings import READ_SETTINGS
from planhat_sync.writing.mapping_setting import MAPPING
from planhat_sync.writing.mirror_settings import MIRROR_SETTINGS
from planhat_sync.writing.settings import WRITE_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION: Final = "https://docs.planhat.com"
"""Where the API, its token and its addresses are described; this project has no published site."""

DESTINATION_SYNC_MODES: Final = ("append", "append_dedup")
"""How records are written: both create what is new and update what is known, since a record that
were only appended would be there twice after a second try."""

_NOT_OFFERED: Final = frozenset({*MIRROR_SETTINGS, "progress"})


def _schema(*settings: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: each for some in settings for name, each in some.items()}
    offered = {name: each for name, each in found.items() if name not in _NOT_OFFERED}
    return {"type": "object", "required": ["api_token"], "properties": offered}


SOURCE_SCHEMA: Final = _schema(CONNECTION_SETTINGS, READ_SETTINGS)
"""JSON Schema by which the settings of the source are checked."""

DESTINATION_SCHEMA: Final = _schema(CONNECTION_SETTINGS, WRITE_SETTINGS)
"""JSON Schema by which the settings of the destination are checked. The mirror is not offered,
since nothing in Airbyte's messages proves that all records of the source have come."""

_SHOWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "start_date": {
        "description": (
            "Read only what has changed since then, or since the last state if that is later. "
            "Streams that are not read incrementally are always read in full."
        ),
        "pattern": r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$",
        "examples": ["2026-01-31T00:00:00Z"],
    },
    "detect_deletes": {
        "description": (
            "Emit a record with _id and _ab_cdc_deleted_at for each record that has been deleted "
            "in Planhat. Needs the state, and all records: neither company_ids nor start_date."
        )
    },
    "full_read_days": {
        "description": (
            "How often a stream is read in full that is incremental only because its cursor was "
            "chosen; 0 for every run."
        )
    },
    "mappings": {
        "items": {
            "type": "object",
            "required": MAPPING["required"],
            "properties": {
                **MAPPING["properties"],
                "set": {
                    "type": "object",
                    "additionalProperties": True,
                    "description": MAPPING["properties"]["set"]["description"],
                },
            },
        }
    },
    "dry_run": {"description": "Read and compare, but write nothing and return no state."},
    "deletes": {
        "description": (
            "What to do with a record whose _ab_cdc_deleted_at is a date-time: nothing, archive it "
            "(where the model has archived), or delete it."
        )
    },
    "rejects_path": {
        "description": (
            "File to which rejected records are appended, as Airbyte messages that "
            "destination-planhat write can read; required with on_reject: continue."
        )
    },
    "match_on": {
        "description": (
            "Keyables that identify a record, in order of preference, such as [sourceId]; by "
            "default the primary key of the stream if it is made of keyables, or else each model's "
            "own order (_id, sourceId, externalId). Keyables that a model does not have are "
            "ignored."
        )
    },
    "flattening_separator": {
        "type": "string",
        "description": (
            "Separator between custom and the label in the columns of custom fields: with _, "
            "custom_Region holds the custom field Region. Columns with __ are always recognized."
        ),
    },
}
"""What is shown in place of the library's definitions."""


def specification(schema: Mapping[str, Any], *, writes: bool) -> dict[str, Any]:
    """Return what a connector answers to `spec`.

    Args:
        schema: The settings as they are checked.
        writes: Whether it is a destination.
    """
    properties: dict[str, dict[str, Any]] = {}
    for order, (name, setting) in enumerate(schema["properties"].items()):
        properties[name] = {**setting, **_SHOWN.get(name, {}), "order": order}
        if properties[name].pop("secret", False):
            properties[name]["airbyte_secret"] = True
    found = {
        "documentationUrl": DOCUMENTATION,
        "connectionSpecification": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Planhat",
            "type": "object",
            "required": schema["required"],
            "additionalProperties": True,
            "properties": properties,
        },
        "supportsIncremental": True,
    }
    if writes:
        found["supported_destination_sync_modes"] = DESTINATION_SYNC_MODES
    return found
