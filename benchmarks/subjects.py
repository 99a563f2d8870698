"""What is measured: our connectors, the bare loops, the plain SDK plugins, the peers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import commands
from benchmarks.tracker import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.commands import Job
    from benchmarks.measure import Command


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that reads or writes issues.

    Attributes:
        name: How tables call it.
        command: Makes the process of a job.
        environment: The stem of its requirements in `benchmarks/peers/`, if it has its own.
        slow: Whether its cost shows over fewer rows.
        curiosity: Whether it is measured without a claim.
        gzip: Whether the server compresses its pages.
        form: The form of the messages that it writes, as `lines` names it.
    """

    name: str
    command: Callable[[Job], Command]
    environment: str | None = None
    slow: bool = False
    curiosity: bool = False
    gzip: bool = False
    form: str = "singer"

    def lines(self, folder: Path, rows: int) -> Path:
        """Return the file of messages that it writes.

        Args:
            folder: Where the files are.
            rows: How many records it has.
        """
        return folder / f"{self.form}-{rows}"


def _subject(
    name: str,
    environment: str,
    script: str,
    *first: str,
    slow: bool = False,
    curiosity: bool = False,
) -> Subject:
    command = commands.script(environment, script, *first)
    return Subject(name, command, environment, slow=slow, curiosity=curiosity)


OUR_TAP = Subject("tap-planhat", commands.tap)
OUR_SOURCE = Subject("source-planhat", commands.airbyte("source-planhat", "read"))
CDK_SOURCE = _subject("Airbyte CDK", "airbyte", "peers/airbyte_read.py", slow=True)
PLAIN_TAP = Subject("plain singer-sdk tap", commands.plain("tap"), slow=True)
READERS = [
    OUR_TAP,
    OUR_SOURCE,
    Subject("tap-planhat, gzip", commands.tap, curiosity=True, gzip=True),
    _subject("requests + orjson loop", "bare", "loops/read.py", "orjson"),
    _subject("requests + json loop", "bare", "loops/read.py", "json", curiosity=True),
    _subject("cruds", "cruds", "peers/cruds_read.py", curiosity=True),
    CDK_SOURCE,
    # By default it gzips what it extracts; no other subject does.
    _subject("dlt", "dlt", "peers/dlt_read.py", "gzip", slow=True),
    _subject("dlt, not gzipping", "dlt", "peers/dlt_read.py", "plain", slow=True, curiosity=True),
    PLAIN_TAP,
]

AFTER_TAP = " after the tap"
"""Ends the name of a subject that writes what `tap-planhat` prints."""
OUR_TARGET = Subject("target-planhat", commands.target())
# An `_id` means something in its own tenant alone, so a copy is matched by another keyable.
COPYING_TARGET = Subject(
    OUR_TARGET.name + AFTER_TAP, commands.target(match_on=["sourceId"]), form="tap"
)
MAPPED_TARGET = Subject(
    "target-planhat + mapping",
    commands.target(mappings=MAPPINGS, match_on=["sourceId"]),
    form="tracker",
)
OUR_DESTINATION = Subject(
    "destination-planhat", commands.airbyte("destination-planhat", "write"), form="airbyte"
)
BARE_WRITER = _subject("requests + orjson loop", "bare", "loops/write.py", "orjson")
COPYING_BARE_WRITER = replace(BARE_WRITER, name=BARE_WRITER.name + AFTER_TAP, form="tap")
PLAIN_TARGET = Subject("plain singer-sdk target", commands.plain("target"), slow=True)
WRITERS = [
    OUR_TARGET,
    COPYING_TARGET,
    OUR_DESTINATION,
    MAPPED_TARGET,
    BARE_WRITER,
    COPYING_BARE_WRITER,
    _subject("requests + json loop", "bare", "loops/write.py", "json", curiosity=True),
    _subject("cruds", "cruds", "peers/cruds_write.py", curiosity=True),
    PLAIN_TARGET,
]
