"""One life as its seam sees it: where it can be killed or stopped, and what it tells."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from simulation.faults import CRASH, STOP, point_fault

if TYPE_CHECKING:
    from planhat_sync.runtime.signals import Stop
    from simulation.baton import Baton
    from simulation.story import Life
    from simulation.world import World


class Seam:
    """The points of one life.

    Args:
        world: The world.
        life: The life.
        baton: Its threads.

    Attributes:
        world: As given.
        life: As given.
        baton: As given.
        stop: Asks it to stop; None until it is made.
    """

    def __init__(self, world: World, life: Life, baton: Baton) -> None:
        self.world = world
        self.life = life
        self.baton = baton
        self.stop: Stop | None = None

    def point(self, name: str) -> None:
        """Pass a point at which the life may be killed or stopped.

        Args:
            name: Name of the decision.

        Raises:
            Crash: It is killed here.
        """
        if self.cut(name) is not None:
            self.kill(name)

    def cut(self, name: str) -> float | None:
        """Decide whether the life is killed or stopped at a point.

        Args:
            name: Name of the decision.

        Returns:
            The share of what is being done that is done before it is killed; None if it lives on.

        Raises:
            Crash: It was killed before.
        """
        self.baton.check()
        world = self.world
        story = world.story
        story.counts["points"] += 1
        if len(story.events) - self.life.begins > world.plan.most_events:
            self.baton.give_up(f"more than {world.plan.most_events} events")
        fault = world.fault(name, point_fault)
        if fault is None:
            return None
        if fault["kind"] == CRASH:
            world.note("crash", f"killed at {name}", name, fault)
            return float(fault["share"])
        if fault["kind"] == STOP and self.stop is not None:
            world.note("stop", f"SIGTERM at {name}", name, fault)
            self.life.crashed_at = name
            self.stop.request(signal.SIGTERM)
        return None

    def kill(self, name: str) -> None:
        """Kill the life.

        Args:
            name: Name of the decision.

        Raises:
            Crash: Always.
        """
        self.life.crashed_at = name
        self.baton.kill()
