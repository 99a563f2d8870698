"""The settings of a connector, as the platform gives them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import add_secret
from planhat_sync.runtime.config_errors import checked_settings, did_you_mean
from planhat_sync.runtime.config_files import parse_json_object, read_file
from planhat_sync.runtime.redacted_output import SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)


def read_config(path: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with their defaults; names that are not settings are left out.

    Airbyte adds names of its own to what its user has set.

    Args:
        path: The file given as `--config`.
        schema: JSON Schema of the settings.

    Raises:
        ConfigurationError: It cannot be read, or a setting is missing or wrong.
    """
    given = parse_json_object(read_file("--config", path), "the file given as --config")
    add_secret(str(given.get(SECRET) or ""))
    known = schema["properties"]
    for name in (name for name in given if name not in known):
        logger.warning("config: %s is not a setting%s", name, did_you_mean(name, known))
    config, errors = checked_settings(
        schema,
        {name: value for name, value in given.items() if name in known},
        where=": put it into the file given as --config",
    )
    if errors:
        raise ConfigurationError(f"the configuration is wrong: {'; '.join(errors)}")
    return config
