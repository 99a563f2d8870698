"""The streams of a configured catalog, and what the catalog may ask of this destination."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from airbyte_planhat.configured_catalog import WHAT
from airbyte_planhat.destination.input import record_decoder
from airbyte_planhat.record_schema import DELETED_AT
from airbyte_planhat.specification import DESTINATION_SYNC_MODES
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.records.record_form import AddedColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import msgspec

    from airbyte_planhat.configured_catalog import ConfiguredStream
    from airbyte_planhat.messages import StreamKey
    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.pipeline import Pipeline
    from planhat_sync.writing.settings import WriteSettings

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

FIRST_SYNC: Final = 1
"""The first sync has no generation before it whose records could be removed. PyAirbyte gives every
sync this number, and asks in every one of them to remove what is older than generation 1."""

MOST_FORMS: Final = 32
"""Sets of columns whose names are remembered; a source may send other columns in every record."""


class DestinationStream:
    """A stream that is written.

    Args:
        key: Its namespace and name.
        model: The model whose records it holds; None if its records are mapped.
        columns: The columns that the catalog announces.
        match_on: The keyables that identify its records, as far as the catalog says so.

    Attributes:
        key: As given.
        model: As given.
        match_on: As given.
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
        self._columns = tuple(columns)
        names = self._columns if model is None else tuple(model.properties)
        self._renamed = lru_cache(MOST_FORMS)(partial(_renamed, names))

    @property
    def columns(self) -> list[str]:
        """The columns that the catalog announces, without those that are renamed."""
        return [name for name in self._columns if name not in self._renamed(self._columns)]

    def restored(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with the names of properties as the model or the catalog writes them.

        The catalog's count where a stream is mapped. Caches and warehouses make `sourceid` of
        `sourceId`. A column is renamed if both it and the name could be nothing else.

        Args:
            record: The record.
        """
        renamed = self._renamed(tuple(record))
        if not renamed:
            return record
        return {renamed.get(name, name): value for name, value in record.items()}


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
        """Return the stream whose lines the fast path of a model reads.

        If the records of a model come in several streams, it is the first of them. Those of the
        others are read as values, so that each counts for its own stream.

        Args:
            model: Name of the model.
        """
        return self._of_model[model]

    def decoder(
        self, model: str, record: type[msgspec.Struct | msgspec.Raw]
    ) -> Callable[[bytes], Any]:
        """Return what decodes the lines of a model's stream, as `RecordForm` has it.

        Args:
            model: Name of the model.
            record: Type of its records.
        """
        return record_decoder(self.of(model).key, record)

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


def destination_streams(
    configured: Iterable[ConfiguredStream],
    models: Mapping[str, Model],
    settings: WriteSettings,
    maps: RecordMaps,
) -> DestinationStreams:
    """Check what a catalog asks for.

    Args:
        configured: Its streams.
        models: The models by name.
        settings: The user's settings.
        maps: The mappings.

    Raises:
        ConfigurationError: It cannot be done, or would lose or double records.
    """
    streams = []
    for stream in configured:
        _check_modes(stream)
        key = stream.key
        if maps.are_set:
            maps.streams_of(stream.name)
            streams.append(DestinationStream(key, None, stream.properties))
            continue
        target = stream.destination_object_name or stream.name
        model = models.get(target)
        if model is None or not model.is_written:
            what = "not a model of Planhat" if model is None else "only read from Planhat"
            written = ", ".join(name for name, each in models.items() if each.is_written)
            raise ConfigurationError(
                f"{WHAT} names the stream {stream.name}, and {target} is {what}; there are "
                f"{written}: choose one of them, or map the stream with mappings"
            )
        match_on = () if settings.match_on else _match_on(stream, model)
        streams.append(DestinationStream(key, model, stream.properties, match_on))
    return DestinationStreams(streams)


def _check_modes(stream: ConfiguredStream) -> None:
    if stream.destination_sync_mode not in (None, *DESTINATION_SYNC_MODES):
        raise ConfigurationError(
            f"{WHAT} has {stream.destination_sync_mode} as destination_sync_mode of the stream "
            f"{stream.name}, and this destination never empties what it writes to: set it to "
            f"{' or '.join(DESTINATION_SYNC_MODES)}"
        )
    if stream.minimum_generation_id and stream.sync_id != FIRST_SYNC:
        raise ConfigurationError(
            f"{WHAT} asks to remove earlier generations of the stream {stream.name} "
            "(minimum_generation_id), and records in Planhat are never removed to write them "
            "again: refresh the stream without removing its records"
        )


def _match_on(stream: ConfiguredStream, model: Model) -> tuple[str, ...]:
    """Return the keyables among the primary key of a stream.

    The `_id` of records that come from Planhat identifies them there, so it says nothing about how
    they are found elsewhere.
    """
    if stream.destination_sync_mode != "append_dedup" and stream.destination_object_name is None:
        return ()
    names = [".".join(path) for path in stream.primary_key or ()]
    known = {name.casefold(): name for name in (*model.keyables, *model.keyable_scope.values())}
    found = [known.get(name.casefold(), "") for name in names]
    if found in ([], [ID]):
        return ()
    keyables = tuple(name for name in found if name in model.keyables)
    if "" in found or not keyables:
        raise ConfigurationError(
            f"{WHAT} has {', '.join(names)} as the primary key of the stream {stream.name}, and "
            f"{model.name} are matched by {', '.join(model.keyables)}: set match_on to those that "
            "its records have, or choose them as the primary key"
        )
    return keyables


def _renamed(properties: tuple[str, ...], columns: tuple[str, ...]) -> dict[str, str]:
    """Return the properties that some columns stand for, by the columns."""
    named, found = _by_folded(properties), _by_folded(columns)
    return {
        found[folded][0]: names[0]
        for folded, names in named.items()
        if len(names) == len(found.get(folded, ())) == 1 and names != found[folded]
    }


def _by_folded(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names by what they are without regard to case."""
    by: dict[str, list[str]] = {}
    for name in names:
        by.setdefault(name.casefold(), []).append(name)
    return by
