"""Profiles: what kinds of plans are drawn, and what must hold of their runs."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

from simulation.run import run

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.plan import Plan
    from simulation.story import Observer, Story

PACKAGE = "simulation.profiles"


class Profile(Protocol):
    """A module of `simulation.profiles`."""

    def plan(self, draws: Draws) -> Plan:
        """Draw a plan; its `profile` is the name of the module."""

    def observer(self, plan: Plan) -> Observer:
        """Return what watches a run of a plan."""

    def check(self, story: Story) -> list[str]:
        """Return what is wrong with a run that is over, one sentence each."""


def names() -> list[str]:
    """Return the names of all profiles."""
    package = importlib.import_module(PACKAGE)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def load(name: str) -> Profile:
    """Return a profile.

    Args:
        name: Its name.

    Raises:
        ModuleNotFoundError: There is none of this name.
    """
    return cast("Profile", importlib.import_module(f"{PACKAGE}.{name}"))


def perform(profile: Profile, plan: Plan) -> tuple[Story, list[str]]:
    """Run a plan and check it.

    Args:
        profile: Its profile.
        plan: The plan.

    Returns:
        What happened, and what is wrong with it, one sentence each.
    """
    observer = profile.observer(plan)
    story = run(plan, observer)
    return story, [*story.violations, *observer.violations, *profile.check(story)]
