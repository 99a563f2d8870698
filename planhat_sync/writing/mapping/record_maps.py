"""What is asked of whatever maps records, such as the `mappings` or the stream maps of an SDK."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.writing.records.payload import Reject, Skipped


class UnmappableError(Exception):
    """A record cannot be mapped.

    Attributes:
        stream: The stream that the failing map makes.
        reject: Why, for the reject file.
        made: The properties of the record that could be made, as far as they are known.
    """

    def __init__(
        self, stream: str, reject: Reject, made: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        super().__init__(reject.message)
        self.stream = stream
        self.reject = reject
        self.made = made


class RecordMaps(Protocol):
    """Maps the records of the input to records of models."""

    @property
    def are_set(self) -> bool:
        """Whether records are mapped at all."""

    @property
    def named(self) -> Sequence[str]:
        """The streams that the user has named; a glob names none."""

    def streams_of(self, stream: str) -> Sequence[str]:
        """Return the names of the streams that the records of a stream can be mapped to.

        Args:
            stream: Its name. If nothing is returned, its records are left out.

        Raises:
            ConfigurationError: The maps are not valid for this stream.
        """

    def apply(
        self, stream: str, record: dict[str, Any]
    ) -> Sequence[tuple[str, Mapping[str, Any] | Skipped]]:
        """Map a record.

        Args:
            stream: Its stream.
            record: The record.

        Returns:
            The names of the streams that it is mapped to, each with the mapped record, or why
            the map leaves it out.

        Raises:
            UnmappableError: The record cannot be mapped.
        """

    def warnings(self) -> Sequence[str]:
        """Return what suggests, once the input has ended, that a map is not what the user meant."""

    def sources(self, line: bytes) -> Mapping[str, str]:
        """Return where the properties of a mapped record come from, as the user wrote it.

        Args:
            line: The line of the record.

        Returns:
            Expressions by property, those of custom fields by `custom.<label>`; none for properties
            whose source is not known.
        """


class NoMaps:
    """Maps nothing: each stream has the name of a model.

    Attributes:
        are_set: Always false.
        named: No stream.
    """

    are_set = False
    named: Sequence[str] = ()

    def streams_of(self, stream: str) -> Sequence[str]:
        """Return the stream itself.

        Args:
            stream: Its name.
        """
        return (stream,)

    def apply(
        self, stream: str, record: dict[str, Any]
    ) -> Sequence[tuple[str, Mapping[str, Any] | Skipped]]:
        """Return the record itself.

        Args:
            stream: Its stream.
            record: The record.
        """
        return ((stream, record),)

    def warnings(self) -> Sequence[str]:
        """Return nothing."""
        return ()

    def sources(self, line: bytes) -> Mapping[str, str]:  # noqa: ARG002 - as `RecordMaps` has it
        """Return no sources: a property comes from the column of its name."""
        return {}
