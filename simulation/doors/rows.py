"""The Python class, as a program uses it that writes rows or deletes their records."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from planhat_sync.api.connection import CONNECTION_SETTINGS
from planhat_sync.planhat import Planhat
from planhat_sync.runtime.signals import Stop
from planhat_sync.runtime.stdin import read_lines
from planhat_sync.writing.waiting_time import USUAL_PAUSES
from simulation.doors.door import Door

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sync.system import System
    from simulation.plan import Side


class RowsDoor(Door):
    """`Planhat.write` of the Python class; its input are rows, and it prints nothing.

    Its settings are the arguments of `Planhat` and of `write`, with the name of the `model`. With
    ``"deletes": "delete"`` it is `Planhat.delete`.
    """

    reads = False

    def open(
        self,
        side: Side,  # noqa: ARG002 - as `Door` has it
        settings: Mapping[str, Any],
        system: System,
        *,
        source: IO[bytes] | None,
        state: Any,  # noqa: ANN401, ARG002 - as `Door` has it
    ) -> tuple[Stop, Callable[[], object]]:
        """Begin a life."""
        connection = {name: settings[name] for name in settings if name in CONNECTION_SETTINGS}
        options = {name: settings[name] for name in settings if name not in CONNECTION_SETTINGS}
        planhat = type("Planhat", (Planhat,), {"_system": system})(**connection)
        stop = _Closing(planhat)
        assert source is not None  # noqa: S101 - it is a writer
        rows = (
            json.loads(line)  # unlike msgspec it takes NaN, as a program may have it
            for lines in read_lines(source, stop, USUAL_PAUSES.idle_seconds)
            for line in lines.lines
        )
        model, deletes = options.pop("model"), options.pop("deletes", "ignore") == "delete"
        work = planhat.delete if deletes else planhat.write
        return stop, lambda: work(model, rows, **options)


class _Closing(Stop):
    """Asks a write to stop by closing its `Planhat`; what yields the rows knows nothing of it."""

    def __init__(self, planhat: Planhat) -> None:
        super().__init__("planhat-sync")
        self._planhat = planhat

    def request(self, signum: int) -> None:  # noqa: ARG002 - as `Stop` has it
        """Ask the write to stop."""
        self._planhat.close()
