"""How many seeds of each profile have been done, and what happened in them: `totals.json`.

`python -m simulation.totals --profile P --seeds 1000 --jobs 2` continues after the last seed that
was done, and writes the table of `docs/reliability.md`. The file has the figures by profile and by
the commit whose code was run: the first commit of a profile began with seed 1, each other one where
the commit before it ended.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import reduce
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulation.profile import names
from simulation.seeds import run_seeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from simulation.seeds import Tally

ROOT: Final = Path(__file__).parents[1]
TOTALS: Final = Path(__file__).with_name("totals.json")
DOCUMENT: Final = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- simulation:begin -->", "<!-- simulation:end -->"
SLICE: Final = 25
"""Seeds that are run by one process before it gets others, and before the files are written."""

HEAD: Final = (
    "| profile | seeds | lives | faults | crashes | virtual hours | seeds with violations |\n"
    f"|---|{'---:|' * 6}"
)

Done = dict[str, int]
"""What was done of one profile: `seeds` (how many), what happened in them (`lives`, `faults`,
`crashes`, virtual `seconds`), and `violations`, the number of seeds with any."""

Totals = dict[str, dict[str, Done]]
"""What was done, by profile and commit."""


def commit() -> str:
    """Return the commit whose code is run.

    Raises:
        SystemExit: The code differs from it: then nobody could run the same seeds again.
    """
    if _git("status", "--porcelain", "--", "*.py"):
        sys.exit("the code differs from the last commit: commit it first")
    return _git("rev-parse", "--short=12", "HEAD")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607 - whichever git there is
    return done.stdout.strip()


def done_in(tally: Tally) -> Done:
    """Return what was done in some seeds.

    Args:
        tally: The seeds.
    """
    counts = tally.counts
    return {
        "seeds": tally.seeds,
        "lives": counts["lives"],
        "faults": counts["faults"],
        "crashes": counts["crash"],
        "seconds": counts["seconds"],
        "violations": len(tally.wrong),
    }


def added(before: Mapping[str, int], more: Mapping[str, int]) -> Done:
    """Return the sums of what was done.

    Args:
        before: What was done before; empty if nothing was.
        more: What was done after that.
    """
    return {name: before.get(name, 0) + value for name, value in more.items()}


def total(several: Iterable[Mapping[str, int]]) -> Done:
    """Return the sums of what was done several times; nothing of nothing."""
    return reduce(added, several, {})


def table(totals: Totals) -> str:
    """Return the table of the page: a row for each profile, and one for all of them.

    Args:
        totals: What was done.
    """
    profiles = {name: total(commits.values()) for name, commits in sorted(totals.items())}
    whole = total(profiles.values())
    rows = [_row(f"`{name}`", done) for name, done in profiles.items()]
    return "\n".join([HEAD, *rows, *([_row("all", whole)] if whole else [])])


def _row(name: str, done: Mapping[str, int]) -> str:
    figures = {**done, "seconds": round(done["seconds"] / 3600)}
    return f"| {name} | {' | '.join(f'{each:,}' for each in figures.values())} |"


def write(totals: Totals, path: Path, page: Path) -> None:
    """Write the totals, and the table with them.

    Args:
        totals: What was done.
        path: The file of the totals.
        page: The page with the table.
    """
    path.write_text(json.dumps(dict(sorted(totals.items())), indent=1) + "\n")
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{table(totals)}\n{END}{rest.partition(END)[2]}")


def go_on(
    profiles: Sequence[str],
    seeds: int,
    *,
    version: str,
    jobs: int = 1,
    path: Path = TOTALS,
    page: Path = DOCUMENT,
) -> Iterator[Tally]:
    """Run the seeds after the last ones that were done.

    Args:
        profiles: The profiles.
        seeds: How many seeds of each.
        version: The commit whose code is run.
        jobs: How many processes.
        path: The file of the totals.
        page: The page with the table.

    Yields:
        What was done, a slice at a time; the files have it by then.
    """
    totals: Totals = json.loads(path.read_text()) if path.exists() else {}
    spawn = get_context("spawn")  # a fork would take the threads of this process for alive
    several = ProcessPoolExecutor(jobs, mp_context=spawn) if jobs > 1 else nullcontext()
    with several as pool:
        run = pool.map if pool else map
        for profile in profiles:
            commits = totals.setdefault(profile, {})
            first = 1 + total(commits.values()).get("seeds", 0)
            ends = first + seeds
            slices = [range(at, min(at + SLICE, ends)) for at in range(first, ends, SLICE)]
            for tally in run(run_seeds, [profile] * len(slices), slices):
                commits[version] = added(commits.get(version, {}), done_in(tally))
                write(totals, path, page)
                yield tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the next seeds of some profiles; return 1 if anything is wrong.

    Args:
        arguments: The command line; None for that of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m simulation.totals", description=__doc__)
    parser.add_argument("--profile", action="append", choices=names(), help="all if not given")
    parser.add_argument("--seeds", type=int, default=1000, help="how many of each")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    is_right, profiles = True, options.profile or names()
    for tally in go_on(profiles, options.seeds, version=commit(), jobs=options.jobs):
        is_right &= not tally.wrong
        for seed, sentences in tally.wrong.items():
            wrong = "".join(f"    {each}\n" for each in sentences)
            sys.stdout.write(f"{tally.profile} seed {seed}:\n{wrong}")
            sys.stdout.flush()
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
