"""What one run leaves for the next about the ids that it has emitted.

It is kept in the state, as a JSON object of at most 20,000 characters, whatever the number of
records.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.reading.deletions.id_table import IdTable, is_object_id
from planhat_sync.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

KNOWN_IDS: Final = "known_ids"
"""Name of it in a stream's part of the state."""

MOST_RECENT_IN_STATE: Final = 200
"""So many ids, each of 16 characters, fit beside the table."""

MOST_DELETED: Final = 200
"""So many of the ids whose deletion was emitted are remembered, the latest ones."""

_VERSION: Final = 1
_ID_BYTES: Final = 12


class _Stored(msgspec.Struct):
    """The JSON object."""

    version: int
    swept_at: str
    size: int
    top: str
    cells: str
    recent: str
    deleted: str = ""


@dataclass(slots=True)
class KnownIds:
    """The ids of which the readers of this stream have received a record, and no deletion.

    Attributes:
        table: The ids that existed at the last sweep.
        top: The greatest of them; empty if there were none.
        swept_at: When the last sweep ended.
        recent: Ids that the table does not have, of records that were emitted since.
        deleted: Ids whose deletion was emitted, the latest at the end. A list that lags can show
            one again: then its record is emitted, and has to be missed again.
    """

    table: IdTable
    top: str
    swept_at: datetime
    recent: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many ids are known."""
        return self.table.size + len(self.recent)

    def unseen(self, ids: Collection[str]) -> set[str]:
        """Return those of some ids that are neither in the table nor among the recent ones.

        Args:
            ids: Ids of records that are about to be emitted.
        """
        again = set(self.deleted).intersection(ids) - self.recent
        if not ids or max(ids) <= self.top:
            return again
        newer = {identifier for identifier in ids if identifier > self.top}
        return again.union(filter(is_object_id, newer - self.recent))

    def to_json(self) -> dict[str, Any] | None:
        """Return what the state holds; None if it does not fit, so that nothing is known."""
        if len(self.recent) > MOST_RECENT_IN_STATE:
            return None
        return {
            "version": _VERSION,
            "swept_at": format_timestamp(self.swept_at),
            "size": self.table.size,
            "top": self.top,
            "cells": self.table.to_text(),
            "recent": _to_text(sorted(self.recent)),
            "deleted": _to_text(self.deleted),
        }

    @classmethod
    def from_json(cls, value: object) -> KnownIds | None:
        """Read what the state holds.

        Args:
            value: Any JSON value.

        Returns:
            What is known; None if it is missing, or not what this version of the tap writes.
        """
        try:
            stored = msgspec.convert(value, type=_Stored)
            table = IdTable.from_text(stored.cells, stored.size)
            recent, deleted = _from_text(stored.recent), _from_text(stored.deleted)
        except (ValueError, TypeError):  # also msgspec's and Base64's errors
            return None
        swept_at = parse_timestamp(stored.swept_at)
        is_top = is_object_id(stored.top) if stored.size else not stored.top
        if stored.version != _VERSION or swept_at is None or not is_top:
            return None
        return cls(table, stored.top, swept_at, set(recent), deleted)


def _to_text(ids: Iterable[str]) -> str:
    return base64.b64encode(bytes.fromhex("".join(ids))).decode()


def _from_text(text: str) -> list[str]:
    """Return ids; raise a ValueError if the text does not hold any number of them."""
    joined = base64.b64decode(text, validate=True)
    if len(joined) % _ID_BYTES:
        raise ValueError("an id is cut")
    return [joined[at : at + _ID_BYTES].hex() for at in range(0, len(joined), _ID_BYTES)]
