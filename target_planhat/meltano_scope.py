"""The setting `missing_scope` as the user has written it for Meltano.

Meltano passes settings in a file. A nested value that is null there, or a variable of the
environment that does not exist, is missing from that file, so that the scope would be wider than
meant: `{custom: {Team: $TEAM}}` becomes `{}`, which means all records. Meltano also passes settings
in the environment, and there such a value is null (tried with Meltano 4.4.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "MELTANO_LOAD_MISSING_SCOPE"


def scope_in_meltano(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the scope with all its values; nothing if Meltano has not started the target.

    Args:
        environment: The variables of the environment.
    """
    try:
        scope = json.loads(environment.get(VARIABLE, "{}"))
    except ValueError:
        return {}
    return scope if isinstance(scope, dict) else {}
