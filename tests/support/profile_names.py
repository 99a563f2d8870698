"""The profiles of the simulation by what they run."""

from simulation.draws import Draws
from simulation.plan import SOURCE, TAP
from simulation.profile import load, names


def _reads(name: str) -> bool:
    return load(name).plan(Draws(1)).steps[0].sides[0].plugin in {TAP, SOURCE}


READERS = tuple(filter(_reads, names()))
WRITERS = tuple(name for name in names() if name not in READERS)
