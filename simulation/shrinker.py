"""Makes a plan that fails smaller: fewer records, then fewer faults, then settings as by default.

Each candidate is run. It takes the place of the plan if it still fails in the same way: with a
sentence that differs in nothing but its numbers and values.
"""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from simulation.plan import ClockPlan, changed
from simulation.profile import perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from simulation.plan import Plan
    from simulation.profile import Profile

Item = TypeVar("Item")

_VALUES: Final = re.compile(r"b?'[^']*'|\"[^\"]*\"|=\S+|\d[\d,]*|\[[^\]]*\]|\{[^}]*\}")


def kinds(violations: Iterable[str]) -> set[str]:
    """Return what sentences say, without their numbers and values.

    Args:
        violations: The sentences.
    """
    return {_VALUES.sub("_", each.rsplit(": ", 1)[-1]) for each in violations}


class Shrinker:
    """Makes one plan smaller.

    Args:
        plan: A plan that fails.
        profile: Its profile.
        seconds: How long it may take, in real time.

    Attributes:
        plan: The smallest plan so far.
        tries: How many candidates were run.
    """

    def __init__(self, plan: Plan, profile: Profile, *, seconds: float = 300.0) -> None:
        self.plan = plan
        self.tries = 0
        self._profile = profile
        self._ends = time.monotonic() + seconds
        self._wanted = kinds(perform(profile, plan)[1])

    def shrink(self) -> Plan:
        """Return the smallest plan that was found."""
        size = 0
        while size != (size := len(self.plan.to_json())) and not self._is_over:
            for at in range(len(self.plan.steps)):
                self._shrink_step(at)
            for alias in self.plan.tenants:
                self._shrink_tenant(alias)
            self._shrink_faults()
            for values in ({"clock": ClockPlan()}, {"switch": 0.0}, {"lives": 2}, {"lives": 1}):
                self._try(changed(self.plan, **values))
        return self.plan

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self._ends

    def _shrink_step(self, at: int) -> None:
        step = self.plan.steps[at]
        self._fewer(step.lines, lambda left: self._with_step(at, lines=left))
        self._fewer(step.changes, lambda left: self._with_step(at, changes=left))
        for index, side in enumerate(step.sides):
            self._fewer_keys(side.settings, partial(self._with_settings, at, index))

    def _shrink_tenant(self, alias: str) -> None:
        tenant = self.plan.tenants[alias]
        for model, records in tenant.records.items():
            self._fewer(records, partial(self._with_records, alias, model))
        self._fewer_keys(tenant.behaviours, lambda left: self._with_tenant(alias, behaviours=left))
        self._fewer_keys(tenant.changing, lambda left: self._with_tenant(alias, changing=left))
        self._try(self._with_tenant(alias, lag_seconds=0.0))

    def _shrink_faults(self) -> None:
        """Replace rates by the faults that there were, and leave out all that are not needed."""
        if self.plan.rates:
            story, _ = perform(self._profile, self.plan)
            if not self._try(changed(self.plan, rates={}, faults=story.faults(), left_out=[])):
                return
        happened = list(self.plan.faults.items())
        self._fewer(happened, lambda left: changed(self.plan, faults=dict(left)))

    def _fewer(self, items: Sequence[Item], make: Callable[[list[Item]], Plan]) -> None:
        """Leave out as many of some items as possible, in pieces that become smaller."""
        left = list(items)
        piece = len(left)
        while piece and not self._is_over:
            at = 0
            while at < len(left):
                candidate = left[:at] + left[at + piece :]
                if self._try(make(candidate)):
                    left = candidate
                else:
                    at += piece
            piece //= 2

    def _fewer_keys(
        self, values: Mapping[str, Any], make: Callable[[dict[str, Any]], Plan]
    ) -> None:
        self._fewer(list(values.items()), lambda left: make(dict(left)))

    def _try(self, plan: Plan) -> bool:
        """Keep a plan if it fails as the first one did; return whether it does."""
        if plan == self.plan or self._is_over:
            return False
        self.tries += 1
        try:
            _, violations = perform(self._profile, plan)
        except Exception:  # noqa: BLE001 - a candidate may make no sense at all
            return False
        if not kinds(violations) & self._wanted:
            return False
        self.plan = plan
        return True

    def _with_step(self, at: int, **values: Any) -> Plan:  # noqa: ANN401 - attributes of a step
        steps = _replaced(self.plan.steps, at, **values)
        return changed(self.plan, steps=steps)

    def _with_settings(self, at: int, index: int, settings: dict[str, Any]) -> Plan:
        sides = _replaced(self.plan.steps[at].sides, index, settings=settings)
        return self._with_step(at, sides=tuple(sides))

    def _with_records(self, alias: str, model: str, left: list[Any]) -> Plan:
        records = {**self.plan.tenants[alias].records, model: left}
        return self._with_tenant(alias, records=records)

    def _with_tenant(self, alias: str, **values: Any) -> Plan:  # noqa: ANN401 - of a tenant
        tenant = replace(self.plan.tenants[alias], **values)
        return changed(self.plan, tenants={**self.plan.tenants, alias: tenant})


def _replaced(items: Sequence[Any], at: int, **values: Any) -> list[Any]:  # noqa: ANN401
    return [replace(item, **values) if index == at else item for index, item in enumerate(items)]
