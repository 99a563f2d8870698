"""What a configured catalog may ask of this destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airbyte_planhat.configured_catalog import WHAT
from airbyte_planhat.destination.streams import DestinationStream, DestinationStreams
from airbyte_planhat.specification import DESTINATION_SYNC_MODES
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airbyte_planhat.configured_catalog import ConfiguredStream
    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.settings import WriteSettings

FIRST_SYNC: Final = 1
"""The first sync has no generation before it whose records could be removed. PyAirbyte gives every
sync this number, and asks in every one of them to remove what is older than generation 1."""


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
