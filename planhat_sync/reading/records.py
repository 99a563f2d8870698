"""The records of one model as Python values, read as they are taken."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from planhat_sync.api.record_bodies import exact_number
from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.reader import StreamReader
from planhat_sync.reading.run import ReadRun
from planhat_sync.reading.state import StreamState
from planhat_sync.reading.stream_source import StreamSource
from planhat_sync.runtime.arguments import check_names, names_of
from planhat_sync.timestamps import earlier, format_timestamp, parse_timestamp

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Iterable, Mapping

    from typing_extensions import Self

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.reading.settings import ReadSettings
    from planhat_sync.system import System

logger = logging.getLogger("planhat_sync")


def read_records(
    client: PlanhatClient,
    model: Model,
    paging: Mapping[str, int],
    *,
    stop: threading.Event,
    system: System,
    changed_since: date | str | None = None,
    properties: Iterable[str] | None = None,
    company_ids: Iterable[str] | None = None,
    shows_changes: bool = True,
) -> Reading:
    """Read the records of a model.

    Args:
        client: Sends the requests; its waits end with `stop`.
        model: The model.
        paging: The settings `page_size` and `concurrency`.
        stop: Set to end the reading.
        system: What the reading uses of the world outside it.
        changed_since: Read only what has changed since then; None for everything.
        properties: The properties to read besides ``_id``; None for all.
        company_ids: Only records of these companies; None for all.
        shows_changes: Whether `next_changed_since` is wanted, which takes two requests.

    Raises:
        ConfigurationError: An argument is wrong, or does not fit the model.
    """
    if not model.is_read:
        raise ConfigurationError(f"{model.name} can only be written: Planhat does not list them")
    selected = list(model.properties)
    if properties is not None:
        selected = names_of(properties, "properties")
        check_names(selected, model.properties, f"{model.name} have no property")
    companies = [] if company_ids is None else names_of(company_ids, "company_ids")
    if company_ids is not None and not companies:
        raise ConfigurationError(
            "company_ids is empty: leave it out to read those of all companies"
        )
    if companies and not model.company_property:
        raise ConfigurationError(f"{model.name} belong to no companies: leave out company_ids")
    if changed_since is not None and model.replication_key is None:
        key = model.possible_replication_key
        reason = (
            f"not every change of {model.name} is known to move {key}"
            if key
            else f"{model.name} do not show when they were changed"
        )
        raise ConfigurationError(f"{reason}: leave out changed_since, and read all of them")
    since = None if changed_since is None else _time_text(changed_since)
    config = {**paging, "company_ids": companies, "start_date": since}
    run = ReadRun(config, stop=stop, client=client, system=system)
    key = model.replication_key if shows_changes else None
    return Reading(StreamSource(model, run, key, selected, None, number_of=exact_number))


def _time_text(given: date | str) -> str:
    text = format_timestamp(given) if isinstance(given, date) else given
    if parse_timestamp(text) is None:
        raise ConfigurationError(
            "changed_since is not a date-time: give a datetime, or a string such as "
            "2026-01-31T00:00:00Z"
        )
    return text


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
    reader = StreamReader(
        source.open(), source.key, settings, StreamState(), logger, source.run.system.clock
    )
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
