"""Measures an incremental run that finds nothing new.

    python -m benchmarks.quiet [--rounds N]

Most runs of a schedule are such runs, and most of what they take is start-up. `tap-planhat`,
`source-planhat` and the least incremental tap of the SDK (`benchmarks/plain/incremental_tap.py`)
read a tenant of 20,000 issues, whose server answers after 100 ms; then each runs again, several
times in turn, with the state of that. It writes `docs/performance/quiet.json` and the table of
`docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import commands, document, pipe_tables
from benchmarks.commands import Job
from benchmarks.measure import PROJECT, Command, FailedRunError, measure
from benchmarks.report import circumstances, timed
from benchmarks.rounds import counts_of, rows_in, server
from benchmarks.subjects import OUR_SOURCE, OUR_TAP, PLAIN_TAP, Subject
from benchmarks.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Cost

ROWS, ROUNDS, LATENCY_MILLISECONDS = 20_000, 15, 100
FEW = 100
"""More issues than a tap reads again because they are of the time of its state."""


def _incremental(job: Job) -> Command:
    plain = PLAIN_TAP.command(job)
    argv = [sys.executable, "-m", "benchmarks.plain.incremental_tap", "--config", "ENV"]
    return replace(plain, argv=argv, environment={**plain.environment, "PYTHONPATH": str(PROJECT)})


_READ = commands.airbyte(
    OUR_SOURCE.name, "read", sync_mode="incremental", cursor_field=["updatedAt"]
)
SUBJECTS = [
    OUR_TAP,
    replace(OUR_SOURCE, command=_READ),
    Subject("plain singer-sdk tap, incremental", _incremental),
]


def _run(url: str, subject: Subject, rows: int, state: str = "") -> tuple[Cost, int, str]:
    """Run a tap once, with a state if there is one.

    Returns:
        What it cost, how many requests it sent, and its last state.

    Raises:
        FailedRunError: It did not read each row once or, with a state, read more than the newest.
    """
    tenant = Tenant(f"{random.getrandbits(48):x}", rows, LATENCY_MILLISECONDS)
    with tempfile.TemporaryDirectory(prefix="planhat-bench-") as given:
        folder = Path(given)
        command = subject.command(Job(url, tenant, folder))
        if state:
            path = folder / "state.json"
            path.write_text(state)
            command = replace(command, argv=[*command.argv, "--state", str(path)])
        cost = measure(command, folder)
        with (folder / "out").open("rb") as out:
            messages = [json.loads(line) for line in out]
        records = sum(one["type"] == "RECORD" for one in messages)
        if records > FEW if state else rows_in(folder) != rows:
            raise FailedRunError(f"{subject.name} read {records} of {rows} rows")
        states = [_state_of(one) for one in messages if one["type"] == "STATE"]
        return cost, counts_of(url, tenant)["requests"], states[-1] if states else state


def _state_of(message: dict[str, Any]) -> str:
    """Return the state that a STATE message holds, as the next run is given it."""
    is_singer = "value" in message
    return json.dumps(message["value"] if is_singer else [message["state"]])


def readings(
    url: str, subjects: Sequence[Subject], rows: int, rounds: int
) -> dict[str, dict[str, Any]]:
    """Return what the runs that find nothing cost, by subject, as JSON.

    Args:
        url: The server's address.
        subjects: What runs in turn.
        rows: How many issues there are; more than `FEW`.
        rounds: How often.

    Raises:
        FailedRunError: One did not read every row first, or more than the newest afterwards.
    """
    states = {subject.name: _run(url, subject, rows)[2] for subject in subjects}
    costs: dict[str, list[Cost]] = defaultdict(list)
    requests: dict[str, int] = {}
    for _ in range(rounds):
        for subject in random.sample(subjects, len(subjects)):
            cost, requests[subject.name], _ = _run(url, subject, rows, states[subject.name])
            costs[subject.name].append(cost)
    return {
        subject.name: {
            "wall_seconds": [round(cost.wall_seconds, 3) for cost in costs[subject.name]],
            "cpu_seconds": [round(cost.cpu_seconds, 3) for cost in costs[subject.name]],
            "requests": requests[subject.name],
        }
        for subject in subjects
    }


def main() -> None:
    """Measure, and write the results into the documentation."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each tap runs")
    given = parser.parse_args()
    with server() as url, timed("quiet runs"):
        found = readings(url, SUBJECTS, ROWS, given.rounds)
    results = {
        **circumstances(),
        "rows": ROWS,
        "latency_milliseconds": LATENCY_MILLISECONDS,
        "subjects": found,
    }
    print(pipe_tables.quiet(results))
    document.write(document.QUIET, results)


if __name__ == "__main__":
    try:
        main()
    except FailedRunError as error:
        sys.exit(f"benchmarks: {error}")
