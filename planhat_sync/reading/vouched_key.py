"""Decides whether a stream can be read by a replication key that only the user vouches for.

Pure. What is documented of the model does not say that the property is there, or that it changes
with every update (docs/adr/0039-a-key-that-the-user-vouches-for.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.reading.state import companies_digest

if TYPE_CHECKING:
    from datetime import datetime

    from planhat_sync.reading.settings import ReadSettings
    from planhat_sync.reading.state import StreamState


def why_in_full(
    key: str | None, state: StreamState, settings: ReadSettings, now: datetime
) -> str | None:
    """Return why everything has to be read; None if the changes will do.

    Args:
        key: The replication key.
        state: The state after the previous run.
        settings: How to read.
        now: The current time.
    """
    if state.bookmark is None or state.verified is None:
        return f"no full read has shown that all records have {key} and are sorted by it"
    if state.companies not in (None, companies_digest(settings.company_ids)):
        return "company_ids has changed since the last full read"
    if not state.verified <= now < state.verified + settings.full_read_every:
        return f"that is done every {settings.full_read_every.days} days (full_read_days)"
    return None


def why_not(key: str, *, is_complete: bool, sorts: bool) -> str | None:
    """Return why a full read has not shown that the key can be used; None if it has.

    Args:
        key: The replication key.
        is_complete: Whether every record had one.
        sorts: Whether the server was seen to sort by it.
    """
    if not is_complete:
        return f"not every record has {key}"
    if not sorts:
        return f"nothing shows that Planhat sorts by {key}"
    return None
