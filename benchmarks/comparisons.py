"""The claims: what is compared with what, the result, and its limit."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.subjects import (
    COPYING_BARE_WRITER,
    COPYING_TARGET,
    MAPPED_TARGET,
    OUR_DESTINATION,
    OUR_SOURCE,
    OUR_TAP,
    OUR_TARGET,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.rounds import Slope

# Every limit leaves room for noise: the worst round that was measured uses at most four fifths
# of it, since rounds on a shared machine differ by a third.
READING = {
    "requests + orjson loop": 0.6,
    "plain singer-sdk tap": 1 / 12,
    "Airbyte CDK": 1 / 5,
    "dlt": 1 / 7,
    "dlt, not gzipping": None,
    "cruds": None,
    "requests + json loop": None,
    "tap-planhat, gzip": None,
}
WRITING = {
    "requests + orjson loop": 1.2,
    "plain singer-sdk target": 1 / 12,
    "cruds": None,
    "requests + json loop": None,
}
COPYING = {COPYING_BARE_WRITER.name: 1.0}
AIRBYTE_READING = {"tap-planhat": 1.5, "Airbyte CDK": 1 / 5}
AIRBYTE_WRITING = {"target-planhat": 1.5}
SPEC_START = 0.7
CONCURRENT_TAP, CONCURRENT_TARGET = 1 / 4, 2 / 5
MAPPING_MICROSECONDS = 130.0
"""What ten expressions may cost for each record."""
MORE_MEMORY_MEGABYTES, MORE_START_SECONDS = 25.0, 0.1


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of the table.

    Attributes:
        what: Names both sides.
        samples: One value a round.
        limit: Upper limit of the median; None if it is only shown.
        unit: Of the values; ratios have none.
    """

    what: str
    samples: Sequence[float]
    limit: float | None
    unit: str = ""

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.samples)

    @property
    def holds(self) -> bool | None:
        """Whether the median is within the limit, if there is one."""
        return None if self.limit is None else self.value <= self.limit


def of_slopes(
    reading: Mapping[str, list[Slope]], writing: Mapping[str, list[Slope]]
) -> list[Claim]:
    """Compare CPU a record, round by round: ours with each of the others, mapped with unmapped.

    Args:
        reading: Slopes by the name of what read.
        writing: Slopes by the name of what wrote.
    """
    return [*_ratios(reading, writing), *_mapping(writing)]


def _ratios(reading: Mapping[str, list[Slope]], writing: Mapping[str, list[Slope]]) -> list[Claim]:
    sides = (
        (OUR_TAP.name, reading, READING),
        (OUR_SOURCE.name, reading, AIRBYTE_READING),
        (OUR_TARGET.name, writing, WRITING),
        (COPYING_TARGET.name, writing, COPYING),
        (OUR_DESTINATION.name, writing, AIRBYTE_WRITING),
    )
    return [
        Claim(
            f"CPU a record: {ours} / {other}",
            [
                mine.microseconds / theirs.microseconds
                for mine, theirs in zip(taken[ours], taken[other], strict=True)
            ],
            limit,
        )
        for ours, taken, limits in sides
        for other, limit in limits.items()
        if ours in taken and other in taken
    ]


def _mapping(writing: Mapping[str, list[Slope]]) -> list[Claim]:
    mapped, plain = (
        [slope.microseconds for slope in writing.get(subject.name, ())]
        for subject in (MAPPED_TARGET, OUR_TARGET)
    )
    if not mapped or not plain:
        return []
    what = f"CPU a record: {MAPPED_TARGET.name} over {OUR_TARGET.name}"
    return [of_differences(what, mapped, plain, MAPPING_MICROSECONDS, "µs")]


def of_ratios(what: str, ours: Sequence[float], others: Sequence[float], limit: float) -> Claim:
    """Compare the ratio of two sides, round by round.

    Args:
        what: Names both sides.
        ours: Values of the side that is to have less.
        others: Values of the other.
        limit: What the ratio may be at most.
    """
    return Claim(what, [mine / their for mine, their in zip(ours, others, strict=True)], limit)


def of_differences(
    what: str, more: Sequence[float], less: Sequence[float], limit: float, unit: str
) -> Claim:
    """Compare the difference of two sides, round by round.

    Args:
        what: Names both sides.
        more: Values of the side that may have more.
        less: Values of the other.
        limit: What the difference may be at most.
        unit: Of the values.
    """
    return Claim(what, [a - b for a, b in zip(more, less, strict=True)], limit, unit)
