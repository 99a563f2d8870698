"""How many records may be missing at once before a permission is suspected to be missing."""

from __future__ import annotations

from typing import Final

from planhat_sync.errors import Section, StopError

ALWAYS_ALLOWED: Final = 5
"""So many deletions are emitted whatever their share is."""


class DeletionsError(StopError):
    """More records are missing than may be called deleted."""

    section = Section.READING


def check_share(stream: str, missing: int, before: int, *, percent: int, is_exact: bool) -> None:
    """Check that no more records are missing than may be called deleted.

    Args:
        stream: Name of the stream, for the error.
        missing: How many are missing, or at least are.
        before: How many there were.
        percent: The share of them that may be missing.
        is_exact: Whether `missing` is the exact number.

    Raises:
        DeletionsError: More are missing.
    """
    if missing <= ALWAYS_ALLOWED or missing * 100 <= percent * before:
        return
    at_least = "" if is_exact else "at least "
    raise DeletionsError(
        f"{stream}: Planhat does not list {at_least}{missing:,} of the {before:,} records that it "
        f"listed before, more than max_deletes_percent ({percent}) allows: none of them was "
        "emitted as deleted; check that the token can still see all records, and if they were "
        "deleted, raise max_deletes_percent for one run"
    )
