"""The pipes that copy issues from one tenant into another: ours, and those beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.commands import HERE, OUR_BIN, settings_of
from benchmarks.environments import PYAIRBYTE, python_of
from benchmarks.measure import Command
from benchmarks.subjects import (
    COPYING_TARGET,
    OUR_DESTINATION,
    OUR_SOURCE,
    OUR_TAP,
    PLAIN_TAP,
    PLAIN_TARGET,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.commands import Job
    from benchmarks.subjects import Subject


@dataclass(frozen=True, slots=True)
class Pipe:
    """Something that reads issues from one tenant and writes them into another.

    Attributes:
        name: How tables call it.
        commands: Makes its processes, of which each reads what the one before prints. It is given
            the job of what reads and the job of what writes.
        environment: The environment that it runs in, if it has its own.
        is_ours: Whether every record has to arrive.
    """

    name: str
    commands: Callable[[Job, Job], Sequence[Command]]
    environment: str | None = None
    is_ours: bool = False


def _of(reader: Subject, writer: Subject) -> Callable[[Job, Job], Sequence[Command]]:
    return lambda read, write: [reader.command(read), writer.command(write)]


def _pyairbyte(read: Job, write: Job) -> Sequence[Command]:
    """Run both connectors in one program; its settings keep it from asking for other hosts."""
    environment = {
        "AIRBYTE_OFFLINE_MODE": "1",
        "DO_NOT_TRACK": "1",
        "AIRBYTE_PROJECT_DIR": str(read.folder),
        "AIRBYTE_LOGGING_ROOT": str(read.folder),
    }
    argv = [
        python_of(PYAIRBYTE),
        str(HERE / "peers" / "pyairbyte_copy.py"),
        str(OUR_BIN),
        json.dumps(settings_of(read)),
        json.dumps(settings_of(write, match_on=["sourceId"])),
    ]
    return [Command(argv, environment)]


PIPES = [
    Pipe("tap-planhat → target-planhat", _of(OUR_TAP, COPYING_TARGET), is_ours=True),
    Pipe("source-planhat → destination-planhat", _of(OUR_SOURCE, OUR_DESTINATION), is_ours=True),
    Pipe("the same two in PyAirbyte", _pyairbyte, PYAIRBYTE),
    Pipe("plain singer-sdk tap → target", _of(PLAIN_TAP, PLAIN_TARGET)),
]
