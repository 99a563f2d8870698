"""The streams that there are: one for each model that is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airbyte_planhat.record_schema import DELETED_AT, TIMESTAMP, record_schema
from planhat_sync.api.custom_fields import read_custom_fields, typed_models
from planhat_sync.models import load_models
from planhat_sync.reading.run import ReadRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.model import Model
    from planhat_sync.runtime.signals import Stop


def discover(config: Mapping[str, Any], stop: Stop) -> tuple[str, dict[str, Any]]:
    """Return the streams; Planhat is asked for its custom fields alone, and only if it is to be.

    Args:
        config: The settings.
        stop: Whether to stop.

    Raises:
        PlanhatError: The custom fields cannot be read.
    """
    models = load_models()
    if config["discover_custom_fields"]:
        client = ReadRun(config, stop=stop.event).connect()
        models = typed_models(models, read_custom_fields(client, models))
    more = {DELETED_AT: TIMESTAMP} if config["detect_deletes"] else {}
    streams = [_stream(model, more) for model in models.values() if model.is_read]
    return "CATALOG", {"streams": streams}


def _stream(model: Model, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream.

    A model that has only a possible replication key is read incrementally if the user chooses that
    key as the cursor, and thereby vouches for it. It is not the default, nor the source's choice.
    """
    key = model.replication_key
    is_incremental = bool(key or model.possible_replication_key)
    return {
        "name": model.name,
        "json_schema": record_schema({**model.properties, **more}),
        "supported_sync_modes": ["full_refresh", *(["incremental"] if is_incremental else [])],
        "source_defined_cursor": key is not None,
        "default_cursor_field": [key] if key else [],
        "source_defined_primary_key": [["_id"]],
        "is_resumable": is_incremental,
    }
