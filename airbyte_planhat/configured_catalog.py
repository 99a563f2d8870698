"""The file given as --catalog: which streams to read or write, and how.

The same file goes to both sides: a `destination_sync_mode` means nothing to a source, and a
`sync_mode` nothing to a destination. A field that is null is not set; PyAirbyte writes all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_files import decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.model import Model

WHAT: Final = "the file given as --catalog"
_PLACE = re.compile(r"at `(\$[\w.\[\]]*)`$", re.ASCII)


class _Stream(msgspec.Struct):
    name: str
    json_schema: dict[str, Any] | None = None
    namespace: str | None = None


class _Configured(msgspec.Struct):
    stream: _Stream
    sync_mode: Literal["full_refresh", "incremental"] | None = None
    destination_sync_mode: str | None = None
    cursor_field: tuple[str, ...] | None = None
    primary_key: tuple[tuple[str, ...], ...] | None = None
    destination_object_name: str | None = None
    generation_id: int | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None


class _Catalog(msgspec.Struct):
    streams: tuple[_Configured, ...]


@dataclass(frozen=True, slots=True)
class ConfiguredStream:
    """A stream that is to be read or written.

    Attributes:
        name: Name of the stream.
        namespace: Its namespace, if it has one.
        model: The model that has the name of the stream, or of the object of the destination into
            which it is written; None if no model has it.
        properties: JSON Schema of each property that is selected, or that records have.
        sync_mode: How to read it: ``full_refresh`` or ``incremental``.
        cursor_field: The property by which the user wants it to be read incrementally; empty if
            the user has chosen none.
        destination_sync_mode: How to write it, such as ``append_dedup``.
        primary_key: The properties that identify a record, each as a path.
        destination_object_name: The object of the destination into which it is written, if the user
            has chosen one.
        generation_id: Number of the generation of its records; None on platforms that have none.
        minimum_generation_id: Records of earlier generations are to be removed; 0 for none.
        sync_id: Number of the sync.
    """

    name: str
    namespace: str | None
    model: Model | None
    properties: Mapping[str, Any]
    sync_mode: Literal["full_refresh", "incremental"] = "full_refresh"
    cursor_field: tuple[str, ...] = ()
    destination_sync_mode: str = "append"
    primary_key: tuple[tuple[str, ...], ...] = ()
    destination_object_name: str | None = None
    generation_id: int | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None


def read_catalog(content: bytes, models: Mapping[str, Model]) -> tuple[ConfiguredStream, ...]:
    """Read the configured streams, in the order of the file.

    Args:
        content: The content of the file.
        models: The models by name.

    Raises:
        ConfigurationError: It is not a configured catalog, or names a stream twice.
    """
    try:
        catalog = msgspec.json.decode(decode_text(content, WHAT), type=_Catalog)
    except msgspec.ValidationError as error:
        place = found[1] if (found := _PLACE.search(str(error))) else "$"
        raise ConfigurationError(
            f"{WHAT} is not a configured Airbyte catalog, at {place}: make one of what discover "
            "prints"
        ) from None
    except (msgspec.DecodeError, RecursionError):
        raise ConfigurationError(f"{WHAT} is not JSON") from None
    streams: dict[tuple[str | None, str], ConfiguredStream] = {}
    for each in catalog.streams:
        stream = _configured(each, models)
        if streams.setdefault((stream.namespace, stream.name), stream) is not stream:
            raise ConfigurationError(f"{WHAT} names the stream {stream.name} twice: remove one")
    return tuple(streams.values())


def _configured(given: _Configured, models: Mapping[str, Model]) -> ConfiguredStream:
    stream = given.stream
    properties = (stream.json_schema or {}).get("properties")
    how = msgspec.structs.asdict(given)
    del how["stream"]
    return ConfiguredStream(
        stream.name,
        stream.namespace or None,
        models.get(given.destination_object_name or stream.name),
        properties if isinstance(properties, dict) else {},
        **{name: value for name, value in how.items() if value is not None},
    )
