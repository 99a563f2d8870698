"""Takes the records of an input to the pipeline.

Most records become blocks (see `FastPath`); the others are taken as values, through mappings or
stream maps if there are any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.mapping.record_maps import UnmappableError
from planhat_sync.writing.records.payload import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.pipeline import Pipeline
    from planhat_sync.writing.records.received import Received


class Values(NamedTuple):
    """A record as values.

    Attributes:
        record: The record.
        earlier_reject: What its line says about an earlier reject, None if it is not one.
    """

    record: dict[str, Any]
    earlier_reject: Mapping[str, Any] | None


class RecordInput:
    """Takes the records of one run.

    Args:
        pipeline: Brings them to Planhat.
        maps: The mappings or stream maps.
        input_option: What stands in front of a file that the program is to read.

    Attributes:
        may_read_own_rejects: Whether what this run writes to its reject file may come back.
    """

    def __init__(self, pipeline: Pipeline, maps: RecordMaps, input_option: str) -> None:
        self.may_read_own_rejects = False
        self._pipeline = pipeline
        self._streams = pipeline.streams
        self._maps = maps
        self._input_option = input_option

    def take(self, stream: str, received: Received, at: int) -> int:
        """Take records on the fast path, as many at once as it can read.

        Args:
            stream: Their stream, which can be written or mapped.
            received: Records.
            at: Index of the first one to take.

        Returns:
            How many were taken; 0 if the first one has to be taken as values.
        """
        return 0 if self._maps.are_set else self._streams[stream].take(received, at)

    def take_values(
        self, stream: str, line: bytes, number: int, values: Callable[[], Values]
    ) -> None:
        """Take the record of a line as values.

        Args:
            stream: Its stream, which can be written or mapped.
            line: The line.
            number: Its number.
            values: Returns the record as values.

        Raises:
            InputError: The line does not hold a record, or it may be a reject of this run.
            TooManyRejectsError: The run ends, once the records before this one are sent.
        """
        if self._maps.are_set:
            self._map(stream, line, number, values)
        else:
            record, reject = self._checked(values(), number)
            made = self._streams[stream]
            self._pipeline.take(made, record, line, number, earlier_reject=reject)

    def _map(self, stream: str, line: bytes, number: int, values: Callable[[], Values]) -> None:
        """Map a record, and take each mapped record to its stream."""
        counts = self._pipeline.counts
        if not self._maps.streams_of(stream):
            counts.of(stream).read += 1
            counts.of(stream).skip(Skipped.NOT_MAPPED)
            return
        record, reject = self._checked(values(), number)
        try:
            mapped = self._maps.apply(stream, record)
        except UnmappableError as error:
            counts.of(error.stream).read += 1
            failed = self._streams[error.stream]
            self._pipeline.reject(failed, error.made, line, number, error.reject)
            return
        for name, made in mapped:
            if isinstance(made, Skipped):
                counts.of(name).read += 1
                counts.of(name).skip(made)
            else:
                self._pipeline.take(self._streams[name], made, line, number, earlier_reject=reject)

    def _checked(self, values: Values, number: int) -> Values:
        if values.earlier_reject is not None and self.may_read_own_rejects:
            raise InputError(
                f"line {number} of the input is a reject, which comes through a pipe, and "
                "rejects_path names a file that holds some: if they are the same, this run would "
                f"read what it writes; give the file with {self._input_option}, or name another "
                "rejects_path"
            )
        return values
