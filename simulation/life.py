"""One life of a plugin, from its start to its end, however it ends."""

from __future__ import annotations

import contextlib
import json
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import Interrupted, PlanhatError
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.signals import StopRequested
from planhat_sync.system import System
from simulation.baton import Baton, Hang
from simulation.crash import Crash
from simulation.disk import SimulatedFiles
from simulation.doors.table import DOORS
from simulation.exchange import TOKEN, SimulatedWire
from simulation.input import Input
from simulation.output import Output
from simulation.seam import Seam
from simulation.story import BROKEN, CRASHED, FAILED, HUNG, STOPPED, WELL, Life
from simulation.time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from planhat_sync.api.connection import Connection
    from planhat_sync.runtime.clock import Clock
    from simulation.disk import Disk
    from simulation.doors.door import Door
    from simulation.plan import Side
    from simulation.world import World


def live(
    world: World,
    disk: Disk,
    life: Life,
    side: Side,
    *,
    ends_line: bool = True,
    file: Path | None = None,
) -> None:
    """Let a plugin live once.

    Args:
        world: The world.
        disk: The files.
        life: What is known of the life before; what happens is added to it.
        side: The plugin.
        ends_line: Whether the last line of its input has its line end.
        file: What it reads in place of its input; it has been read into `life.fed` too.
    """
    plan, draws, story = world.plan, world.draws, world.story
    story.lives.append(life)
    story.counts["lives"] += 1
    end = world.time.now + plan.longest_life
    baton = Baton(world.time, draws.of(f"schedule of life {life.number}"), plan.switch, end)
    seam = Seam(world, life, baton)
    files = SimulatedFiles(seam, disk)
    wires: list[SimulatedWire] = []

    def wire(connection: Connection, *, width: int, clock: Clock) -> SimulatedWire:  # noqa: ARG001 - as System has it
        wires.append(SimulatedWire(seam, connection))
        return wires[-1]

    system = System(
        clock=VirtualClock(world.time, baton, draws.of(f"jitter of life {life.number}")),
        threads=baton,
        files=files,
        write=Output(seam).write,
        wire=wire,
    )
    door = DOORS[side.plugin]
    settings = settings_of(side, disk)
    world.note("begin", f"life {life.number}: {side.plugin}, {_beginning(life, door.reads)}")

    with _input(door, Input(seam, life.fed, ends_line=ends_line), file) as source:

        def body() -> object:
            seam.stop, work = door.open(side, settings, system, source=source, state=life.state)
            return work()

        try:
            baton.run(partial(_noting_the_end, life, body))
        except Hang as hang:
            baton.hang = str(hang)
    files.end()
    for each in wires:
        each.abandon()
    _note_end(world, life, baton)
    if life.ended in (CRASHED, HUNG):
        for lost in disk.tear(draws.of(f"tear of life {life.number}")):
            world.note("crash", f"lost: {lost}")
    life.summary = _summary(settings)


@contextlib.contextmanager
def _input(door: Door, given: Input, file: Path | None) -> Iterator[Any]:
    """Return what a plugin reads: nothing, what it is given, or a file."""
    if file is None:
        yield None if door.reads else given
        return
    with file.open("rb") as opened:
        yield opened


def settings_of(side: Side, disk: Disk) -> dict[str, Any]:
    """Return the settings of a plugin, with its token and its files.

    Args:
        side: The plugin.
        disk: Where the files are.
    """
    settings = {"api_token": f"{TOKEN}{side.tenant}", **side.settings}
    if side.plugin in ("tap", "target"):
        settings.setdefault("progress", "none")
    if "rejects_path" in settings:
        settings["rejects_path"] = str(disk.rejects(side.tenant))
    if "summary_path" in settings:
        path = disk.folder / f"{side.tenant}-summary.json"
        path.unlink(missing_ok=True)
        settings["summary_path"] = str(path)
    return settings


def _beginning(life: Life, reads: bool) -> str:  # noqa: FBT001 - of this module alone
    if reads:
        return "from a state" if life.state else "from the beginning"
    return f"{len(life.fed)} lines, from line {life.first + 1} on"


def _noting_the_end(life: Life, body: Callable[[], object]) -> None:
    """Do what a process does, and note how it ends."""
    try:
        life.result = body()
        life.ended = WELL
    except Crash:
        life.ended = CRASHED
    except (StoppedBySignal, StopRequested) as stopped:  # the latter ends at the command line
        life.ended, life.error = STOPPED, str(stopped)
    except Interrupted as stopped:  # the Python class, which has no last line
        life.ended, life.error, life.result = STOPPED, str(stopped), stopped.result
    except PlanhatError as error:
        life.result = error.result
        life.ended, life.error = FAILED, f"{type(error).__name__}: {error}"
    except BaseException as error:  # noqa: BLE001 - this is where every life ends
        life.ended = BROKEN
        life.error = "".join(traceback.format_exception(error))


def _note_end(world: World, life: Life, baton: Baton) -> None:
    """Note how a life has ended, and what of that must never be."""
    violations = world.story.violations
    if baton.hang:
        life.ended, life.error = HUNG, baton.hang
        violations.append(f"life {life.number} hangs: {baton.hang}")
    elif life.ended == BROKEN:
        violations.append(f"life {life.number} ends with an unexpected error: {life.error}")
    for error in baton.errors:
        frames = "".join(traceback.format_exception(error))
        violations.append(f"a thread of life {life.number} ends with an error: {frames}")
    if life.torn and life.ended != CRASHED:
        violations.append(f"life {life.number} leaves a torn line, and was not killed")
    what = "" if life.ended == BROKEN else life.error.replace(str(world.folder), "")
    world.note("end", f"life {life.number}: {life.ended}{': ' if what else ''}{what}")


def _summary(settings: dict[str, Any]) -> dict[str, Any] | None:
    try:
        with open(settings["summary_path"], "rb") as file:  # noqa: PTH123 - it is a text
            return json.load(file)  # type: ignore[no-any-return]
    except (KeyError, FileNotFoundError):
        return None


def lines_of(texts: Sequence[str]) -> list[bytes]:
    """Return lines as bytes.

    Args:
        texts: The lines.
    """
    return [text.encode() for text in texts]
