"""Messages about failures: what went wrong, and who can do something about it.

``config_error``: the user has to change something; the platform does not try again.
``transient_error``: the same run may succeed later. ``system_error``: anything else.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from airbyte_planhat.messages import FailureType, printable, trace, write
from planhat_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    GaveUpError,
    Interrupted,
    NotPermittedError,
    ProtocolError,
    RetryError,
    StopError,
    UnreachableError,
)
from planhat_sync.redaction import redact
from planhat_sync.runtime import stdout
from planhat_sync.runtime.exits import StoppedBySignal, sentence_of
from planhat_sync.runtime.stdin import InputError
from planhat_sync.runtime.stdout import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planhat_sync.runtime.clock import Clock
    from planhat_sync.runtime.stdout import Piece

_CONFIG: Final = (ConfigurationError, AuthenticationError, NotPermittedError)
_TRANSIENT: Final = (
    GaveUpError,
    Interrupted,
    KeyboardInterrupt,
    OutputError,
    RetryError,
    StoppedBySignal,
    UnreachableError,
)


def failure_type(error: BaseException | None) -> FailureType:
    """Return who can do something about an error.

    Args:
        error: The error; if nothing is known of it, its cause decides.
    """
    while error is not None:
        if isinstance(error, _CONFIG):
            return "config_error"
        if isinstance(error, _TRANSIENT):
            return "transient_error"
        if isinstance(error, InputError):  # the source's fault: no setting corrects what it writes
            return "system_error"
        if isinstance(error, StopError) and error.__cause__ is None and _tells_the_user(error):
            return "config_error"
        error = error.__cause__
    return "system_error"


def _tells_the_user(error: StopError) -> bool:
    """Return whether the sentence of an error says what its user has to do.

    That of a ProtocolError does so if Planhat refused a request, for instance with 404.
    """
    return (
        not isinstance(error, ProtocolError) or (error.status or 0) >= HTTPStatus.MULTIPLE_CHOICES
    )


def sentence(error: BaseException) -> str:
    """Return what an error says to the user, in one line without secrets.

    Args:
        error: What was raised.
    """
    return printable(redact(" ".join(sentence_of(error).split())))


def write_failure(
    error: BaseException,
    stream: Mapping[str, Any] | None = None,
    *,
    clock: Clock | None = None,
    write_lines: Callable[[Sequence[Piece]], None] = stdout.write,
) -> None:
    """Write what failed, without secrets; with a traceback only at log level DEBUG.

    Args:
        error: What was raised.
        stream: The `descriptor` of the stream that failed; None for the run.
        clock: The time.
        write_lines: Writes lines to standard output.

    Raises:
        OutputError: It cannot be written.
    """
    content: dict[str, Any] = {"message": sentence(error), "failure_type": failure_type(error)}
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        frames = "".join(traceback.format_exception(error))
        content["stack_trace"] = printable(redact(frames))
    if stream is not None:
        content["stream_descriptor"] = stream
    write("TRACE", trace("ERROR", content, clock), write_lines)


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Write a failure of the run that the context holds; it is raised again.

    Raises:
        BaseException: Whatever was raised.
    """
    try:
        yield
    except SystemExit:
        raise
    except BaseException as error:
        with contextlib.suppress(OutputError):  # its last line on standard error says the same
            write_failure(error)
        raise
