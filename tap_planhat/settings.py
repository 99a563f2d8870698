"""The settings of tap-planhat: those of the library, and what only a Singer tap has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from singer_sdk.helpers._batch import BatchConfig

from planhat_sync.api.connection import CONNECTION_SETTINGS, Connection
from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.settings import READ_SETTINGS, ReadSettings
from planhat_sync.runtime.progress import PROGRESS_SETTING
from tap_planhat.deletions import check_deletions
from tap_planhat.selection import STREAMS_SETTING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["api_token"],
    "properties": {
        **CONNECTION_SETTINGS,
        "streams": STREAMS_SETTING,
        **READ_SETTINGS,
        "emit_activate_version_messages": {
            "type": "boolean",
            "default": False,
            "title": "Emit ACTIVATE_VERSION",
            "description": (
                "Tell the target, after the last record of a stream that is read in full, that the "
                "records of earlier runs are out of date, so that it can remove those that Planhat "
                "no longer has. A read that is cut short does not tell it."
            ),
        },
        "progress": PROGRESS_SETTING,
    },
}
"""JSON Schema of the settings; the SDK adds its own."""

_BATCHES = (
    'batch_config cannot be used: it takes "encoding" with a "format" and a "compression", '
    '"storage" with a "root" such as file:///tmp/batches and optionally a "prefix", and optionally '
    '"batch_size", a whole number of at least 1'
)


def check_settings(config: Mapping[str, Any]) -> None:
    """Check what the schema of the settings cannot express.

    Args:
        config: The settings by name. Each has been checked against its definition.

    Raises:
        ConfigurationError: The settings contradict each other.
    """
    Connection.from_config(config)
    ReadSettings.from_config(config)
    _check_flattening(config)
    _check_batch_config(config)
    check_deletions(config)


def _check_flattening(config: Mapping[str, Any]) -> None:
    """Raise a ConfigurationError if the SDK could not flatten with its settings."""
    if config.get("flattening_enabled") and config.get("flattening_max_depth") is None:
        raise ConfigurationError("flattening_max_depth is not set: flattening_enabled needs it")
    for name in ("flattening_max_depth", "flattening_max_key_length"):
        if (config.get(name) or 0) < 0:
            raise ConfigurationError(f"{name} must be at least 0")


def _check_batch_config(config: Mapping[str, Any]) -> None:
    """Raise a ConfigurationError if the SDK could not write batches with `batch_config`."""
    given = config.get("batch_config")
    if given is None:
        return
    try:
        batches = BatchConfig.from_dict(given)
        size = batches.batch_size
        is_valid = isinstance(size, int) and size > 0 and bool(batches.storage.get_url("a"))
    except Exception as error:  # another library parses the URL
        raise ConfigurationError(f"{_BATCHES} ({type(error).__name__})") from error
    if not is_valid:
        raise ConfigurationError(_BATCHES)
