"""Samples the resident memory of a process while it runs."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

SAMPLE_SECONDS = 0.2


class MemorySamples:
    """The resident memory of a process, sampled until it ends."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        """Sample a process until it ends."""
        threading.Thread(target=self._sample, args=(process,), daemon=True).start()

    @property
    def peak(self) -> int:
        """The maximum, in kB."""
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
