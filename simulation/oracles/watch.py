"""Watches a target: at each printed state, and when everything is over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simulation.oracles.counts import check_counts, check_requests
from simulation.oracles.earlier import EarlierTenant
from simulation.oracles.floor import Floor
from simulation.oracles.inputs import state_after
from simulation.oracles.model import TargetModel, unmapped
from simulation.oracles.reject_file import read_rejects
from simulation.oracles.rejects import RejectOracle, is_due
from simulation.oracles.shapes import SHAPES
from simulation.oracles.tenants import differences, doubled, goes_back, unwritten
from simulation.story import FAILED, WELL, Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulation.oracles.model import Mapped
    from simulation.oracles.reject_file import Filed
    from simulation.plan import Plan
    from simulation.story import Life, Story, Tenant


@dataclass(frozen=True)
class Due:
    """What one life has to do with what it is fed, given the tenant as it finds it.

    Attributes:
        model: What it does if it is not disturbed.
        rejects: Checks its rejects.
        must_fail: Whether it fails, for another reason than its rejects.
    """

    model: TargetModel
    rejects: RejectOracle
    must_fail: bool = False


class TargetWatch(Observer):
    """Watches the target of the first step of a plan.

    Each life has to do with its part of the input what an undisturbed run does with it, beginning
    with the tenant as the lives before have left it. Where the pages promise that the result of
    all of them is that of one run, that is checked in the end.

    Args:
        plan: The plan.
        mapped: What the mappings make of a record.
        values: Whether it is known what each life writes. If not, only what holds of any run is
            checked (`Floor`).
        whole: Returns whether the result of all lives must be that of one undisturbed run.
        excuses: Returns whether a reject that is not due may be there nevertheless.
        refuses: Whether each record that Planhat refuses in an undisturbed run must be rejected.
        exact: Whether the counts of an undisturbed run are known.
        forward: Whether no value ever goes back, since a record has one keyable throughout.

    Attributes:
        model: What one undisturbed run does with all of the input.
        last: The number of what is done last: the last line, or what follows it.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        mapped: Callable[[str, Mapping[str, Any]], Mapped] = unmapped,
        values: bool = True,
        whole: Callable[[Story], bool] = lambda _: True,
        excuses: Callable[[Filed, Story], bool] = lambda _reject, _story: False,
        refuses: bool = True,
        exact: bool = True,
        forward: bool = False,
    ) -> None:
        super().__init__()
        self._plan = plan
        self._step = plan.steps[0]
        self._side = self._step.sides[0]
        self._mapped = mapped
        self.model = TargetModel(plan, mapped)
        self.last = len(self.model.lines)
        self._values = values
        self._whole = whole
        self._excuses = excuses
        self._refuses = refuses
        self._exact = exact
        self._forward = forward
        self._dues: dict[int, Due] = {}
        self._printed = 0

    def printed(self, line: bytes, story: Story) -> None:
        """Check a state at the moment at which it is printed.

        Args:
            line: The printed line.
            story: The run so far.
        """
        life = story.lives[-1]
        if self._step.replays and len(life.printed) == 1:  # each life begins from the first line
            self._printed = 0
        at = state_after(self.model.lines, line)
        moment = f"life {life.number}, event {len(story.events)}"
        if at is None or at <= life.first or self._is_dry:
            self.violations.append(f"{moment}: {line!r} is not a state that may be printed")
            return
        moment += f", when the state of line {at} is printed"
        tenant = story.tenants[life.tenant]
        wrong = doubled(tenant)
        if at <= self._printed:
            wrong.append(f"the state of line {self._printed} was printed before")
        self._printed = max(at, self._printed)
        wrong += self.due(life, story).rejects.missing(story.synced, at, strict=self._refuses)
        wrong += self.compare(life, story, tenant, at)
        self.violations += [f"{moment}: {each}" for each in dict.fromkeys(wrong)]

    def ended(self, story: Story) -> None:
        """Check a run that is over.

        Args:
            story: It.
        """
        lives = story.lives_of(0)
        well = lives[-1].ended == WELL
        tenant = story.tenants[self._side.tenant]
        wrong = doubled(tenant)
        for life, following in zip(lives, [*lives[1:], None], strict=True):
            wrong += self._check_life(life, following, story)
        if self._is_dry:
            wrong += unwritten(tenant, story.plan.tenants[self._side.tenant])
            wrong += ["a dry run has written rejects"] * bool(story.rejects[self._side.tenant])
        elif well and self._side.settings.get("rejects_path"):
            rejects = self.due(lives[-1], story).rejects
            until = len(self.model.lines) + 1
            wrong += rejects.missing(story.rejects, until, strict=self._refuses)
        if self._values and len(lives) > 1 and not self._is_dry and not self._step.replays:
            wrong += self._check_all(story, lives, well=well)
        self.violations += [f"at the end: {each}" for each in dict.fromkeys(wrong)]

    def due(self, life: Life, story: Story) -> Due:
        """Return what a life has to do.

        Args:
            life: The life.
            story: The run of the plan.
        """
        if life.number not in self._dues:
            self._dues[life.number] = self.make_due(life, self._model_of(life, story))
        return self._dues[life.number]

    def make_due(self, life: Life, model: TargetModel) -> Due:
        """Return what a life has to do.

        Args:
            life: The life.
            model: What it does if it is not disturbed.
        """
        return Due(model, RejectOracle(model, life, self._step.lines, self._excuses))

    def compare(self, life: Life, story: Story, tenant: Tenant, at: int) -> list[str]:
        """Compare the tenant with what a life has to leave there once a line is done.

        Args:
            life: The life.
            story: The run of the plan.
            tenant: The tenant.
            at: Number of the line.
        """
        due = self.due(life, story)
        if not self._values:
            return self._check_floor(story, tenant, at)
        return differences(due.model.timelines, tenant, at, due.rejects.uncertain(story))

    def _model_of(self, life: Life, story: Story) -> TargetModel:
        if life is story.lives_of(life.step)[0]:
            return self.model
        found = EarlierTenant(story.tenants[life.tenant], life.begins - 1)
        held = {name: found.records(name) for name in SHAPES}
        return TargetModel(self._plan, self._mapped, first=life.first, held=held)

    @cached_property
    def _floor(self) -> Floor:
        return Floor(self.model)

    @property
    def _is_dry(self) -> bool:
        return bool(self._side.settings.get("dry_run"))

    def _check_life(self, life: Life, following: Life | None, story: Story) -> list[str]:
        """Check a life that is over, with all that it has left to be done."""
        due, tenant = self.due(life, story), story.tenants[life.tenant]
        at = self.last if life.ended == WELL else self._covered(life)
        if following is not None:
            tenant = EarlierTenant(tenant, following.begins - 1)
        wrong = due.rejects.wrong(story)
        if not self._is_dry:
            wrong += self.compare(life, story, tenant, at)
            if self._forward:
                ends = following.begins if following else None
                wrong += goes_back(
                    due.model.timelines, story.tenants[life.tenant], life.begins, ends
                )
        wrong += self._check_end(life, story)
        exact = self._exact and not due.rejects.uncertain(story)
        wrong += check_counts(due.model, life, story, exact=exact)
        wrong += check_requests(due.model, life)
        return [f"life {life.number}: {each}" for each in wrong]

    def _check_all(self, story: Story, lives: Sequence[Life], *, well: bool) -> list[str]:
        """Compare the tenant with what one undisturbed run leaves there."""
        tenant = story.tenants[self._side.tenant]
        if not well or not self._whole(story):
            return self._check_floor(story, tenant, self.last if well else self._printed)
        uncertain = {
            key for each in lives for key in self.due(each, story).rejects.uncertain(story)
        }
        return [
            f"all lives together: {each}"
            for each in differences(self.model.timelines, tenant, self.last, uncertain)
        ]

    def _check_floor(self, story: Story, tenant: Tenant, at: int) -> list[str]:
        rejects, _ = read_rejects(story.synced[self._side.tenant], self.model.numbers)
        return self._floor.wrong(tenant, {each.number for each in rejects}, at + 1)

    def _covered(self, life: Life) -> int:
        """Return the number of the last line that is covered by a state that a life has printed."""
        states = [state_after(self.model.lines, each) for each in life.printed]
        return next((each for each in reversed(states) if each is not None), life.first)

    def _check_end(self, life: Life, story: Story) -> list[str]:
        """Check that a life ended as it had to."""
        due, most = self.due(life, story), self._most_rejects
        fed = due.model.outcomes
        certain = sum(is_due(due.model, each, strict=self._refuses) for each in fed)
        possible = sum(each.kind == "rejected" for each in fed)
        if life.ended == WELL and most is not None and certain > most:
            return [f"it ended well although {certain} records had to be rejected"]
        if life.ended == WELL and due.must_fail and not due.rejects.uncertain(story):
            return ["it ended well, and had to fail"]
        is_certain = self._refuses and not due.rejects.uncertain(story)
        may_fail = due.must_fail or (most is not None and (possible > most or not is_certain))
        if life.ended == FAILED and not life.faults and not may_fail:
            return [f"it failed, and there was no fault: {life.error}"]
        states = [each.number for each in self.model.lines if each.type == "STATE"]
        if life.ended == WELL and states and states[-1] > life.first and not self._is_dry:
            last = state_after(self.model.lines, life.printed[-1]) if life.printed else None
            if last != states[-1]:
                return ["it ended well and has not printed the last state"]
        return []

    @property
    def _most_rejects(self) -> int | None:
        settings = self._side.settings
        return settings.get("max_rejects") if settings.get("on_reject") == "continue" else 0
