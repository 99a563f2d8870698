"""Finds out whether the settings let the source read something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sync.errors import NotPermittedError
from planhat_sync.models import load_models
from planhat_sync.reading.run import ReadRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.runtime.signals import Stop


def check(config: Mapping[str, Any], stop: Stop) -> None:
    """Read one record of the first model that the token may read; which are needed is not known.

    Args:
        config: The settings.
        stop: Whether to stop.

    Raises:
        PlanhatError: The settings are wrong, Planhat cannot be reached, or refuses to be read.
    """
    client = ReadRun(config, stop=stop.event).connect()
    models = [model for model in load_models().values() if model.is_read]
    for model in sorted(models, key=lambda each: not each.selected_by_default):
        try:
            client.list_page(model, limit=1, offset=0, select=("_id",), decode=bytes)
        except NotPermittedError:
            continue
        return
    raise NotPermittedError(
        "api_token has no permission to read any model: grant it to its private app in Planhat"
    )
