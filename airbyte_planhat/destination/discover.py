"""The objects into which records can be written: one for each model that is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airbyte_planhat.record_schema import record_schema
from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.custom_fields import CUSTOM, read_custom_fields, typed_models
from planhat_sync.models import load_models
from planhat_sync.system import SYSTEM
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.model import Model
    from planhat_sync.runtime.signals import Stop


def discover(config: Mapping[str, Any], stop: Stop) -> tuple[str, dict[str, Any]]:
    """Return the objects; Planhat is asked for its custom fields alone, and only if it is to be.

    Args:
        config: The settings.
        stop: Whether to stop.

    Raises:
        PlanhatError: The custom fields cannot be read.
    """
    models = load_models()
    if config["check_custom_fields"]:
        connection = Connection.from_config(config)
        client = PlanhatClient(SYSTEM.transport(connection, width=1, stop=stop.event))
        models = typed_models(models, read_custom_fields(client, models))
    operations = [_operation(model) for model in models.values() if model.is_written]
    return "DESTINATION_CATALOG", {"operations": operations}


def _operation(model: Model) -> dict[str, Any]:
    """Return an object; each custom field is also a column, since columns are what Airbyte maps."""
    unwritten = {*model.read_only, *model.constants}
    properties = {name: each for name, each in model.properties.items() if name not in unwritten}
    fields = properties.get(CUSTOM, {}).get("properties", {})
    columns = {f"{CUSTOM}{SEPARATOR}{label}": each for label, each in fields.items()}
    return {
        "object_name": model.name,
        "sync_mode": "append_dedup",
        "json_schema": record_schema({**properties, **columns}),
        "matching_keys": [[name] for name in model.keyables],
    }
