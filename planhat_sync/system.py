"""What a run uses of the world outside it, in one object that a simulation can replace.

Standard input is an argument of a run already. Signals need no place here: a run handles them only
in the main thread of a process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from planhat_sync.api.http.transport import Transport
from planhat_sync.api.http.wire import Wire
from planhat_sync.runtime import stdout
from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.files import Files
from planhat_sync.runtime.threads import Threads

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planhat_sync.api.connection import Connection
    from planhat_sync.api.http.exchange import Exchanger
    from planhat_sync.runtime.stdout import Piece


class MakeWire(Protocol):
    """Makes what sends requests; `Wire` is one."""

    def __call__(self, connection: Connection, *, width: int, clock: Clock) -> Exchanger:
        """Return what sends the requests of a run.

        Args:
            connection: Address, token and timeout.
            width: How many threads send at the same time.
            clock: Time for the deadlines.
        """
        ...


@dataclass(frozen=True, slots=True)
class System:
    """What a run uses of the world outside it, with the real things as defaults.

    Attributes:
        clock: Time and randomness.
        threads: Threads, and the locks that may be held across a request.
        files: The files that a run writes.
        write: Writes lines to standard output.
        wire: Makes what sends requests.
    """

    clock: Clock = field(default_factory=Clock)
    threads: Threads = field(default_factory=Threads)
    files: Files = field(default_factory=Files)
    write: Callable[[Sequence[Piece]], None] = stdout.write
    wire: MakeWire = Wire

    def transport(
        self, connection: Connection, *, width: int, stop: threading.Event | None = None
    ) -> Transport:
        """Return what paces and repeats the requests of a run.

        Args:
            connection: Address, token, pace, timeout and retry budget.
            width: How many threads send at the same time.
            stop: Ends every wait with `Interrupted` once it is set.

        Raises:
            ConfigurationError: The CA bundle that the environment names cannot be used.
        """
        wire = self.wire(connection, width=width, clock=self.clock)
        return Transport(connection, wire=wire, clock=self.clock, stop=stop)


SYSTEM: Final = System()
"""This machine."""
