"""What one run leaves to the next: the stream's part of the Singer state, read and written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence
    from datetime import datetime

SORTS = "sorts_by_replication_key"
JOINS = "joins_company_ids"
COMPANIES = "company_ids"


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known of a stream before a run.

    Attributes:
        bookmark: Every change up to here has been read; None if nothing has.
        sorts: Whether the server was seen to sort by the replication key; None if nobody looked.
        joins: Whether it was seen to read several company ids with commas between them.
        companies: Stands for the companies that the bookmark is about; None for all of them.
    """

    bookmark: datetime | None = None
    sorts: bool | None = None
    joins: bool = False
    companies: str | None = None

    @classmethod
    def of_state(cls, state: Mapping[str, Any], key: str | None, stream: str) -> StreamState:
        """Read a stream's bookmark out of the state.

        Args:
            state: The stream's entry under `bookmarks`.
            key: The replication key; a bookmark of another key counts for nothing.
            stream: Name of the stream, for the error.

        Raises:
            ConfigurationError: The bookmark is no date-time.
        """
        value = state.get("replication_key_value")
        bookmark = None
        if value and key and state.get("replication_key") == key:
            bookmark = parse_timestamp(value)
            if bookmark is None:
                raise ConfigurationError(
                    f"the state's bookmark of {stream} is no date-time: give the state of an "
                    "earlier run, or none to read everything"
                )
        return cls(
            bookmark=bookmark,
            sorts=state.get(SORTS),
            joins=state.get(JOINS, False),
            companies=state.get(COMPANIES),
        )

    def write(self, state: MutableMapping[str, Any], key: str | None) -> None:
        """Put it into the state.

        Args:
            state: The stream's entry under `bookmarks`; what is not ours stays.
            key: The replication key, None if everything is read every time.
        """
        found = {SORTS: self.sorts, JOINS: self.joins or None, COMPANIES: self.companies}
        if key and self.bookmark:
            found |= {
                "replication_key": key,
                "replication_key_value": format_timestamp(self.bookmark),
            }
        for name, value in found.items():
            if value is None:
                state.pop(name, None)
            else:
                state[name] = value


def companies_stamp(ids: Sequence[str]) -> str | None:
    """Give a short text that stands for a set of companies; None for all companies.

    Args:
        ids: ``_id`` of each company.
    """
    if not ids:
        return None
    return hashlib.sha256(",".join(sorted(set(ids))).encode()).hexdigest()[:16]
