"""`python -m simulation`: runs seeds of the profiles, or shows one of them in words."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count, cycle
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.corpus import FOLDER, keep
from simulation.draws import Draws
from simulation.profile import load, names, perform
from simulation.seeds import Tally, run_seeds
from simulation.shrinker import Shrinker
from simulation.totals import SLICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run what it asks for; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--profile", choices=names(), help="all of them if it is not given")
    parser.add_argument("--seed", type=int, help="one seed, in words if --trace is given")
    parser.add_argument("--seeds", help="FROM:TO, without TO")
    parser.add_argument("--seconds", type=float, help="run new seeds for so long")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--trace", action="store_true", help="show what happens")
    parser.add_argument("--plan", action="store_true", help="show the plan as JSON")
    parser.add_argument(
        "--shrink",
        type=Path,
        nargs="?",
        const=FOLDER,
        metavar="FOLDER",
        help="make a plan that fails smaller, and keep it in a folder, by default the corpus",
    )
    options = parser.parse_args(arguments)
    profiles = [options.profile] if options.profile else names()
    if options.seed is not None:
        return max(_show(each, options.seed, options) for each in profiles)
    tallies: dict[str, Tally] = {each: Tally(each) for each in profiles}
    spawn = get_context("spawn")  # a fork would take the threads of this process for alive
    with ProcessPoolExecutor(options.jobs, mp_context=spawn) as pool:
        work = _slices(profiles, options)
        waiting = [pool.submit(run_seeds, *each) for each in _first(work, options.jobs)]
        while waiting:
            done = waiting.pop(0).result()
            tallies[done.profile].add(done)
            for seed, wrong in done.wrong.items():
                _print(f"FAIL {done.profile} seed {seed}", *(f"     {each}" for each in wrong))
            waiting += [pool.submit(run_seeds, *each) for each in _first(work, 1)]
    _print(*map(str, tallies.values()))
    return 1 if any(tally.wrong for tally in tallies.values()) else 0


def _slices(
    profiles: Sequence[str], options: argparse.Namespace
) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield what there is to do, in pieces."""
    if options.seeds:
        first, last = map(int, options.seeds.split(":"))
        for begin in range(first, last, SLICE):
            for profile in profiles:
                yield profile, range(begin, min(begin + SLICE, last))
        return
    ends = time.monotonic() + (options.seconds or 60.0)
    begin = time.time_ns() // 1000
    for number, profile in zip(count(), cycle(profiles), strict=False):
        if time.monotonic() >= ends:
            return
        at = begin + number * SLICE
        yield profile, range(at, at + SLICE)


def _first(work: Iterator[tuple[str, Sequence[int]]], most: int) -> list[tuple[str, Sequence[int]]]:
    return [each for _, each in zip(range(most), work, strict=False)]


def _show(profile: str, seed: int, options: argparse.Namespace) -> int:
    """Run one seed, and show what was asked for."""
    module = load(profile)
    plan = module.plan(Draws(seed))
    if options.plan:
        _print(plan.to_json().decode())
    story, wrong = perform(module, plan)
    if options.trace:
        _print(story.trace().rstrip("\n"))
    _print(f"{profile} seed {seed}: {dict(sorted(story.counts.items()))}", *wrong)
    if options.shrink and wrong:
        smaller = Shrinker(plan, module, seconds=options.seconds or 300.0).shrink()
        left = perform(module, smaller)[1]
        file = keep(f"{profile}-{seed}", left[0], smaller, options.shrink)
        _print(*left, f"kept in {file}: say in it what was found, and give it a name that says it")
    return 1 if wrong else 0


def _print(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
