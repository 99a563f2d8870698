"""The streams that are written, and the columns of their records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airbyte_planhat.configured_catalog import WHAT
from airbyte_planhat.destination.column_names import ColumnNames
from airbyte_planhat.record_schema import DELETED_AT
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.added_columns import AddedColumns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airbyte_planhat.messages import StreamKey
    from planhat_sync.model import Model
    from planhat_sync.writing.pipeline import Pipeline

COLUMNS: Final = AddedColumns(
    deleted_at=DELETED_AT,
    prefixes=("_airbyte_", "_ab_"),
    usual=(
        "_ab_cdc_cursor",
        "_ab_cdc_lsn",
        "_ab_cdc_updated_at",
        "_airbyte_extracted_at",
        "_airbyte_generation_id",
        "_airbyte_meta",
        "_airbyte_raw_id",
    ),
)
"""The columns that Airbyte and its sources add to records."""


class DestinationStream:
    """A stream that is written.

    Args:
        key: Its namespace and name.
        model: The model whose records it holds; None if its records are mapped.
        columns: The columns that the catalog announces. They are the names that the columns of a
            mapped stream get again; those of others get the names of the model's properties.
        match_on: The keyables that identify its records, as far as the catalog says so.

    Attributes:
        key: As given.
        model: As given.
        columns: The columns that the catalog announces, without those that are renamed.
        match_on: As given.
        names: The names that its columns stand for.
    """

    def __init__(
        self,
        key: StreamKey,
        model: Model | None,
        columns: Iterable[str] = (),
        match_on: tuple[str, ...] = (),
    ) -> None:
        self.key = key
        self.model = model
        self.match_on = match_on
        announced = tuple(columns)
        self.names = ColumnNames(announced if model is None else model.properties, announced)
        self.columns = self.names.unchanged(announced)


class DestinationStreams:
    """The streams of a run.

    Args:
        streams: In the order of the catalog.
    """

    def __init__(self, streams: Iterable[DestinationStream]) -> None:
        self._streams = {stream.key: stream for stream in streams}
        self._of_model: dict[str, DestinationStream] = {}
        for stream in self._streams.values():
            if stream.model is not None:
                self._of_model.setdefault(stream.model.name, stream)

    def __getitem__(self, key: StreamKey) -> DestinationStream | None:
        """Return a stream, None if the catalog does not name it."""
        return self._streams.get(key)

    def of(self, model: str) -> DestinationStream:
        """Return the stream whose records the fast path of a model reads.

        If the records of a model come in several streams, it is the first of them, whose columns
        are announced. Those of the others are read as values: their columns may be renamed in
        another way.

        Args:
            model: Name of the model.
        """
        return self._of_model[model]

    def announce(self, pipeline: Pipeline) -> None:
        """Announce the columns of the streams that the fast path can read.

        Args:
            pipeline: The pipeline of the run.

        Raises:
            ConfigurationError: The settings do not fit a model.
        """
        for model, stream in self._of_model.items():
            pipeline.streams[model].announce(stream.columns)

    def match_on(self) -> dict[str, tuple[str, ...]]:
        """Return the keyables by which records of a model are matched, where a stream says so.

        Raises:
            ConfigurationError: Two streams of one model say so differently.
        """
        found: dict[str, tuple[str, ...]] = {}
        for stream in self._streams.values():
            if stream.model is not None:
                name = stream.model.name
                if found.setdefault(name, stream.match_on) != stream.match_on:
                    raise ConfigurationError(
                        f"{WHAT}: two streams of {name} have different primary keys: set match_on"
                    )
        return {name: keyables for name, keyables in found.items() if keyables}
