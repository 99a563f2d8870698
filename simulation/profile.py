"""Profiles: what kinds of plans are drawn, and what must hold of their runs."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from simulation.run import run

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.plan import Plan
    from simulation.story import Observer, Story

Check = Callable[["Story"], list[str]]
PACKAGE = "simulation.profiles"


class Profile(Protocol):
    """A module of `simulation.profiles`.

    It may have `check(story)` too, which returns what is wrong with a run that is over, one
    sentence each, and which its observer does not find.
    """

    def plan(self, draws: Draws) -> Plan:
        """Draw a plan; its `profile` is the name of the module."""

    def observer(self, plan: Plan) -> Observer:
        """Return what watches a run of a plan."""


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
    check: Check = getattr(profile, "check", lambda _: [])
    return story, [*story.violations, *observer.violations, *check(story)]
