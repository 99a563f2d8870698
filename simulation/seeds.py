"""Runs some seeds of a profile, and adds up what happened in them."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulation.draws import Draws
from simulation.profile import load, perform

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass
class Tally:
    """What was done with some seeds of one profile.

    Attributes:
        profile: Its name.
        seeds: How many.
        seconds: How long it took, in real time.
        counts: The sums of the counts of their stories.
        wrong: What is wrong, by seed.
    """

    profile: str
    seeds: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[int, list[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add what was done with other seeds."""
        self.seeds += other.seeds
        self.seconds += other.seconds
        self.counts.update(other.counts)
        self.wrong.update(other.wrong)

    def __str__(self) -> str:
        hours = self.counts["seconds"] / 3600
        return (
            f"{self.profile}: {self.seeds:,} seeds in {self.seconds:.0f} s, "
            f"{self.counts['lives']:,} lives, {self.counts['crash']:,} crashes, "
            f"{self.counts['stop']:,} stops, {self.counts['faults']:,} faults, "
            f"{self.counts['points']:,} points, {hours:,.0f} virtual hours, "
            f"{len(self.wrong)} seeds with violations"
        )


def run_seeds(profile: str, seeds: Sequence[int]) -> Tally:
    """Run some seeds of a profile.

    Args:
        profile: Its name.
        seeds: The seeds.
    """
    tally, module, began = Tally(profile), load(profile), time.monotonic()
    for seed in seeds:
        tally.seeds += 1
        try:
            story, wrong = perform(module, module.plan(Draws(seed)))
        except Exception:  # noqa: BLE001 - of a profile, for example; the other seeds are run too
            tally.wrong[seed] = [traceback.format_exc()]
            continue
        tally.counts.update(story.counts)
        if wrong:
            tally.wrong[seed] = wrong
    tally.seconds = time.monotonic() - began
    return tally
