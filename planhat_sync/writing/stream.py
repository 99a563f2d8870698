"""The records of one model, from input lines or values to batches that are ready to be sent."""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.batching.batch import first_line, size_of
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.batching.identity import identities
from planhat_sync.writing.mirror_settings import check_model
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.fast_path import FastPath
from planhat_sync.writing.records.payload import Payload, Reject
from planhat_sync.writing.records.reject_times import RejectTimes

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.records.added_columns import AddedColumns
    from planhat_sync.writing.records.received import Received
    from planhat_sync.writing.results.counts import RunCounts, StreamCounts
    from planhat_sync.writing.sending.batch_writer import BatchWriter
    from planhat_sync.writing.settings import WriteSettings

MOST_FAST_PATHS: Final = 32
"""Fast paths that are kept, one for each set of announced properties: making one takes about 1 ms,
and a producer may alternate between SCHEMAs."""

TIMES_MORE: Final = 8
"""So many times more records are read at once than were taken together before. Where many have to
be converted, few are read in vain."""

SELDOM: Final = 8
"""Once so many records have been declined one after the other, only one in so many is tried: to
convert a record that need not be is never wrong, only slower."""


class Stream:
    """Takes the records of one model, as lines or as values, and forms batches of them.

    A record is checked against the model, never against what its source says about it. So one
    stream serves the model for the entire run, and the order of its records is kept.

    Args:
        model: The model.
        settings: The user's settings.
        counts: Where records are counted that are read, and those that are skipped.
        writer: Writes the batches.
        warn: Receives a sentence about what is left out of records.
        added: The columns that the source adds to records.

    Attributes:
        name: Name of the model.
        writer: As given.
        full: Batches that are full, to be sent in this order before more records are taken.
    """

    def __init__(
        self,
        model: Model,
        settings: WriteSettings,
        counts: StreamCounts,
        writer: BatchWriter,
        warn: Callable[[str], None],
        added: AddedColumns,
    ) -> None:
        self.name = model.name
        self.writer = writer
        self.full: Sequence[Batch] = ()
        self._counts = counts
        self._converter = Converter(model, settings, warn=warn, added=added)
        self._reject_times = RejectTimes(model, settings, warn)
        self._columns: frozenset[str] = frozenset()
        self._fast_path: FastPath | None = None
        self._fast_path_for: Callable[[frozenset[str]], FastPath] = lru_cache(MOST_FAST_PATHS)(
            partial(FastPath, self._converter)
        )
        self._together = TIMES_MORE
        self._declined = 0
        self._batcher = Batcher(model, settings)
        self._oldest: int | None = None
        self._oldest_is_known = True

    @property
    def oldest_line(self) -> int | None:
        """Number of the line of the oldest record that waits here, None if none does."""
        if not self._oldest_is_known:
            full = chain.from_iterable(batch.parts for batch in self.full)
            self._oldest = first_line(chain(full, self._batcher.parts))
            self._oldest_is_known = True
        return self._oldest

    def announce(self, columns: Iterable[str]) -> None:
        """Set the properties that the records on the following lines are expected to have.

        Args:
            columns: Their names.
        """
        self._columns = frozenset(columns)
        self._fast_path = None

    def take(self, received: Received, at: int) -> int:
        """Take records on the fast path, as many at once as it can read.

        Args:
            received: Records.
            at: Index of the first one to take.

        Returns:
            How many were taken; 0 if the first one has to be taken as values, or should be.
        """
        if self._declined >= SELDOM and self._declined % SELDOM:
            self._declined += 1
            return 0
        if self._fast_path is None:  # only here, since a mapped stream needs none
            self._fast_path = self._fast_path_for(self._columns)
        parts = self._fast_path.read(received, at, at + self._together)
        taken = size_of(parts)
        self._together = TIMES_MORE * taken or 1
        self._declined = 0 if taken else self._declined + 1
        if taken and self._oldest is None and self._oldest_is_known:
            self._oldest = received.first + at
        self._counts.read += taken
        for part in parts:
            if isinstance(part, Payload):
                self._fill(self._batcher.add(part))
            else:
                self._fill(self._batcher.add_block(part))
        return taken

    def take_record(
        self,
        record: Mapping[str, Any],
        line: object,
        number: int,
        *,
        earlier_reject: Mapping[str, Any] | None = None,
    ) -> Reject | None:
        """Take a record as values, as a stream map returns it for instance.

        Args:
            record: The record.
            line: The line that it came in, or the row of a program.
            number: Number of that line.
            earlier_reject: What that line says about an earlier reject, None if it is not one.

        Returns:
            Why it is rejected, None if it is not.
        """
        self._counts.read += 1
        at = None if earlier_reject is None else self._reject_times.read(earlier_reject)
        if isinstance(at, Reject):
            return at
        made = self._converter.convert(record, line=number, raw=line, rejected_at=at)
        if isinstance(made, Reject):
            return made
        if not isinstance(made, Payload):
            self._counts.skip(made)
            return None
        if self._oldest is None and self._oldest_is_known:
            self._oldest = made.line
        self._fill(self._batcher.add(made))
        return None

    def _fill(self, batches: Sequence[Batch]) -> None:
        """Keep batches that are full until they are released."""
        if batches:
            self.full = [*self.full, *batches]
            self._oldest_is_known = False

    def identities_of(self, record: Mapping[str, Any]) -> Sequence[Identity]:
        """Return the identities of a record that is rejected; none if they are what is wrong.

        Args:
            record: The record, or as much of it as is known.
        """
        keys = self._converter.keys_of(record)
        return [] if keys is None else identities(Payload(0, b"", b"", keys.values, keys.scopes))

    def holds(self, names: Sequence[Identity]) -> bool:
        """Return whether a record with one of some identities waits to be sent.

        Args:
            names: The identities.
        """
        return self._batcher.holds(names)

    def release(self, *, all_batches: bool) -> Sequence[Batch]:
        """Return the batches that are full, to be sent in this order, and forget them.

        Args:
            all_batches: Whether to return the others as well.
        """
        full, self.full = self.full, ()
        self._oldest_is_known = False
        return [*full, *self._batcher.drain()] if all_batches else full

    def finish(self) -> None:
        """Log at the end of a run what was left out of its records."""
        self._converter.unknown.report_rest()


class Streams:
    """The streams of a run, each made when it is first asked for.

    Args:
        models: The models, by name.
        settings: The user's settings.
        counts: The counts of the run.
        make_writer: Returns what writes the batches of a model.
        logger: Shows what is left out of records.
        added: The columns that the source adds to records.

    Attributes:
        models: As given.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        settings: WriteSettings,
        counts: RunCounts,
        make_writer: Callable[[Model], BatchWriter],
        logger: logging.Logger,
        added: AddedColumns,
    ) -> None:
        self.models = models
        self._settings = settings
        self._counts = counts
        self._make_writer = make_writer
        self._logger = logger
        self._added = added
        self._streams: dict[str, Stream] = {}

    def __iter__(self) -> Iterator[Stream]:
        """Iterate over the streams that have been made."""
        return iter(self._streams.values())

    def __getitem__(self, name: str) -> Stream:
        """Return the stream of a model.

        Args:
            name: Name of the model.

        Raises:
            KeyError: There is no such model.
            ConfigurationError: The model is only read, or the settings do not fit it.
        """
        stream = self._streams.get(name)
        if stream is None:
            model, settings = self.models[name], self._settings.of(name)
            if not model.is_written:
                raise ConfigurationError(f"{name} can only be read: Planhat does not accept them")
            if settings.on_missing != "ignore":
                archives = settings.on_missing == "archive"
                check_model(settings.missing_scope or {}, model, archives=archives)
            counts, writer = self._counts.of(name), self._make_writer(model)
            warn = self._logger.getChild(name).warning
            stream = Stream(model, settings, counts, writer, warn, self._added)
            self._streams[name] = stream
        return stream
