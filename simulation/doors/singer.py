"""The Singer plugins, target-planhat and tap-planhat, as their command lines use them."""

from __future__ import annotations

from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

import msgspec

from planhat_sync.models import load_models
from simulation.doors.door import Door, message_of
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.model import Model
    from planhat_sync.runtime.signals import Stop
    from planhat_sync.system import System
    from simulation.plan import Side

_models: Callable[[], Mapping[str, Model]] = lru_cache(load_models)


class TargetDoor(Door):
    """target-planhat."""

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
        target = TargetPlanhat(config=dict(settings), models=_models(), system=system)
        return target.run.stop, lambda: target.listen(source)

    def state(self, printed: Sequence[bytes]) -> Any:  # noqa: ANN401 - any JSON value
        """Return the last state that was printed."""
        return msgspec.json.decode(printed[-1]) if printed else None

    def rest(self, lines: Sequence[bytes], printed: Sequence[bytes]) -> tuple[int, list[bytes]]:
        """Return what follows the last printed state, behind all SCHEMA messages before it."""
        if not printed:
            return 0, list(lines)
        last = msgspec.json.decode(printed[-1])
        schemas: list[bytes] = []
        for index, line in enumerate(lines):
            message = message_of(line)
            if message.get("type") == "STATE" and message.get("value") == last:
                return index + 1, [*schemas, *lines[index + 1 :]]
            if message.get("type") == "SCHEMA":
                schemas.append(line)
        return 0, list(lines)


class TapDoor(Door):
    """tap-planhat."""

    reads = True

    def open(
        self,
        side: Side,
        settings: Mapping[str, Any],
        system: System,
        *,
        source: IO[bytes] | None,  # noqa: ARG002 - as `Door` has it
        state: Any,  # noqa: ANN401 - any JSON value
    ) -> tuple[Stop, Callable[[], object]]:
        """Begin a life."""
        tap = TapPlanhat(
            config=dict(settings),
            catalog=side.catalog,
            state=state,
            models=_models_of(side),
            system=system,
        )
        return tap._run.stop, tap.run  # noqa: SLF001 - signals ask it in a process

    def state(self, printed: Sequence[bytes]) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value of the last STATE message."""
        for line in reversed(printed):
            if line.startswith(b'{"type":"STATE"'):
                return msgspec.json.decode(line)["value"]
        return None


def _models_of(side: Side) -> Mapping[str, Model]:
    """Return the models that a tap is asked to read; all of them unless it names each.

    The SDK makes a stream of each of twenty-five models, which takes ten times as long as all else
    that a tap does before its first request.
    """
    models = _models()
    if side.catalog is None:
        named = side.settings.get("streams") or ()
    else:
        named = [each.get("tap_stream_id") for each in side.catalog.get("streams", ())]
    if not named or any(name not in models for name in named):
        return models
    return {name: model for name, model in models.items() if name in named}
