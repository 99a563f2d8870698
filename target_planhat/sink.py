"""The sink of one stream: glue between the record, the payload, the batch and the run."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.sinks import BatchSink

from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.fast_path import FastPath
from planhat_sync.writing.records.payload import Payload, Reject
from planhat_sync.writing.sending.dispatcher import first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planhat_sync.runtime.stdin import Lines
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.pipeline import Run
    from target_planhat.target import TargetPlanhat

MOST_COMPILED: Final = 32
"""Decoders that are kept, one for each set of announced properties: making one takes about 1 ms,
and a producer may alternate between SCHEMAs."""


class PlanhatSink(BatchSink):
    """Takes the records of one model, as lines or as values.

    A record is checked against the model, never against what the tap says of it, so a SCHEMA that
    changes in mid-stream changes nothing here: one sink serves the model to the end, and the order
    of its records is kept.
    """

    def __init__(
        self,
        target: TargetPlanhat,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._run: Run = target.conduct.run
        self._account = self._run.ledger.account(stream_name)
        self._writer = target.conduct.writer_of(stream_name)
        settings = target.settings
        model = target.models[stream_name]
        self._projection = Converter(model, settings, warn=self.logger.warning)
        self._columns: frozenset[str] = frozenset()
        self._compiled: FastPath | None = None
        self._compiled_for = lru_cache(MOST_COMPILED)(partial(FastPath, self._projection))
        self._batches = Batcher(model, settings)
        self._oldest: int | None = None
        self._oldest_is_known = True
        self._run.sources.append(self)

    def get_validator(self) -> None:
        """Leave the judging of records to the projection, which rejects instead of dying."""

    def announce(self, columns: Iterable[str]) -> None:
        """Take note of the properties that the stream's SCHEMA announces.

        Args:
            columns: Their names.
        """
        self._columns = frozenset(columns)
        self._compiled = None

    @property
    def oldest_line(self) -> int | None:
        """Number of the line of the oldest record that waits, None if none does."""
        if not self._oldest_is_known:
            self._oldest = first_line(self._batches.payloads)
            self._oldest_is_known = True
        return self._oldest

    def take_lines(self, lines: Lines, at: int) -> int:
        """Take records of this stream until a line is no plain one.

        Args:
            lines: Lines of stdin.
            at: Place of the first one to take.

        Returns:
            How many were taken; nothing has happened to the one after them.
        """
        if self._compiled is None:  # only here, since no mapped record needs it
            self._compiled = self._compiled_for(self._columns)
        read, add = self._compiled.read, self._batches.add
        are_text = lines.are_text
        for place in range(at, len(lines.lines)):
            payload = read(lines.lines[place], lines.first + place, is_text=are_text)
            if payload is None:
                return place - at
            self._account.taken += 1
            if self._oldest is None and self._oldest_is_known:
                self._oldest = payload.line
            batches = add(payload)
            if batches:
                self._leave(batches)
        return len(lines.lines) - at

    def take_record(self, record: Mapping[str, Any], line: bytes, number: int) -> None:
        """Take a record as values, after stream maps for instance.

        Args:
            record: The record.
            line: The RECORD message that it came in.
            number: Number of that line.
        """
        self._account.taken += 1
        made = self._projection.convert(record, line=number, raw=line)
        if isinstance(made, Payload):
            self._add(made)
        elif isinstance(made, Reject):
            self._run.reject(self.stream_name, number, line, made)
        else:
            self._account.skipped += 1

    def drain(self) -> None:
        """Give everything that waits to the run."""
        self._leave(self._batches.drain())

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Take a record in the SDK's way."""
        self.take_record(record, context["line"], context["number"])

    def process_batch(self, context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's signature
        """Drain in the SDK's way."""
        self._run.drain()

    def clean_up(self) -> None:
        """Let the SDK's record counter say what was read, and what was left out, at the end."""
        self._projection.unknown.report_rest()
        self.record_counter_metric.increment(self._account.taken)
        super().clean_up()

    def _add(self, payload: Payload) -> None:
        if self._oldest is None and self._oldest_is_known:
            self._oldest = payload.line
        batches = self._batches.add(payload)
        if batches:
            self._leave(batches)

    def _leave(self, batches: Sequence[Batch]) -> None:
        self._oldest_is_known = False
        self._run.send(self._writer, batches)
