"""Errors of other libraries, as one sentence of bounded length."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from planhat_sync.errors import ConfigurationError, PlanhatError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TEXT = 300


def describe_error(error: BaseException) -> str:
    """Return the type of an error and what it says, in one line.

    Args:
        error: What another library, or Python, raised.
    """
    text = " ".join(str(error).split())[:LONGEST_TEXT]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextlib.contextmanager
def as_configuration_error(sentence: str) -> Iterator[None]:
    """Turn every foreign error into a configuration error.

    Args:
        sentence: What is wrong with the setting; the error is added in brackets.

    Raises:
        ConfigurationError: Something was raised.
    """
    try:
        yield
    except PlanhatError:
        raise
    except Exception as error:
        raise ConfigurationError(f"{sentence} ({describe_error(error)})") from error
