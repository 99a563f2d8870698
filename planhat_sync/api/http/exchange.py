"""One HTTP exchange as data: the request that is sent and the answer that comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Receiver(Protocol):
    """Takes the body of an answer while it arrives, in memory of its own.

    What it takes may turn out to be part of an answer that is cut: the exchange then fails, and the
    receiver is dropped. It raises nothing, whatever the bytes are.
    """

    def free(self) -> memoryview:
        """Return memory for the next bytes, at least one."""
        ...

    def add(self, count: int) -> None:
        """Take the bytes that were put at the beginning of `free()`."""
        ...


class Repeat(Enum):
    """Whether a request may be sent again when its answer was lost."""

    FREELY = auto()
    """Sending it twice has the effect of sending it once: GET and DELETE."""
    WHEN_SETTLED = auto()
    """Harmless once the first attempt is over: a bulk upsert of keyed items."""
    NEVER = auto()
    """A second attempt would do it twice: a create without a keyable."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Planhat.

    Attributes:
        method: HTTP method.
        path: Path below the API's address, quoted.
        query: Query string, quoted, without its question mark.
        body: The JSON to send, or None.
        repeat: Whether it may be sent again when its answer was lost.
        timeout_factor: How many times the connection's timeout it may take.
        receive: Makes what takes the body of an answer; None to get it in one piece.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeat: Repeat = Repeat.FREELY
    timeout_factor: int = 1
    receive: Callable[[], Receiver] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer to a request.

    Attributes:
        status: HTTP status.
        headers: Headers by lower-case name.
        body: The body, decompressed; empty if a receiver has taken it.
        received: The receiver that has taken all of the body, if there is one.
        repeated: Whether an earlier attempt of the same request may have been carried out.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received: Receiver | None = field(default=None, repr=False)
    repeated: bool = False


class Exchanger(Protocol):
    """Makes one exchange after the other, as `Wire` does over HTTP. Thread-safe."""

    def exchange(self, request: Request) -> Answer:
        """Send a request once and return its complete answer.

        Args:
            request: What is sent.

        Raises:
            RetryError: There is no complete answer; its class says whether anything was sent.
            StopError: No request can be sent.
        """
        ...

    def close(self) -> None:
        """Release what is kept from one exchange to the next."""
        ...
