"""`python -m reliability faults|kills|soak`."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.cell import CellResult, run_cell
from reliability.faults import TABLE
from reliability.kill_plan import Kill, plan_kills
from reliability.kills import KillResult, try_kill
from reliability.report import (
    as_markdown,
    faults_in_a_line,
    kills_as_markdown,
    kills_in_a_line,
)
from reliability.sides import PAIRS, SIDES
from reliability.soak import soak, total

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(prog="python -m reliability", description=__doc__)
    commands = parser.add_subparsers(required=True)
    faults = commands.add_parser("faults", help="every fault on every side")
    faults.add_argument("--only", default="", help="rows whose name contains this text")
    faults.add_argument("--side", choices=[side.name for side in SIDES])
    faults.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    faults.add_argument("--jobs", type=int, default=2)
    faults.add_argument("--write", type=Path, help="write the table here, as Markdown")
    faults.set_defaults(run=run_faults)
    kills = commands.add_parser("kills", help="signals at random instants and at named points")
    kills.add_argument(
        "--pair",
        choices=[pair.name for pair in PAIRS],
        help="the connectors of one protocol; of both if it is not given",
    )
    kills.add_argument(
        "--instants",
        type=int,
        default=120,
        help="how many kills of each pair; some come after the end of their run",
    )
    kills.add_argument("--seed", type=int, default=1)
    kills.add_argument("--only", type=int, help="one kill of the plan, by its number")
    kills.add_argument("--jobs", type=int, default=2)
    kills.add_argument("--write", type=Path, help="write the table here, as Markdown")
    kills.set_defaults(run=run_kills)
    soaking = commands.add_parser(
        "soak", help="millions of records, in slices that continue each other"
    )
    soaking.add_argument("--records", type=int, default=2_000_000)
    soaking.add_argument("--round", type=int, default=100_000, help="records of one run")
    soaking.add_argument("--minutes", type=float, default=10.0, help="length of this slice")
    soaking.add_argument("--file", type=Path, default=Path("soak.json"), help="what is done")
    soaking.set_defaults(run=run_soak)
    options = parser.parse_args(arguments)
    return int(options.run(options))


def run_faults(options: argparse.Namespace) -> int:
    """Run the fault table; return 1 if any cell fails."""
    cells = [
        (row, side, seed)
        for row, seed in product(TABLE, options.seeds)
        for side in row.sides
        if options.only in row.name and options.side in (None, side.name)
    ]
    results: list[CellResult] = []
    began = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda cell: run_cell(*cell), cells):
            results.append(result)
            _print(result)
    seconds = time.monotonic() - began
    sys.stdout.write(f"{faults_in_a_line(results, seconds)}\n")
    if options.write:
        options.write.write_text(as_markdown(results, seconds), encoding="utf-8")
    return 1 if any(result.wrong for result in results) else 0


def run_kills(options: argparse.Namespace) -> int:
    """Kill the pipes at every instant of a plan; return 1 if any was not survived."""
    pairs = [pair for pair in PAIRS if options.pair in (None, pair.name)]
    chosen = [
        kill
        for pair in pairs
        for kill in plan_kills(pair, options.instants, options.seed)
        if options.only in (None, kill.number)
    ]

    def attempt(kill: Kill) -> KillResult:
        result = try_kill(kill)
        mark = "FAIL" if result.wrong else "ok" if result.fired else "late"
        lines = [f"{mark:<5}{kill.number:<5}{kill}", *(f"     {line}" for line in result.wrong)]
        if result.wrong:
            lines.append(
                f"     again: python -m reliability kills --pair {kill.pair.name} "
                f"--instants {options.instants} --seed {options.seed} --only {kill.number}"
            )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        return result

    began = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(attempt, chosen))
    seconds = time.monotonic() - began
    sys.stdout.write(f"{kills_in_a_line(results, seconds)}\n")
    if options.write:
        options.write.write_text(kills_as_markdown(results, seconds), encoding="utf-8")
    return 1 if any(result.wrong for result in results) else 0


def run_soak(options: argparse.Namespace) -> int:
    """Continue a soak for one slice; return 1 if any record was lost or duplicated."""
    rounds = soak(
        options.file, records=options.records, a_round=options.round, minutes=options.minutes
    )
    for each in rounds:
        sys.stdout.write(
            f"{'FAIL' if each.wrong else 'ok':<5}round {each.number:<4}{each.records} records in "
            f"{each.seconds} s, {each.requests} requests, faults fired {each.fired} times; tap "
            f"{each.tap_peak_kb} kB, {each.tap_slope:+} bytes a record; target "
            f"{each.target_peak_kb} kB, {each.target_slope:+} bytes a record\n"
        )
        sys.stdout.writelines(f"     {wrong}\n" for wrong in each.wrong)
    done = sum(each.records for each in rounds)
    if done < options.records:
        sys.stdout.write(f"{options.records - done:,} to go: the same command continues\n")
    if rounds:
        sys.stdout.write(f"Total: {total(rounds)}\n")
    return 1 if any(each.wrong for each in rounds) else 0


def _print(result: CellResult) -> None:
    mark = "FAIL" if result.wrong else "ok"
    sys.stdout.write(
        f"{mark:<5}{result.row:<40}{result.side:<19}seed {result.seed:<4}"
        f"{result.outcome:<9}fired {result.fired:>3} times  {result.seconds:5.1f} s\n"
    )
    for wrong in result.wrong:
        sys.stdout.write(f"     {wrong}\n")
    if result.wrong:
        repeat = f"--only '{result.row}' --side '{result.side}' --seeds {result.seed}"
        sys.stdout.write(f"     again: python -m reliability faults {repeat}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
