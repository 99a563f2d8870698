"""What all lives of a run share: time, tenants, decisions, and the story of them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from simulation.draws import Draws
from simulation.faults import CRASH, STOP
from simulation.plan import SMALL
from simulation.planhat.small import SmallTenant
from simulation.planhat.tenants import SandboxTenant
from simulation.story import Event, Story
from simulation.time import VirtualTime

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from simulation.faults import Fault
    from simulation.plan import Change, Plan
    from simulation.planhat.reply import Planhat
    from simulation.story import Observer

    Draw = Callable[[float, Callable[[], random.Random], Mapping[str, float]], Fault | None]


class World:
    """The world of one run.

    Args:
        plan: What is run.
        observer: Watches it.
        folder: Where its files are.

    Attributes:
        plan: As given.
        observer: As given.
        folder: As given.
        draws: Everything that is drawn.
        time: The time.
        story: What has happened.
        planhat: The tenants by alias.
        calm: Whether nothing faults now.
        outage: Until when all exchanges fail, and how.
    """

    def __init__(
        self,
        plan: Plan,
        observer: Observer,
        folder: Path,
    ) -> None:
        self.plan = plan
        self.observer = observer
        self.draws = Draws(plan.seed)
        self.time = VirtualTime(plan.clock)
        self.story = Story(plan)
        self.folder = folder
        self.planhat = _tenants(self)
        self.story.tenants = self.planhat
        self.calm = False
        self.outage = (0.0, "")
        self._numbers: Counter[str] = Counter()
        self._left_out = frozenset(plan.left_out)
        self._changes: list[Change] = []
        self._exchanges = 0
        self._requests = 0

    def name(self, kind: str) -> str:
        """Return the name of the next decision of a kind, such as ``exchange 17``.

        Args:
            kind: What is decided about.
        """
        self._numbers[kind] += 1
        return f"{kind} {self._numbers[kind]}"

    def fault(self, name: str, draw: Draw) -> Fault | None:
        """Decide what faults at a decision.

        Args:
            name: Its name.
            draw: Draws it, unless the plan says what happens there.
        """
        if self.calm or name in self._left_out:
            return None
        if name in self.plan.faults:
            return self.plan.faults[name]
        if not self.plan.rates:
            return None
        draws = self.draws
        return draw(draws.chance(name), partial(draws.of, name), self.plan.rates)

    def note(self, kind: str, text: str, decision: str = "", fault: Fault | None = None) -> None:
        """Add an event to the story.

        Args:
            kind: As in `Event`.
            text: What happened, in words.
            decision: Name of the decision.
            fault: What was decided.
        """
        story = self.story
        life = story.lives[-1].number if story.lives and not story.lives[-1].ended else 0
        story.events.append(
            Event(len(story.events) + 1, self.time.now, life, kind, text, decision, fault)
        )
        if fault is not None:
            story.counts[fault["kind"]] += 1
            story.counts["faults"] += fault["kind"] not in (CRASH, STOP)

    def begin_step(self, changes: list[Change]) -> None:
        """Note what others change during a step, and change what they change before it.

        Args:
            changes: The changes.
        """
        self._changes, self._exchanges = list(changes), 0
        self._change(0, after_work=True)

    def end_step(self) -> None:
        """Change what others had still to change."""
        left, self._changes = self._changes, []
        for change in left:
            self._apply(change)

    def next_exchange(self) -> int:
        """Return the number of the next exchange of the step."""
        self._exchanges += 1
        self.story.counts["exchanges"] += 1
        return self._exchanges

    def next_request(self) -> int:
        """Return the number of the next request to Planhat."""
        self._requests += 1
        return self._requests

    def _change(self, at: int, *, after_work: bool) -> None:
        due = [c for c in self._changes if c.at < at or (c.at == at and c.after_work <= after_work)]
        if due:
            self._changes = [change for change in self._changes if change not in due]
            for change in due:
                self._apply(change)

    def change(self, at: int, *, after_work: bool) -> None:
        """Change what others change at an exchange.

        Args:
            at: Its number in the step.
            after_work: Whether its work is done.
        """
        if self._changes:
            self._change(at, after_work=after_work)

    def _apply(self, change: Change) -> None:
        identifier = self.planhat[change.tenant].change(change)
        what = f"somebody {change.action}s {change.model} {identifier or 'that is not there'}"
        self.note("change", f"{what} of {change.tenant}: {', '.join(change.fields)}")


def _tenants(world: World) -> dict[str, Planhat]:
    """Return the tenants of a plan by alias."""
    plan, time, draws = world.plan, world.time, world.draws
    events = world.story.events
    tenants: dict[str, Planhat] = {}
    for number, (alias, tenant) in enumerate(plan.tenants.items(), start=1):
        if plan.planhat == SMALL:
            tenants[alias] = SmallTenant(number, tenant, time=time, event=events.__len__)
        else:
            tenants[alias] = SandboxTenant(
                alias, number, tenant, time=time, draws=draws, event=events.__len__
            )
    return tenants
