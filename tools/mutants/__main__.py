"""`python -m tools.mutants` tries a sample of mutants of each room, and prints the scores.

Mutants that survive are added to a file, in which a person says of each what it is and why. The
exit code is 1 if one of those that were tried is a hole, or has not been looked at.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mutants import process, survivors
from tools.mutants.mutant import mutants_of, sample_of
from tools.mutants.record import record
from tools.mutants.report import table
from tools.mutants.rooms import Project
from tools.mutants.survivors import HOLE, UNDECIDED
from tools.mutants.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.mutants.mutant import Mutant
    from tools.mutants.trial import Outcome

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, and do what it says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument(
        "--room", action="append", help="only this room; may be given several times"
    )
    parser.add_argument("--sample", type=int, default=15, help="how many mutants of each room")
    parser.add_argument("--seed", type=int, default=1, help="chooses them")
    parser.add_argument("--survivors", action="store_true", help="only those that have survived")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes run at once")
    parser.add_argument(
        "--budget", type=float, default=60.0, help="seconds that the tests of one may take together"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    parser.add_argument(
        "--rooms", type=Path, default=Path(__file__).with_name("rooms.json"), help="its rooms"
    )
    given = parser.parse_args(arguments)
    project = Project.read(given.rooms, given.root.resolve())
    everything = {
        room.name: mutants_of(room.name, project.root, room.modules)
        for room in project.rooms
        if not given.room or room.name in given.room
    }
    decisions = survivors.read(project.survivors)
    chosen: list[Mutant] = []
    for mutants in everything.values():
        if given.survivors:
            chosen += [mutant for mutant in mutants if mutant.name in decisions]
        else:
            chosen += sample_of(mutants, given.sample, given.seed)
    process.load(project.load_first)
    calls = record(project, given.jobs)
    trial = Trial(project, calls, jobs=given.jobs, budget=given.budget)
    outcomes: list[Outcome] = []
    for outcome in trial.outcomes(chosen):
        outcomes.append(outcome)
        _print(outcome)
    if wrong := trial.failing_without(each.failed for each in outcomes if each.failed):
        sys.exit(f"these tests fail without any mutant, so nothing follows: {', '.join(wrong)}")
    trial.clean_up()
    existing = {mutant.name for mutants in everything.values() for mutant in mutants}
    tried = {path for room in project.rooms if room.name in everything for path in room.modules}
    # What is known of other rooms stays.
    existing |= {name for name in decisions if project.root / name.path not in tried}
    decisions = survivors.updated(decisions, outcomes, existing)
    survivors.write(project.survivors, decisions)
    totals = {room: len(mutants) for room, mutants in everything.items()}
    sys.stdout.write("\n" + table(totals, outcomes, decisions))
    left = {decisions[each.mutant.name].kind for each in outcomes if each.mutant.name in decisions}
    return int(bool(left & {HOLE, UNDECIDED}))


def _print(outcome: Outcome) -> None:
    if outcome.ending is None:
        what = "survives, since no test calls it"
    elif outcome.is_noticed:
        what = f"noticed by {outcome.failed or outcome.ending.value}"
    else:
        what = f"survives {outcome.tests} tests"
    sys.stdout.write(f"{outcome.mutant}\n    {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
