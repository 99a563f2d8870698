"""How much is run: everything, or a short run of one minute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes and repeats of one run of the benchmarks.

    Attributes:
        rounds: How often every subject is run.
        sizes: Fewer rows, more rows; the slope between them is the CPU a record.
        slow_sizes: The same for the subjects whose slope is steep enough to show over fewer.
        peers: Whether to run the subjects without a claim (cruds, the json loops) too.
        latency_rounds: How often the wall times under latency are taken.
        memory_rounds: How often the peaks of memory are taken.
        memory_sizes: Fewer rows, more rows for the peaks.
        start_rounds: How often start-up is taken.
    """

    rounds: int
    sizes: tuple[int, int]
    slow_sizes: tuple[int, int]
    peers: bool
    latency_rounds: int
    memory_rounds: int
    memory_sizes: tuple[int, int]
    start_rounds: int


WHOLE = Plan(
    rounds=5,
    sizes=(20_000, 200_000),
    slow_sizes=(20_000, 200_000),
    peers=True,
    latency_rounds=1,
    memory_rounds=2,
    memory_sizes=(10_000, 1_000_000),
    start_rounds=15,
)
QUICK = Plan(
    rounds=2,
    sizes=(10_000, 100_000),
    slow_sizes=(4_000, 20_000),
    peers=False,
    latency_rounds=0,
    memory_rounds=0,
    memory_sizes=(10_000, 100_000),
    start_rounds=5,
)
LATENCY_ROWS = 200_000
TAP_LATENCY_MILLISECONDS, TAP_WIDTH = 250, 8
TARGET_LATENCY_MILLISECONDS, TARGET_WIDTH = 500, 4
