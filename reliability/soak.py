"""Runs tap and target for hours, with faults at a low rate and millions of records.

Memory is sampled. It runs in rounds, each a new pair of tenants and one run of the pipe. It can
be stopped after any of them: the results are kept in a file.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.memory import MemorySamples
from reliability.pipe import run_pipe
from reliability.singer import SingerPair
from reliability.world import World

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

FAULTS = (
    ("status", {"status": 503, "probability": 0.02}),
    ("status", {"status": 429, "probability": 0.02, "retry_after": "0"}),
    ("reset-before", {"probability": 0.02}),
    ("reset-after", {"probability": 0.02}),
    ("cut-body", {"probability": 0.02}),
    ("body", {"probability": 0.02, "kind": "html"}),
    ("slow", {"probability": 0.02, "seconds": 0.5}),
)


@dataclass(frozen=True)
class Round:
    """The result of one run of the pipe.

    Attributes:
        number: Which round; also its seed.
        records: How many records were copied.
        seconds: How long the run took.
        requests: Requests that the sandbox saw.
        fired: How often faults fired.
        tap_peak_kb: Most memory that the tap held.
        target_peak_kb: Most memory that the target held.
        tap_slope: Memory that the tap gained in the second half of the run, in bytes a record.
        target_slope: The same of the target.
        wrong: What must not have happened.
    """

    number: int
    records: int
    seconds: float
    requests: int
    fired: int
    tap_peak_kb: int
    target_peak_kb: int
    tap_slope: float
    target_slope: float
    wrong: tuple[str, ...]


def soak(file: Path, *, records: int, a_round: int, minutes: float) -> list[Round]:
    """Go on with a soak for one slice.

    Args:
        file: Holds the rounds that are done; made if it is not there.
        records: How many records there are to be in all.
        a_round: How many records a round has.
        minutes: Length of the slice; the round that is under way is finished.

    Returns:
        All rounds so far.
    """
    rounds = [Round(**each) for each in json.loads(file.read_text())] if file.exists() else []
    ends_at = time.monotonic() + minutes * 60
    while sum(each.records for each in rounds) < records and time.monotonic() < ends_at:
        rounds.append(_run_round(len(rounds) + 1, a_round))
        file.write_text(json.dumps([asdict(each) for each in rounds], indent=1))
    return rounds


def _run_round(number: int, records: int) -> Round:
    with (
        World(number, issues=records, objectives=0) as world,
        tempfile.TemporaryDirectory() as name,
    ):
        armed = [world.sandbox.fault(fault, **options) for fault, options in FAULTS]
        memory = {"tap": MemorySamples(), "target": MemorySamples()}

        def watch(tap: subprocess.Popen[bytes], target: subprocess.Popen[bytes]) -> None:
            memory["tap"].watch(tap)
            memory["target"].watch(target)

        began = time.monotonic()
        run = run_pipe(
            SingerPair(),
            Path(name),
            world.sandbox.url,
            reader={"page_size": 1000},
            writer={"batch_size_rows": 1000},
            started=watch,
            long=True,
        )
        seconds = time.monotonic() - began
        fired = sum(each.fired for each in armed)
        requests = len(world.sandbox.requests)
        world.sandbox.faults.clear()
        world.sandbox.settle()
        wrong = [*run.problems(), *world.differences()[:5]]
        if not run.succeeded:
            wrong.append(f"exit codes {run.reader_code} and {run.writer_code}")
    rate = records / seconds
    return Round(
        number=number,
        records=records,
        seconds=round(seconds, 1),
        requests=requests,
        fired=fired,
        tap_peak_kb=memory["tap"].peak,
        target_peak_kb=memory["target"].peak,
        tap_slope=round(memory["tap"].slope * 1024 / rate, 2),
        target_slope=round(memory["target"].slope * 1024 / rate, 2),
        wrong=tuple(wrong),
    )


def total(rounds: Sequence[Round]) -> str:
    """Return the sums of all rounds in one line.

    Args:
        rounds: At least one. The slopes are those of the longest, where noise weighs least.
    """
    longest = max(rounds, key=lambda each: each.records)
    sums = [
        sum(getattr(each, name) for each in rounds) for name in ("records", "requests", "fired")
    ]
    tap, target = (
        max(getattr(each, name) for each in rounds) // 1000
        for name in ("tap_peak_kb", "target_peak_kb")
    )
    bad = sum(bool(each.wrong) for each in rounds)
    return (
        f"{sums[0]:,} records in {len(rounds)} rounds and {sum(e.seconds for e in rounds):,.0f} s, "
        f"{sums[1]:,} requests, faults fired {sums[2]:,} times, {bad} rounds failed; memory at "
        f"most {tap} MB (tap) and {target} MB (target); in the second half of the longest round "
        f"({longest.records:,} records) {longest.tap_slope:+} bytes a record (tap) and "
        f"{longest.target_slope:+} (target)"
    )
