"""The file given as --state: the states of the streams after the run before.

A state that is not understood is refused. Ignoring it would read everything again without notice.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from planhat_sync.reading.state import StateError
from planhat_sync.runtime.config_files import decode_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from airbyte_planhat.messages import StreamKey

WHAT: Final = "the file given as --state"
_OTHER_KINDS: Final = ("global", "global_", "data")

logger = logging.getLogger(__name__)


def read_states(content: bytes, streams: Collection[StreamKey]) -> dict[StreamKey, dict[str, Any]]:
    """Read the state of each stream; of several states of a stream the last one counts.

    Args:
        content: The content of the file; empty if there is none.
        streams: The streams that are read. The states of others are ignored, with a warning.

    Returns:
        The states by their streams; those that have none are missing.

    Raises:
        StateError: It does not hold states of streams.
    """
    if not content:
        return {}
    try:
        value = msgspec.json.decode(decode_text(content, WHAT))
    except (msgspec.DecodeError, RecursionError):
        raise StateError(
            f"{WHAT} is not JSON, or holds more than one value: give the states of an earlier run "
            "as a list"
        ) from None
    if value == {}:
        return {}
    states: dict[StreamKey, dict[str, Any]] = {}
    for each in value if isinstance(value, list) else [value]:
        stream, state = _with_stream(each)
        if stream not in streams:
            name = ".".join(filter(None, stream))
            logger.warning("state: %s is not a stream of the catalog, so it is ignored", name)
        elif state:
            states[stream] = state
    return states


def _with_stream(value: Any) -> tuple[StreamKey, dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Return a state with its stream."""
    if not isinstance(value, dict):
        _refuse("it is not a state")
    if value.get("type") == "STATE":
        _refuse("it is a message, and not the state that the message holds")
    if value.get("type", "STREAM") != "STREAM" or any(value.get(name) for name in _OTHER_KINDS):
        _refuse("it is GLOBAL or LEGACY, and this source has only states of streams")
    stream = value.get("stream")
    descriptor = stream.get("stream_descriptor") if isinstance(stream, dict) else None
    place = descriptor if isinstance(descriptor, dict) else {}
    name, namespace = place.get("name"), place.get("namespace")
    state = stream.get("stream_state") if isinstance(stream, dict) else None
    if not (
        isinstance(name, str)
        and isinstance(namespace, (str, type(None)))
        and isinstance(state, (dict, type(None)))
    ):
        _refuse("it is not the state of a stream")
    return (namespace or None, name), state or {}


def _refuse(why: str) -> NoReturn:
    raise StateError(
        f"{WHAT} holds something other than what this source has written: {why}. Give the states "
        "of an earlier run as a list, or leave --state out to read everything"
    )
