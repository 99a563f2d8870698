"""On which side of the pipe a fault fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reliability.airbyte import AirbytePair
from reliability.singer import SingerPair

if TYPE_CHECKING:
    from reliability.pair import Pair

PAIRS: tuple[Pair, ...] = (SingerPair(), AirbytePair())


@dataclass(frozen=True)
class Side:
    """One connector in one way of running.

    Attributes:
        name: What it is called in the table.
        pair: The connectors that run.
        writes: Whether the fault meets the one that writes.
        incremental: Whether the run begins from the state of an earlier one.
    """

    name: str
    pair: Pair
    writes: bool = False
    incremental: bool = False


def _sides(pair: Pair) -> tuple[Side, ...]:
    return (
        Side(f"{pair.reader} full", pair),
        Side(f"{pair.reader} incremental", pair, incremental=True),
        Side(pair.writer, pair, writes=True),
    )


SIDES = tuple(side for pair in PAIRS for side in _sides(pair))
