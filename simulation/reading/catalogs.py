"""Catalogs: what to read of each stream, and how, as Singer and Airbyte write it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from planhat_sync.models import load_models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.model import Model


@cache
def models() -> Mapping[str, Model]:
    """Return the models by name."""
    return load_models()


def singer_catalog(
    selected: Mapping[str, Sequence[str]], methods: Mapping[str, str]
) -> dict[str, Any]:
    """Return a Singer catalog.

    Args:
        selected: The properties to read of each stream, with its key.
        methods: The replication method of each stream for which one is chosen.
    """
    streams = []
    for name, properties in selected.items():
        root: dict[str, Any] = {"selected": True}
        if name in methods:
            root["replication-method"] = methods[name]
        streams.append(
            {
                "tap_stream_id": name,
                "stream": name,
                "schema": {"type": "object", "properties": _schemas(name, properties)},
                "metadata": [{"breadcrumb": [], "metadata": root}],
            }
        )
    return {"streams": streams}


def airbyte_catalog(
    selected: Mapping[str, Sequence[str]], cursors: Mapping[str, str], mode: str = "incremental"
) -> dict[str, Any]:
    """Return a configured catalog.

    Args:
        selected: The properties to read of each stream, with its key.
        cursors: The property by which each stream is read for which one is chosen.
        mode: How streams are read, if they can be.
    """
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {"type": "object", "properties": _schemas(name, properties)},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                    "source_defined_primary_key": [["_id"]],
                },
                "sync_mode": mode,
                "cursor_field": [cursors[name]] if name in cursors else [],
                "destination_sync_mode": "append_dedup",
                "primary_key": [["_id"]],
            }
            for name, properties in selected.items()
        ]
    }


def _schemas(name: str, properties: Sequence[str]) -> dict[str, Any]:
    return {each: models()[name].properties[each] for each in properties}
