"""The state of one stream between runs: its bookmark, and what was learnt about the server.

It is kept as a JSON object. The names of the bookmark are those of Singer's SDK, so that a state
can be read by people and tools that know those; nothing else of Singer is needed here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import ConfigurationError, Section
from planhat_sync.reading.deletions.known_ids import KNOWN_IDS
from planhat_sync.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence
    from datetime import datetime

KEY = "replication_key"
BOOKMARK = "replication_key_value"
SORTS = "sorts_by_replication_key"
JOINS = "joins_company_ids"
COMPANIES = "company_ids"
ROWS = "rows"
VERIFIED = "replication_key_verified_at"
NOT_A_BOOKMARK = frozenset({KEY, SORTS, JOINS, COMPANIES, ROWS, VERIFIED, KNOWN_IDS})


class StateError(ConfigurationError):
    """What was given as the state is not the state of an earlier run."""

    section = Section.READING


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known of a stream before a run.

    Attributes:
        bookmark: Every change up to this time has been read; None if nothing has been read.
        sorts: Whether the server was seen to sort by the replication key; None if never checked.
        joins: Whether the server was seen to accept several company ids with commas between them.
        companies: The `companies_digest` of the companies that the bookmark is about; None for all
            companies.
        rows: How many rows the last full read found; None if it is not known.
        verified: When the last full read began, if it showed that the replication key, for which
            the user vouches, can be used.
        is_foreign: Whether the entry holds something else instead of a bookmark by the replication
            key, such as the bookmark of another tap.
    """

    bookmark: datetime | None = None
    sorts: bool | None = None
    joins: bool = False
    companies: str | None = None
    rows: int | None = None
    verified: datetime | None = None
    is_foreign: bool = False

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], key: str | None, stream: str) -> StreamState:
        """Read a stream's state.

        Args:
            entry: The stream's part of the state.
            key: The replication key; a bookmark by another key is not read.
            stream: Name of the stream, for the error.

        Raises:
            StateError: The bookmark is not a date-time.
        """
        value, rows = entry.get(BOOKMARK), entry.get(ROWS)
        bookmark = None
        if value and key and entry.get(KEY) == key:
            bookmark = parse_timestamp(value)
            if bookmark is None:
                raise StateError(
                    f"the state's bookmark of {stream} is not a date-time: give the state of an "
                    "earlier run, or none to read everything"
                )
        return cls(
            bookmark,
            sorts=entry.get(SORTS),
            joins=entry.get(JOINS, False),
            companies=entry.get(COMPANIES),
            rows=rows if isinstance(rows, int) else None,
            verified=parse_timestamp(entry.get(VERIFIED)),
            is_foreign=key is not None and bookmark is None and any(_other_values(entry)),
        )

    def without_evidence(self) -> StreamState:
        """Return this state as if nothing had been learnt about the replication key."""
        return replace(self, sorts=None, verified=None)

    def write_to(self, entry: MutableMapping[str, Any], key: str | None) -> None:
        """Put this state into a stream's part of the state.

        Args:
            entry: The stream's part of the state; whatever else it holds is left alone.
            key: The replication key; None if everything is read in every run.
        """
        values: dict[str, Any] = {
            SORTS: self.sorts,
            JOINS: self.joins or None,
            COMPANIES: self.companies,
            ROWS: self.rows,
            VERIFIED: format_timestamp(self.verified) if self.verified else None,
        }
        if key and self.bookmark:
            values |= {KEY: key, BOOKMARK: format_timestamp(self.bookmark)}
        elif key and entry.get(KEY) == key:
            values |= {KEY: None, BOOKMARK: None}
        for name, value in values.items():
            if value is None:
                entry.pop(name, None)
            else:
                entry[name] = value


def _other_values(entry: Mapping[str, Any]) -> Iterator[object]:
    """Return the values that say more than an entry without a bookmark does.

    The SDK writes the replication key, and null as its value, before there is a bookmark.
    """
    return (value for name, value in entry.items() if name not in NOT_A_BOOKMARK)


def companies_digest(ids: Sequence[str]) -> str | None:
    """Return a short text that identifies a set of companies; None for all companies.

    States hold it, so it must never change.

    Args:
        ids: ``_id`` of each company, in any order.
    """
    if not ids:
        return None
    return hashlib.sha256(",".join(sorted(set(ids))).encode()).hexdigest()[:16]
