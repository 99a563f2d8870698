"""What is copied: reads ``copies.json`` and divides a stream into shards of companies.

A *copy* is one pipe from one tenant to one destination. A stream without ``shards`` is one task
that reads everything. With ``"shards": 4`` it is five: four that each read the companies of one
shard, and ``rest``, which reads without a filter and leaves out the records of those companies.
``rest`` is what makes a plan complete: a record of no company at all, of a company that is not in
the list, or of a new company, is in no shard, and must be copied too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

ALL = "all"
REST = "rest"


@dataclass(frozen=True, slots=True)
class Side:
    """The tap or the target of a copy.

    Attributes:
        command: Path of the program, or its name when it is on the worker's PATH.
        config: Its settings, without secrets.
        secrets: Environment variable → ``<connection id>.<field>`` of an Airflow connection.
    """

    command: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sharding:
    """How one stream is divided.

    Attributes:
        shards: Number of shards; 1 is one task for everything.
        companies: Planhat ids of the companies to divide, or ``listed``: ask Planhat once, when the
            stream is first divided into this number of shards. Companies that come later are
            ``rest``'s: a shard that took them in would have to be read from the beginning.
    """

    shards: int = 1
    companies: Sequence[str] | str = "listed"


@dataclass(frozen=True, slots=True)
class Copy:
    """One tenant to one destination.

    Attributes:
        name: Name of the copy; part of the key of its state, so a rename is a new full read.
        tap: What reads.
        target: What writes.
        streams: Stream → how it is divided.
        at_once: How many tasks of this copy may run at a time. They share the tenants' quotas.
        retries: How often a task is tried again; every attempt continues from the state of the
            previous one.
        retry_seconds: How long to wait before the first retry of a task; doubled for each more.
        lease_seconds: A task without a heartbeat for this long is considered dead, and its shard is
            released.
    """

    name: str
    tap: Side
    target: Side
    streams: Mapping[str, Sharding]
    at_once: int = 1
    retries: int = 3
    retry_seconds: int = 60
    lease_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Shard:
    """What one task reads.

    Attributes:
        name: ``all``, ``rest``, or ``2-of-4``.
        companies: Planhat ids: those that are read or, for ``rest``, those that are left out.
    """

    name: str
    companies: frozenset[str] = frozenset()

    def passes(self, line: bytes) -> bool:
        """Return whether a line of the tap is passed on to the target.

        Args:
            line: One Singer message.

        Returns:
            False for a record of ``rest`` that has one of the companies it leaves out: their shards
            read it. (A record of two shards arrives twice; as a keyed upsert it is written once.)
            False, in every shard, for ACTIVATE_VERSION: it tells a warehouse to delete what was not
            in this read, and that is everything that the other shards have written.
        """
        if self.name == ALL:
            return True
        if self.name != REST and b"ACTIVATE_VERSION" not in line:
            return True
        message = json.loads(line)
        if message["type"] != "RECORD":
            return bool(message["type"] != "ACTIVATE_VERSION")
        record = message["record"]
        companies = record.get("companyIds") or [record.get("companyId")]
        return self.name != REST or self.companies.isdisjoint(companies)

    def returned(self, before: frozenset[str]) -> frozenset[str]:
        """Return the companies that go back to ``rest`` because no shard reads them any more.

        The bookmark of ``rest`` is not valid for them: it may be later than changes that their
        shard never read. (In the other direction the tap ensures it: it ignores a bookmark of other
        ``company_ids``, and reads the shard from the beginning.)

        Args:
            before: The companies that this task was given in the run before.

        Returns:
            Companies to read once without a bookmark.
        """
        return before - self.companies if self.name == REST else frozenset()


def read_copies(path: Path) -> dict[str, Copy]:
    """Read the copies, as the DAG is parsed; no network, no database.

    Args:
        path: A file like ``copies.json``.

    Returns:
        The copies by name, in the file's order.

    Raises:
        ValueError: The file names something that a copy does not have; says what.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: _copy(path, name, entry) for name, entry in entries.items()}


def plan(copy: Copy, listed: Callable[[str, int], Iterable[str]]) -> list[dict[str, Any]]:
    """Divide the streams of a copy into tasks.

    A company's shard is computed from its id, so that adding or removing a company moves no other.

    Args:
        copy: What to divide.
        listed: Gives the ids of the companies of a stream that is divided into this number of
            shards. It may miss some: they are ``rest``'s.

    Returns:
        One ``{"stream": …, "shard": …, "companies": […]}`` per task.
    """
    tasks: list[dict[str, Any]] = []
    for stream, how in copy.streams.items():
        if how.shards == 1:
            tasks.append({"stream": stream, "shard": ALL, "companies": []})
            continue
        asked = isinstance(how.companies, str)
        companies = frozenset(listed(stream, how.shards) if asked else how.companies)
        # A shard without companies would be a task without a filter: it would read everything.
        tasks += [
            {"stream": stream, "shard": shard, "companies": members}
            for shard, members in _divide(companies, how.shards).items()
            if members
        ]
        tasks.append({"stream": stream, "shard": REST, "companies": sorted(companies)})
    return tasks


def _divide(companies: frozenset[str], shards: int) -> dict[str, list[str]]:
    divided: dict[str, list[str]] = {f"{n}-of-{shards}": [] for n in range(1, shards + 1)}
    for company in sorted(companies):
        digest = hashlib.sha256(company.encode()).digest()
        divided[f"{int.from_bytes(digest[:8], 'big') % shards + 1}-of-{shards}"].append(company)
    return divided


def _copy(path: Path, name: str, entry: dict[str, Any]) -> Copy:
    try:
        streams = {stream: Sharding(**how) for stream, how in entry.pop("streams").items()}
        tap, target = Side(**entry.pop("tap")), Side(**entry.pop("target"))
        return Copy(name=name, tap=tap, target=target, streams=streams, **entry)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: copy {name!r} is not as it should be: {error}") from error
