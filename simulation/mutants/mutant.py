"""A bug that is put in on purpose: a small replacement of text in one module, as it is imported.

The files of the checkout are not changed.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from simulation.plan import changed
from tools.replaced_module import replace_module

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.plan import Plan, Step


class MutantError(ValueError):
    """A mutant does not fit the source any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug.

    Attributes:
        name: What is wrong, in a few words.
        module: The module.
        text: What stands there, exactly once.
        instead: What is put in its place.
        profiles: The profiles that should see it, the one that should see it first in front.
        rates: Rates of faults of all plans in which it is looked for, whatever their seeds draw:
            without them it shows too seldom.
        settings: The same for settings of the program that writes.
        equivalent: Why nothing can see it; empty if it has to be seen.
    """

    name: str
    module: str
    text: str
    instead: str
    profiles: tuple[str, ...]
    rates: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    equivalent: str = ""

    def applied(self, source: str) -> str:
        """Return the source of the module with the bug in it.

        Args:
            source: The source of the module.

        Raises:
            MutantError: The text does not stand there exactly once.
        """
        times = source.count(self.text)
        if times != 1:
            raise MutantError(f"{self.name}: its text stands {times} times in {self.module}")
        return source.replace(self.text, self.instead)

    def source(self) -> str:
        """Return the source of the module, as it is in the checkout.

        Raises:
            MutantError: There is no such module.
        """
        return self._loader().get_source(self.module) or ""

    def install(self) -> None:
        """Have this process import the module with the bug in it.

        Raises:
            MutantError: The text does not stand there, or there is no such module.
            ImportError: It has been imported already.
        """
        source = self.applied(self.source())
        replace_module(self.module, self._loader().path, source.encode())

    def aimed(self, plan: Plan) -> Plan:
        """Return a plan with the rates and settings with which this is looked for.

        Args:
            plan: A plan of one of its profiles.
        """
        steps = [self._with_settings(step) for step in plan.steps]
        return changed(plan, rates={**plan.rates, **self.rates}, steps=steps)

    def _with_settings(self, step: Step) -> Step:
        *others, writer = step.sides
        writer = replace(writer, settings={**writer.settings, **self.settings})
        return replace(step, sides=(*others, writer))

    def _loader(self) -> SourceFileLoader:
        spec = importlib.util.find_spec(self.module)
        loader = spec.loader if spec else None
        if not isinstance(loader, SourceFileLoader):
            raise MutantError(f"{self.name}: there is no source of {self.module}")
        return loader
