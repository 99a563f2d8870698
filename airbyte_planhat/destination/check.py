"""Finds out whether the settings let the destination write something."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airbyte_planhat.destination.maps import record_maps
from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.errors import NotPermittedError
from planhat_sync.models import load_models
from planhat_sync.system import SYSTEM
from planhat_sync.writing.results.output_files import check_output_files
from planhat_sync.writing.rights import models_to_check, refused_models
from planhat_sync.writing.settings import WriteSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.runtime.signals import Stop

logger = logging.getLogger("destination-planhat")


def check(config: Mapping[str, Any], stop: Stop) -> None:
    """Try what writes nothing, with the models of the mappings or, without any, the usual ones.

    Which streams come is not known yet. So without mappings it is enough that one can be written.

    Args:
        config: The settings.
        stop: Whether to stop.

    Raises:
        PlanhatError: The settings are wrong, Planhat cannot be reached, or refuses to be written.
    """
    models = load_models()
    settings = WriteSettings.from_config(config, models)
    check_output_files(
        SYSTEM.files, rejects_path=settings.rejects_path, summary_path=settings.summary_path
    )
    record_maps(settings, models)
    transport = SYSTEM.transport(Connection.from_config(config), width=1, stop=stop.event)
    mapped = {each["model"] for each in settings.mappings}
    tried = [each for each in models.values() if each.name in mapped]
    tried = tried or models_to_check(models, ())
    refused = refused_models(PlanhatClient(transport), tried, logger.info)
    if refused and (mapped or len(refused) == len(tried)):
        raise NotPermittedError(
            f"api_token has no permission for {', '.join(refused)}: grant it to its private app in "
            "Planhat"
        )
