"""The settings of a connection, from files and from the environment; all others are ignored.

So the configuration of the tap or of the target can be used as it is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from planhat_sync.api.connection import CONNECTION_SETTINGS, Connection
from planhat_sync.runtime.config_files import read_config
from planhat_sync.runtime.environment import environment_settings, load_dotenv

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

SCHEMA = {"properties": CONNECTION_SETTINGS}
ENVIRONMENT = "ENV"

PREFIXES = ("PLANHAT_BELIEFS_", "TAP_PLANHAT_", "TARGET_PLANHAT_")
"""How the variables of this command, of the tap and of the target begin. The first prefix under
which there is a token counts, with all of its settings: a token must not go to another's address.
"""


def read_connection(
    given: Sequence[str], name: str, environment: MutableMapping[str, str]
) -> Connection:
    """Return the connection that the command line asks for.

    Args:
        given: What was given as ``--config``: paths of JSON files, and ENV.
        name: Name of the command.
        environment: The variables of this process; a ``.env`` file is added to them.

    Raises:
        ConfigurationError: A file cannot be read, or a setting is wrong or missing.
    """
    config = read_config(given, SCHEMA, name)
    if ENVIRONMENT in given:
        load_dotenv(environment)
        config = {**_from_environment(environment), **config}
    return Connection.from_config(config)


def _from_environment(environment: MutableMapping[str, str]) -> dict[str, object]:
    for prefix in PREFIXES:
        names = [f"{prefix}{setting.upper()}" for setting in CONNECTION_SETTINGS]
        if environment.get(f"{prefix}API_TOKEN", "").strip():
            ours = {variable: environment.get(variable, "") for variable in names}
            return environment_settings(SCHEMA, prefix, ours, logging.getLogger(__name__))
    return {}
