"""`python -m simulation.mutants`: after how many seeds each bug put in on purpose is seen."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from statistics import median_low
from typing import TYPE_CHECKING, Any

from simulation.mutants.listed import MUTANTS
from simulation.mutants.mutant import MutantError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulation.mutants.mutant import Mutant

    Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Hunt:
    """What became of one mutant.

    Attributes:
        mutant: The mutant.
        profile: The profile that saw it, or the last one that did not.
        seeds: How many seeds of it that took.
        seconds: How many seconds of CPU time, over all of its profiles.
        violation: What was seen first; empty if nothing was.
        is_its_own: Whether the plan that showed it shows nothing without the mutant.
    """

    mutant: Mutant
    profile: str
    seeds: int
    seconds: float
    violation: str
    is_its_own: bool = True

    @property
    def is_right(self) -> bool:
        """Whether it was seen, or cannot be."""
        return self.is_its_own and bool(self.violation) != bool(self.mutant.equivalent)

    def __str__(self) -> str:
        outcome = f"seen after {self.seeds} seeds" if self.violation else "not seen"
        outcome += "" if self.is_its_own else " (the last one fails without it too)"
        why = f"; equivalent: {self.mutant.equivalent}" if self.mutant.equivalent else ""
        mark = "ok  " if self.is_right else "FAIL"
        text = f"{mark} {self.mutant.name}: {outcome} of {self.profile}, {self.seconds:.1f} s{why}"
        return f"{text}\n       {self.violation}" if self.violation else text


def hunt(mutant: Mutant, seconds: float, ask: Ask | None = None) -> Hunt:
    """Look for a mutant in each of its profiles, until one sees it.

    Args:
        mutant: The mutant.
        seconds: How long to look in each profile.
        ask: Runs seeds of a profile, in a process of their own if None.

    Raises:
        MutantError: A process that looks for it has failed.
    """
    ask = ask or _ask
    taken = 0.0
    found = Hunt(mutant, "", 0, 0.0, "")
    for profile in mutant.profiles:
        answer = ask(mutant, profile, str(seconds))
        taken += answer["seconds"]
        found = Hunt(mutant, profile, answer["seeds"], taken, "".join(answer["seen"]))
        if found.violation:
            own = not ask(mutant, profile, "--without", str(found.seeds))["seen"]
            return replace(found, is_its_own=own)
    return found


def _ask(mutant: Mutant, profile: str, *arguments: str) -> dict[str, Any]:
    """Return what a process has found that runs seeds of a profile."""
    command = [sys.executable, "-m", "simulation.mutants.hunt", mutant.name, profile, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise MutantError(f"{mutant.name}, {profile}: {done.stderr.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def table(found: Sequence[Hunt]) -> str:
    """Return a table in Markdown: what each profile has seen, and after how many seeds at most.

    Args:
        found: What became of the mutants.
    """
    seen: defaultdict[str, list[Hunt]] = defaultdict(list)
    for each in found:
        if each.violation and each.is_its_own:
            seen[each.profile].append(each)
            seen["all"].append(each)
    lines = [_row(profile, hunts) for profile, hunts in sorted(seen.items(), key=_all_last)]
    head = "| seen by | bugs | seeds, median | seeds, most | CPU seconds, most |"
    return "".join(f"{line}\n" for line in (head, "|---|---:|---:|---:|---:|", *lines))


def _row(profile: str, hunts: Sequence[Hunt]) -> str:
    seeds = [each.seeds for each in hunts]
    slowest = max(each.seconds for each in hunts)
    cells = (profile, len(hunts), median_low(seeds), max(seeds), f"{slowest:.1f}")
    return f"| {' | '.join(map(str, cells))} |"


def _all_last(row: tuple[str, object]) -> tuple[bool, str]:
    return row[0] == "all", row[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Look for all mutants; return 1 if one was not seen, or one that cannot be.

    Args:
        arguments: The command line; None for that of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m simulation.mutants", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to look for each")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="those whose names contain this")
    options = parser.parse_args(arguments)
    chosen = [each for each in MUTANTS if options.only in each.name]
    hunts: list[Hunt] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for found in pool.map(partial(hunt, seconds=options.seconds), chosen):
            sys.stdout.write(f"{found}\n")
            sys.stdout.flush()
            hunts.append(found)
    wrong = sum(not found.is_right for found in hunts)
    sys.stdout.write(
        f"\n{table(hunts)}\n{len(chosen) - wrong} of {len(chosen)} as they should be\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
