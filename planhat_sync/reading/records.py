"""The records of one model, read as they are taken."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from planhat_sync.reading.reader import StreamReader
from planhat_sync.reading.state import StreamState
from planhat_sync.timestamps import earlier

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from typing_extensions import Self

    from planhat_sync.reading.settings import ReadSettings
    from planhat_sync.reading.stream_source import StreamSource

logger = logging.getLogger("planhat_sync")


class Reading(Iterator[dict[str, Any]]):
    """An iterator over records, in constant memory; nothing is requested before the first is taken.

    One that is left early, as by `break`, ends its threads when it is closed or dropped.

    Args:
        source: The pages.

    Raises:
        ConfigurationError: The settings of the run are wrong.

    Attributes:
        next_changed_since: Once all records have been taken, the `changed_since` with which the
            next read misses no change; None if the records do not show when they were changed, or
            there are none.
    """

    def __init__(self, source: StreamSource) -> None:
        self.next_changed_since: datetime | None = None
        # A generator that refers to this object would keep its threads until garbage is collected.
        self._records = _records(source, source.settings)

    def __next__(self) -> dict[str, Any]:
        try:
            return next(self._records)
        except StopIteration as end:
            self.next_changed_since = end.value or self.next_changed_since
            raise

    def close(self) -> None:
        """End the reading early, with its threads."""
        self._records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _records(
    source: StreamSource, settings: ReadSettings
) -> Generator[dict[str, Any], None, datetime | None]:
    """Yield records, and return where the next read begins."""
    reader = StreamReader(source.open(), source.key, settings, StreamState(), logger)
    hidden = source.key if source.key not in source.selected else None
    for rows in reader.read():
        for record in rows.content:
            if hidden:
                record.pop(hidden, None)
            yield record
        del rows  # the page must be released before the next one is requested
    newest = reader.state.bookmark
    if newest is None:
        return None
    since = earlier(newest, settings.lookback)
    return max(since, settings.start_date or since)
