"""The lines of a plan's input, as the oracles read them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SEQUENCE: Final = "_sdc_sequence"
"""Column by which a record of the input is recognized wherever it turns up. It begins with `_sdc_`,
so it is never sent (docs/writing.md, "From record to payload")."""


@dataclass(frozen=True)
class Line:
    """A message of the input.

    Attributes:
        number: Its number among all lines of the step, from 1.
        type: ``SCHEMA``, ``RECORD``, ``STATE`` or another type.
        stream: Name of its stream, empty if it has none.
        record: The record of a RECORD.
        sequence: What the record has as its sequence, which stays as it is when a plan shrinks.
        value: The value of a STATE.
    """

    number: int
    type: str
    stream: str = ""
    record: Mapping[str, Any] | None = None
    value: Any = None
    sequence: int = 0


def read_lines(lines: Iterable[str]) -> list[Line]:
    """Read the lines of a step.

    Args:
        lines: They, without line ends.
    """
    found = []
    for number, text in enumerate(lines, start=1):
        message = json.loads(text)
        record = message.get("record")
        found.append(
            Line(
                number,
                message["type"],
                message.get("stream", ""),
                record,
                message.get("value"),
                record.get(SEQUENCE, 0) if isinstance(record, dict) else 0,
            )
        )
    return found


def records(lines: Iterable[Line]) -> list[Line]:
    """Return those lines that are RECORDs."""
    return [line for line in lines if line.type == "RECORD"]


def state_after(lines: Sequence[Line], printed: bytes) -> int | None:
    """Return the number of the line of a state that was printed, None if none is that state.

    Args:
        lines: All lines of the step.
        printed: The printed line.
    """
    value = json.loads(printed)
    return next(
        (line.number for line in lines if line.type == "STATE" and line.value == value), None
    )
