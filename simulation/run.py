"""Runs a plan: step after step, life after life, each from what was durable."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
import tempfile
from functools import lru_cache
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.crash import Crash
from simulation.disk import Content, Disk
from simulation.doors.table import DOORS
from simulation.life import lines_of, live
from simulation.story import BROKEN, HUNG, WELL, Life, Observer
from simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.plan import Plan, Side, Step
    from simulation.story import Story


def run(plan: Plan, observer: Observer | None = None) -> Story:
    """Run all steps of a plan.

    Each life runs in a thread of its own. The last life that a step may have has no faults and no
    crashes; a step that then still has not ended well ends the run.

    Args:
        plan: The plan.
        observer: Watches it; None for nobody.

    Returns:
        What happened.
    """
    with tempfile.TemporaryDirectory(prefix="simulation-") as name, _quickly_and_quietly():
        world = World(plan, observer or Observer(), Path(name))
        steps = _Steps(world, Disk(world.folder))
        for index in range(len(plan.steps)):
            if not steps.perform(index):
                break
        world.time.settle()
        story = world.story
        story.counts["seconds"] = round(world.time.now)
        story.replayed = {alias: steps.replayed(alias) for alias in plan.tenants}
        world.observer.ended(story)
        story.rejects, story.synced = dict(story.rejects), dict(story.synced)
        return story


_version = lru_cache(metadata.version)


class _Steps:
    """The steps of a plan.

    Args:
        world: The world.
        disk: The files.
    """

    def __init__(self, world: World, disk: Disk) -> None:
        self._world = world
        self._disk = disk
        story, aliases = world.story, list(world.plan.tenants)
        story.rejects = Content(disk, aliases, synced=False)
        story.synced = Content(disk, aliases, synced=True)

    def perform(self, index: int) -> bool:
        """Perform a step until it ends well.

        Args:
            index: Its place in the plan.

        Returns:
            Whether it has ended well.
        """
        world = self._world
        step, lives = world.plan.steps[index], world.plan.lives
        world.time.advance(world.time.now + step.pause)
        world.begin_step(step.changes)
        if step.rejects and not self._disk.begin_replay(step.sides[0].tenant, index):
            return True
        try:
            for attempt in range(lives):
                world.calm = step.quiet or attempt == lives - 1
                ends = self._attempt(index, step)
                if all(end == WELL for end in ends):
                    return True
                if HUNG in ends or BROKEN in ends:
                    return False
                pause = world.draws.of(f"after life {len(world.story.lives)}").uniform(*step.again)
                world.time.advance(world.time.now + pause)
            return False
        finally:
            world.end_step()

    def replayed(self, alias: str) -> list[bytes]:
        """Return the reject files of a tenant that were replayed, the oldest first.

        Args:
            alias: The tenant.
        """
        return [path.read_bytes() for path in self._disk.replayed(alias)]

    def _attempt(self, index: int, step: Step) -> list[str]:
        """Run each side once; return how they ended."""
        lines = lines_of(step.lines)
        ends_line, ends = True, []
        for at, side in enumerate(step.sides):
            life = self._life(index, at, side)
            door = DOORS[side.plugin]
            file = self._disk.to_replay(side.tenant, index) if step.rejects else None
            if file is not None:
                life.fed = file.read_bytes().splitlines()
                if file == self._disk.rejects(side.tenant):  # it is renamed, and another one begun
                    life.rejects_at = 0
            elif door.reads:
                life.state = self._state(index, step)
            elif step.replays or len(step.sides) > 1:
                life.fed = lines
            else:
                life.first, life.fed = door.rest(lines, self._printed_in(index, at))
            live(self._world, self._disk, life, side, ends_line=ends_line, file=file)
            ends.append(life.ended)
            lines = [line[:-1] for line in life.printed]
            ends_line = not life.torn
            if life.torn:
                lines.append(life.torn)
        return ends

    def _state(self, index: int, step: Step) -> Any:  # noqa: ANN401 - any JSON value
        """Return the state from which the reader of a step begins, None for none."""
        if step.afresh:
            return None
        return DOORS[step.sides[-1].plugin].state(self._printed(index, len(step.sides) - 1))

    def _life(self, index: int, at: int, side: Side) -> Life:
        story = self._world.story
        begins = len(story.events) + 1
        rejects_at = story.rejects[side.tenant].rfind(b"\n") + 1
        return Life(
            len(story.lives) + 1, index, at, side.plugin, side.tenant, begins, rejects_at=rejects_at
        )

    def _printed_in(self, index: int, at: int) -> list[bytes]:
        """Return what a side has printed in one step so far."""
        lives = self._world.story.lives_of(index, at)
        return list(chain.from_iterable(life.printed for life in lives))

    def _printed(self, index: int, at: int) -> list[bytes]:
        """Return what a side has printed so far, in this step and in those like it before."""
        steps = self._world.plan.steps
        alike = [i for i in range(index + 1) if _who(steps[i]) == _who(steps[index])]
        return list(chain.from_iterable(self._printed_in(each, at) for each in alike))


def _who(step: Step) -> list[tuple[str, str]]:
    return [(side.plugin, side.tenant) for side in step.sides]


@contextlib.contextmanager
def _quickly_and_quietly() -> Iterator[None]:
    """Log nothing, report no Crash that comes out of what Python discards, and read versions once.

    Each plugin reads the version of its package several times when it starts, from files: a sixth
    of the time of a short life. Python does not look for reference cycles meanwhile: what it would
    close when it finds one would be closed at another moment in another process.
    """
    collects = gc.isenabled()
    disabled, hook, version = logging.root.manager.disable, sys.unraisablehook, metadata.version

    def unless_a_crash(args: Any) -> None:  # noqa: ANN401 - Python's own
        if not isinstance(args.exc_value, Crash):
            hook(args)

    logging.disable(logging.CRITICAL)
    sys.unraisablehook = unless_a_crash
    metadata.version = _version
    gc.disable()
    try:
        yield
    finally:
        logging.disable(disabled)
        sys.unraisablehook = hook
        metadata.version = version
        if collects:
            gc.enable()
