"""A reject file as it would be read, and what must hold of its lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.oracles.inputs import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.story import Life

WORDS = frozenset({"code", "message", "line", "rejected_at", "property"})


@dataclass(frozen=True)
class Filed:
    """A reject in the file.

    Attributes:
        number: Number of its line in the input of the plan; 0 if no line has its record.
        line: Number of its line in the input of its run, as the reject says.
        code: Its code.
        message: Its message.
        record: The record.
        stream: Its stream.
        ends: How many bytes of the file it takes to hold it.
    """

    number: int
    line: int
    code: str
    message: str
    record: Mapping[str, Any]
    stream: str
    ends: int


def read_rejects(data: bytes, numbers: Mapping[int, int]) -> tuple[list[Filed], list[str]]:
    """Read a reject file.

    Args:
        data: Its bytes; half a line at the end, which a kill has left, is ignored.
        numbers: Number of the line of the input that has each sequence.

    Returns:
        The rejects, and what is wrong with the file, one sentence each.
    """
    rejects: list[Filed] = []
    wrong: list[str] = []
    schemas: set[str] = set()
    ends = 0
    for line in data.split(b"\n")[:-1]:
        ends += len(line) + 1
        try:
            message = json.loads(line)
        except ValueError:
            wrong.append(f"the reject file has half a line in its middle, before byte {ends}")
            continue
        stream = message.get("stream", "")
        if message.get("type") == "SCHEMA":
            schemas.add(stream)
            continue
        reject, record = message.get("reject", {}), message.get("record", {})
        if stream not in schemas:
            wrong.append(f"the reject file has a reject of {stream} before any SCHEMA of it")
        if not reject.keys() <= WORDS or not {"code", "message", "line"} <= reject.keys():
            wrong.append(f"a reject has the words {sorted(reject)}")
            continue
        number = numbers.get(record.get(SEQUENCE), 0)
        rejects.append(
            Filed(number, reject["line"], reject["code"], reject["message"], record, stream, ends)
        )
    return rejects, wrong


def misquoted(reject: Filed, lines: Sequence[str], life: Life) -> str:
    """Return what a reject says wrongly about where it came from, empty if nothing.

    Args:
        reject: It.
        lines: All lines of the input.
        life: The run that has written it.
    """
    if not 0 < reject.number <= len(lines):
        return f"a reject has a record that no line of the input has: {dict(reject.record)}"
    came = json.loads(lines[reject.number - 1])
    if json.dumps(came.get("record")) != json.dumps(reject.record):
        return f"the reject of line {reject.number} does not have the record that came in it"
    fed = lines[reject.number - 1].encode()
    if len(life.fed) < reject.line or life.fed[reject.line - 1] != fed:
        return f"the reject of line {reject.number} says that it came in line {reject.line}"
    return ""
