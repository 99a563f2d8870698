"""The setting `mappings` as records are mapped by it: one mapping for a stream, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sync.writing.mapping.record_maps import UnmappableError
from planhat_sync.writing.records.payload import Reject
from planhat_sync.writing.records.unknown_properties import printable_name

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.writing.mapping.mappings import Mappings
    from planhat_sync.writing.mapping.stream_mapping import StreamMapping
    from planhat_sync.writing.records.payload import Skipped


class MappedStreams:
    """The mappings of a run.

    A stream that no mapping names is left out, since a stream of another system that has the name
    of a model holds other records than Planhat's.

    Args:
        mappings: The setting.
        stream_of: Returns the stream of the line of a record.
        logger: Shows which streams are left out.

    Attributes:
        are_set: Always true.
        named: The streams that have a mapping of their own.
    """

    are_set = True

    def __init__(
        self, mappings: Mappings, stream_of: Callable[[bytes], str], logger: logging.Logger
    ) -> None:
        self.named = mappings.named
        self._stream_of = stream_of
        self._logger = logger
        self._mappings = mappings
        self._of: dict[str, StreamMapping | None] = {}

    def streams_of(self, stream: str) -> Sequence[str]:
        """Return the model that a stream is mapped to; nothing, with one warning, if it is not.

        Args:
            stream: Its name.

        Raises:
            ConfigurationError: More than one mapping fits.
        """
        if stream not in self._of:
            self._of[stream] = self._mappings.of(stream)
            if self._of[stream] is None:
                self._logger.warning(
                    "stream %s is left out because no mapping names it: its records are counted "
                    "as skipped",
                    printable_name(stream),
                )
        mapping = self._of[stream]
        return () if mapping is None else (mapping.model,)

    def apply(
        self, stream: str, record: dict[str, Any]
    ) -> Sequence[tuple[str, Mapping[str, Any] | Skipped]]:
        """Map a record.

        Args:
            stream: Its stream.
            record: The record.

        Returns:
            The model, and the record as the model has it, or that `when` leaves it out.

        Raises:
            UnmappableError: The record cannot be mapped.
        """
        mapping = self._of[stream]
        if mapping is None:
            return ()
        made = mapping.apply(record)
        if isinstance(made, Reject):
            raise UnmappableError(mapping.model, made, mapping.keyables(record))
        return ((mapping.model, made),)

    def warnings(self) -> Sequence[str]:
        """Return what suggests that a field is misspelt: what no record has had so far."""
        return self._mappings.warnings()

    def sources(self, line: bytes) -> Mapping[str, str]:
        """Return the expressions of a record's properties, as the user wrote them.

        Args:
            line: The line of the record.
        """
        mapping = self._of[self._stream_of(line)]
        return {} if mapping is None else mapping.sources
