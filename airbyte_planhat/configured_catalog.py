"""The file given as --catalog: which streams to read or write, and how.

The same file goes to both sides: a `destination_sync_mode` means nothing to a source, and a
`sync_mode` nothing to a destination. A field that is null is not set; PyAirbyte writes all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_files import decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airbyte_planhat.messages import StreamKey

WHAT: Final = "the file given as --catalog"
_PLACE = re.compile(r"at `(\$[\w.\[\]]*)`$", re.ASCII)


class _Stream(msgspec.Struct, frozen=True):
    name: str
    json_schema: dict[str, Any] | None = None
    namespace: str | None = None


class ConfiguredStream(msgspec.Struct, frozen=True):
    """A stream that is to be read or written; what is None is not set.

    Attributes:
        stream: What discover has said about it.
        sync_mode: How to read it.
        cursor_field: The property by which the user wants it to be read incrementally, as a path;
            empty if the user has chosen none.
        destination_sync_mode: How to write it, such as ``append_dedup``.
        primary_key: The properties that identify a record, each as a path.
        destination_object_name: The object of the destination into which it is written, if the user
            has chosen one.
        minimum_generation_id: Records of earlier generations are to be removed; 0 for none.
        sync_id: Number of the sync.
    """

    stream: _Stream
    sync_mode: Literal["full_refresh", "incremental"] | None = None
    cursor_field: tuple[str, ...] | None = None
    destination_sync_mode: str | None = None
    primary_key: tuple[tuple[str, ...], ...] | None = None
    destination_object_name: str | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.stream.name

    @property
    def key(self) -> StreamKey:
        """Its namespace and name."""
        return self.stream.namespace or None, self.stream.name

    @property
    def properties(self) -> Mapping[str, Any]:
        """JSON Schema of each property that is selected, or that records have."""
        properties = (self.stream.json_schema or {}).get("properties")
        return properties if isinstance(properties, dict) else {}


class _Catalog(msgspec.Struct):
    streams: tuple[ConfiguredStream, ...]


def read_catalog(content: bytes) -> tuple[ConfiguredStream, ...]:
    """Read the configured streams, in the order of the file.

    Args:
        content: The content of the file.

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
        raise ConfigurationError(
            f"{WHAT} is not JSON, or holds more than one value: make one of what discover prints"
        ) from None
    streams: dict[StreamKey, ConfiguredStream] = {}
    for stream in catalog.streams:
        if streams.setdefault(stream.key, stream) is not stream:
            raise ConfigurationError(f"{WHAT} names the stream {stream.name} twice: remove one")
    return catalog.streams
