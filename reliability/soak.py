"""The pipe for hours: faults at a low rate, millions of records, and the memory it holds.

It is done in rounds, each a new pair of tenants and one run of the pipe, and can be stopped after
any of them: what was done is in a file.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.pipe import run_pipe
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
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Round:
    """What came of one run of the pipe.

    Attributes:
        number: Which round; also its seed.
        records: How many records were copied.
        seconds: How long the run took.
        requests: Requests that the sandbox saw.
        struck: How often faults struck.
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
    struck: int
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
        rounds.append(_play(len(rounds) + 1, a_round))
        file.write_text(json.dumps([asdict(each) for each in rounds], indent=1))
    return rounds


def _play(number: int, records: int) -> Round:
    with (
        World(number, issues=records, objectives=0) as world,
        tempfile.TemporaryDirectory() as name,
    ):
        armed = [world.sandbox.fault(fault, **options) for fault, options in FAULTS]
        memory = {"tap": _Memory(), "target": _Memory()}

        def watch(tap: subprocess.Popen[bytes], target: subprocess.Popen[bytes]) -> None:
            memory["tap"].watch(tap)
            memory["target"].watch(target)

        began = time.monotonic()
        passed = run_pipe(
            Path(name),
            world.sandbox.url,
            tap={"page_size": 1000},
            target={"batch_size_rows": 1000},
            started=watch,
            patience_seconds=3600,
        )
        seconds = time.monotonic() - began
        struck = sum(each.fired for each in armed)
        requests = len(world.sandbox.requests)
        world.sandbox.faults.clear()
        world.sandbox.settle()
        wrong = [*passed.complaints(), *world.differences()[:5]]
        if not passed.succeeded:
            wrong.append(f"exit codes {passed.tap_code} and {passed.target_code}")
    rate = records / seconds
    return Round(
        number=number,
        records=records,
        seconds=round(seconds, 1),
        requests=requests,
        struck=struck,
        tap_peak_kb=memory["tap"].peak,
        target_peak_kb=memory["target"].peak,
        tap_slope=round(memory["tap"].slope * 1024 / rate, 2),
        target_slope=round(memory["target"].slope * 1024 / rate, 2),
        wrong=tuple(wrong),
    )


class _Memory:
    """Samples of what a process holds."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        """Sample a process until it ends."""
        threading.Thread(target=self._sample, args=(process,), daemon=True).start()

    @property
    def peak(self) -> int:
        """The most, in kB."""
        return max((held for _, held in self._samples), default=0)

    @property
    def slope(self) -> float:
        """Growth in the second half of the run, in kB a second (least squares)."""
        return _slope(self._samples[len(self._samples) // 2 :])

    def _sample(self, process: subprocess.Popen[bytes]) -> None:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            with contextlib.suppress(OSError, StopIteration, ValueError):
                lines = status.read_text().splitlines()
                held = next(line for line in lines if line.startswith("VmRSS"))
                self._samples.append((time.monotonic(), int(held.split()[1])))
            time.sleep(SAMPLE_SECONDS)


def _slope(samples: Sequence[tuple[float, int]]) -> float:
    if len(samples) < 2:  # noqa: PLR2004 - a line needs two points
        return 0.0
    middle = sum(at for at, _ in samples) / len(samples)
    mean = sum(held for _, held in samples) / len(samples)
    spread = sum((at - middle) ** 2 for at, _ in samples)
    return sum((at - middle) * (held - mean) for at, held in samples) / spread if spread else 0.0
