"""A dry run that was asked for in the environment, which is not read.

Without `--config ENV` no setting is read from the environment, and Meltano passes on only those
that a definition declares. In both cases a run that was meant to write nothing would write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "TARGET_PLANHAT_DRY_RUN"
_NO: Final = {"", "false", "0", "no", "off", "null"}


def check_dry_run(config: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Check that a run which writes was not meant to be a dry one.

    Args:
        config: The settings of the run.
        environment: The variables of the environment.

    Raises:
        ConfigurationError: The variable asks for a dry run, and the run would write.
    """
    if not config.get("dry_run") and environment.get(VARIABLE, "").strip().lower() not in _NO:
        raise ConfigurationError(
            f"{VARIABLE} is set, but this run would write: give --config=ENV too, "
            "declare dry_run in Meltano's definition of the target, or unset the variable"
        )
