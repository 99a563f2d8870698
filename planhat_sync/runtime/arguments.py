"""Checks of arguments that name things: properties, keyables, models.

Owns the sentences; a misspelt name is answered with the one that was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection


def names_of(given: Iterable[str], argument: str) -> list[str]:
    """Return names as a list.

    Args:
        given: The names. A text is an iterable too, of characters, and is never meant.
        argument: Name of the argument.

    Raises:
        ConfigurationError: It is a string or no iterable, or holds something other than strings.
    """
    is_list = isinstance(given, Iterable) and not isinstance(given, str)
    names = list(given) if is_list else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{argument} must be a list of strings")
    return names


def check_names(names: Iterable[str], known: Collection[str], missing: str) -> None:
    """Check that names are known.

    Args:
        names: The names.
        known: Those that there are.
        missing: The beginning of the sentence about one that is not known.

    Raises:
        ConfigurationError: One is not.
    """
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{missing} called {name}{did_you_mean(str(name), known)}")
