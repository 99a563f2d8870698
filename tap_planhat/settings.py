"""The settings of the tap: those of reading, and those that the SDK adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.helpers._batch import BatchConfig

from planhat_sync.api.connection import CONNECTION_SETTINGS
from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.settings import READ_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

_BATCHES = (
    'batch_config cannot be used: it takes "encoding" with a "format" and a "compression", '
    '"storage" with a "root" such as file:///tmp/batches and perhaps a "prefix", and perhaps '
    '"batch_size", a whole number from 1 on'
)


def config_schema() -> dict[str, Any]:
    """Give the JSON Schema of the configuration, to which the SDK adds its own settings."""
    return {
        "type": "object",
        "properties": {**CONNECTION_SETTINGS, **READ_SETTINGS},
        "required": ["api_token"],
        "additionalProperties": False,
    }


def check_batches(config: Mapping[str, Any]) -> None:
    """Check the SDK's setting `batch_config`, of which its schema says little.

    Args:
        config: The settings by name, each of the type that its schema says.

    Raises:
        ConfigurationError: The SDK could not write batches with it.
    """
    given = config.get("batch_config")
    if given is None:
        return
    try:
        batches = BatchConfig.from_dict(given)
        size = batches.batch_size
        is_right = isinstance(size, int) and size > 0 and bool(batches.storage.get_url("a"))
    except Exception as error:  # what an address needs is another library's affair
        raise ConfigurationError(f"{_BATCHES} ({type(error).__name__})") from error
    if not is_right:
        raise ConfigurationError(_BATCHES)
