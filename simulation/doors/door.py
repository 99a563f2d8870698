"""What is needed of each plugin to run it, and to run it again where it stopped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.runtime.signals import Stop
    from planhat_sync.system import System
    from simulation.plan import Side


class Door(ABC):
    """One plugin.

    Attributes:
        reads: Whether it reads Planhat; otherwise it has an input.
    """

    reads: bool

    @abstractmethod
    def open(
        self,
        side: Side,
        settings: Mapping[str, Any],
        system: System,
        *,
        source: IO[bytes] | None,
        state: Any,  # noqa: ANN401 - any JSON value
    ) -> tuple[Stop, Callable[[], object]]:
        """Begin a life.

        Args:
            side: The plugin and its catalog.
            settings: Its settings.
            system: What it uses of the world outside it.
            source: Its input, None for a reader.
            state: What a reader begins from, None for nothing.

        Returns:
            What asks it to stop, and what it does.
        """

    def state(self, printed: Sequence[bytes]) -> Any:  # noqa: ANN401, ARG002 - any JSON value
        """Return what the next reader begins from, None for nothing, as by default.

        Args:
            printed: All lines that this plugin has printed so far, in order.
        """
        return None

    def rest(self, lines: Sequence[bytes], printed: Sequence[bytes]) -> tuple[int, list[bytes]]:  # noqa: ARG002 - by default
        """Return what of its input a writer is still fed; by default all of it.

        Args:
            lines: All of its input.
            printed: All lines that it has printed so far.

        Returns:
            The index of the first line that no printed state covers, and the lines.
        """
        return 0, list(lines)


def message_of(line: bytes) -> dict[str, Any]:
    """Return a line as a message; nothing if it is not one, since inputs may be broken.

    Args:
        line: The line.
    """
    try:
        message = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
