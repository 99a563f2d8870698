"""Watches a target: at each printed state, and when everything is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.oracles.counts import check_counts, check_requests, fed_outcomes
from simulation.oracles.inputs import state_after
from simulation.oracles.model import TargetModel, unmapped
from simulation.oracles.rejects import RejectOracle, is_due
from simulation.oracles.tenants import differences, doubled, goes_back, unwritten
from simulation.story import FAILED, WELL, Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.oracles.model import Mapped
    from simulation.oracles.reject_file import Filed
    from simulation.plan import Plan
    from simulation.story import Life, Story


class TargetWatch(Observer):
    """Watches the target of the first step of a plan.

    Args:
        plan: The plan.
        mapped: What the mappings make of a record.
        values: Returns whether all values must be those of an undisturbed run, given the run so
            far. If not, only what the reliability page promises of any run is checked.
        excuses: Returns whether a reject that no undisturbed run has may be there nevertheless.
        rejects: Returns whether each record that Planhat refuses in an undisturbed run must be
            rejected in this one too; as `values` by default.
        exact: Whether the counts of an undisturbed run are known.
        forward: Whether no value ever goes back, since a record has one keyable throughout.

    Attributes:
        model: What an undisturbed run does.
        rejects: Checks the rejects.
        must_fail: Whether each run fails, for another reason than its rejects.
        last: The number of what is done last: the last line, or what follows it.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        mapped: Callable[[str, Mapping[str, Any]], Mapped] = unmapped,
        values: Callable[[Story], bool] = lambda _: True,
        excuses: Callable[[Filed, Story], bool] = lambda _reject, _story: False,
        rejects: Callable[[Story], bool] | None = None,
        exact: bool = True,
        forward: bool = False,
    ) -> None:
        super().__init__()
        step = plan.steps[0]
        self._side = step.sides[0]
        self.model = TargetModel(plan, mapped)
        self.rejects = RejectOracle(self.model, self._side.tenant, step.lines, excuses)
        self.must_fail = False
        self.last = len(self.model.lines)
        self._values = values
        self._refusals = rejects or values
        self._exact = exact
        self._forward = forward
        self._replays = step.replays
        self._printed = 0

    def printed(self, line: bytes, story: Story) -> None:
        """Check a state at the moment at which it is printed.

        Args:
            line: The printed line.
            story: The run so far.
        """
        life = story.lives[-1]
        if self._replays and len(life.printed) == 1:  # each life begins from the first line
            self._printed = 0
        at = state_after(self.model.lines, line)
        moment = f"life {life.number}, event {len(story.events)}"
        if at is None or at <= life.first or self._is_dry:
            self.violations.append(f"{moment}: {line!r} is not a state that may be printed")
            return
        moment += f", when the state of line {at} is printed"
        wrong = doubled(story.tenants[life.tenant])
        if at <= self._printed:
            wrong.append(f"the state of line {self._printed} was printed before")
        self._printed = max(at, self._printed)
        wrong += self.rejects.missing(story.synced, at, strict=self._must_refuse(story))
        wrong += self._check_values(story, at)
        self.violations += [f"{moment}: {each}" for each in dict.fromkeys(wrong)]

    def ended(self, story: Story) -> None:
        """Check a run that is over.

        Args:
            story: It.
        """
        lives = story.lives_of(0)
        well = lives[-1].ended == WELL
        tenant = story.tenants[self._side.tenant]
        wrong = [*doubled(tenant), *self.rejects.wrong(story, lives)]
        if self._is_dry:
            wrong += unwritten(tenant, story.plan.tenants[self._side.tenant])
            wrong += ["a dry run has written rejects"] * bool(story.rejects[self._side.tenant])
        else:
            wrong += self._check_values(story, self.last if well else self._printed)
        if well and self._side.settings.get("rejects_path") and not self._is_dry:
            until, strict = len(self.model.lines) + 1, self._must_refuse(story)
            wrong += self.rejects.missing(story.rejects, until, strict=strict)
        if self._forward and self._values(story):
            again = lives[1].begins if len(lives) > 1 else None
            wrong += goes_back(self.model.timelines, tenant, again)
        exact = self._exact and not self.rejects.uncertain(story)
        for life in lives:
            wrong += self._check_end(life, story)
            wrong += check_counts(self.model, life, story, exact=exact)
            wrong += check_requests(self.model, life, story)
        self.violations += [f"at the end: {each}" for each in dict.fromkeys(wrong)]

    @property
    def _is_dry(self) -> bool:
        return bool(self._side.settings.get("dry_run"))

    def _check_values(self, story: Story, at: int) -> list[str]:
        """Compare the tenant with the model, once a line is done."""
        if not self._values(story):
            return []
        tenant = story.tenants[self._side.tenant]
        uncertain, again = self.rejects.uncertain(story), len(story.lives) > 1
        return differences(self.model.timelines, tenant, at, uncertain, again=again)

    def _must_refuse(self, story: Story) -> bool:
        """Return whether each record that Planhat refuses in an undisturbed run must be rejected.

        With `write_mode: create` it is skipped by a run that begins again, if a later record of the
        same key was created before.
        """
        creates = self._side.settings.get("write_mode") == "create"
        return self._refusals(story) and not (creates and len(story.lives) > 1)

    def _check_end(self, life: Life, story: Story) -> list[str]:
        """Check that a life ended as it had to."""
        strict, most = self._must_refuse(story), self._most_rejects
        fed = fed_outcomes(self.model, life)
        certain = sum(is_due(self.model, each, strict=strict) for each in fed)
        possible = sum(each.kind == "rejected" for each in fed)
        where = f"life {life.number}"
        if life.ended == WELL and most is not None and certain > most:
            return [f"{where} ended well although {certain} records had to be rejected"]
        is_certain = strict and not self.rejects.uncertain(story)
        may_fail = self.must_fail or (most is not None and (possible > most or not is_certain))
        if life.ended == FAILED and not life.faults and not may_fail:
            return [f"{where} failed, and there was no fault: {life.error}"]
        states = [each.number for each in self.model.lines if each.type == "STATE"]
        if life.ended == WELL and states and states[-1] > life.first and not self._is_dry:
            last = state_after(self.model.lines, life.printed[-1]) if life.printed else None
            if last != states[-1]:
                return [f"{where} ended well and has not printed the last state"]
        return []

    @property
    def _most_rejects(self) -> int | None:
        settings = self._side.settings
        return settings.get("max_rejects") if settings.get("on_reject") == "continue" else 0
