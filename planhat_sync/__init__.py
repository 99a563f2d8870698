"""A library that reads Planhat and writes to it exactly; it knows neither Singer nor Airbyte.

`Planhat` is for Python programs. It is loaded when it is first asked for, since a plugin that
starts needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planhat_sync.distribution import DISTRIBUTION
    from planhat_sync.errors import (
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        GaveUpError,
        Interrupted,
        InvalidIdentifierError,
        NotPermittedError,
        PlanhatError,
        ProtocolError,
        RequestError,
        StopError,
        UnknownOutcomeError,
        UnreachableError,
    )
    from planhat_sync.planhat import Planhat
    from planhat_sync.reading.records import Reading
    from planhat_sync.writing.results.rejects import TooManyRejectsError
    from planhat_sync.writing.results.result import RejectedRow, Result, WriteInterrupted
    from planhat_sync.writing.rights import Rights
    from planhat_sync.writing.row_options import DeleteOptions, WriteOptions

__all__ = [
    "DISTRIBUTION",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "DeleteOptions",
    "GaveUpError",
    "Interrupted",
    "InvalidIdentifierError",
    "NotPermittedError",
    "Planhat",
    "PlanhatError",
    "ProtocolError",
    "Reading",
    "RejectedRow",
    "RequestError",
    "Result",
    "Rights",
    "StopError",
    "TooManyRejectsError",
    "UnknownOutcomeError",
    "UnreachableError",
    "WriteInterrupted",
    "WriteOptions",
]

_MODULES = {
    "DISTRIBUTION": "distribution",
    "Planhat": "planhat",
    "Reading": "reading.records",
    "TooManyRejectsError": "writing.results.rejects",
    "RejectedRow": "writing.results.result",
    "Result": "writing.results.result",
    "WriteInterrupted": "writing.results.result",
    "Rights": "writing.rights",
    "DeleteOptions": "writing.row_options",
    "WriteOptions": "writing.row_options",
}
"""Where the names are that are not errors of `planhat_sync.errors`."""


def __dir__() -> list[str]:
    """Return the names that may be asked for, whether they are loaded or not."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as different as the names
    """Load what is asked for, when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
