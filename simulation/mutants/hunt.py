"""Runs seeds of a profile with one bug put in, until one of them sees it; in a process of its own.

`python -m simulation.mutants.hunt NAME PROFILE SECONDS` prints what was found, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import count

from simulation.mutants.listed import mutant_of


def main(name: str, profile: str, seconds: float) -> None:
    """Look for a bug.

    Args:
        name: Name of the mutant.
        profile: Name of the profile.
        seconds: How long to look, in CPU time, so that a busy machine makes no difference.
    """
    mutant = mutant_of(name)
    mutant.install()
    # Only now: these import what the mutant is in.
    from simulation.draws import Draws  # noqa: PLC0415
    from simulation.profile import load, perform  # noqa: PLC0415

    module = load(profile)
    began = time.process_time()
    for seed in count(1):
        _, wrong = perform(module, mutant.aimed(module.plan(Draws(seed))))
        taken = time.process_time() - began
        if wrong or taken >= seconds:
            found = {"seeds": seed, "seconds": round(taken, 1), "seen": wrong[:1]}
            sys.stdout.write(f"{json.dumps(found)}\n")
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
