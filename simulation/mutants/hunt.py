"""Runs seeds of a profile with one bug put in, until one of them sees it; in a process of its own.

`python -m simulation.mutants.hunt NAME PROFILE SECONDS` prints what was found, as JSON.
`python -m simulation.mutants.hunt NAME PROFILE --without SEED` runs one seed without the bug.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import count

from simulation.mutants.listed import mutant_of


def look(name: str, profile: str, seconds: float) -> None:
    """Look for a bug.

    Args:
        name: Name of the mutant.
        profile: Name of the profile.
        seconds: How long to look, in CPU time, so that a busy machine makes no difference.
    """
    mutant_of(name).install()
    began = time.process_time()
    for seed in count(1):
        wrong = _perform(name, profile, seed)
        taken = time.process_time() - began
        if wrong or taken >= seconds:
            _print(seed, taken, wrong)
            return


def run_without(name: str, profile: str, seed: int) -> None:
    """Run the plan of one seed without the bug that it is aimed at.

    Args:
        name: Name of the mutant.
        profile: Name of the profile.
        seed: The seed.
    """
    _print(seed, 0.0, _perform(name, profile, seed))


def _perform(name: str, profile: str, seed: int) -> list[str]:
    # Only now: these import what the mutant is in.
    from simulation.draws import Draws  # noqa: PLC0415
    from simulation.profile import load, perform  # noqa: PLC0415

    module = load(profile)
    return perform(module, mutant_of(name).aimed(module.plan(Draws(seed))))[1]


def _print(seed: int, seconds: float, wrong: list[str]) -> None:
    found = {"seeds": seed, "seconds": round(seconds, 1), "seen": wrong[:1]}
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    if sys.argv[3] == "--without":
        run_without(sys.argv[1], sys.argv[2], int(sys.argv[4]))
    else:
        look(sys.argv[1], sys.argv[2], float(sys.argv[3]))
