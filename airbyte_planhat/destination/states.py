"""States as Airbyte has them: each is returned as received, with the numbers of the destination."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.runtime.stdin import InputError
from planhat_sync.utf8 import is_utf8

if TYPE_CHECKING:
    from airbyte_planhat.messages import StreamKey


class _Descriptor(msgspec.Struct):
    name: str
    namespace: str | None = None


class _Stream(msgspec.Struct):
    stream_descriptor: _Descriptor


class _State(msgspec.Struct):
    stream: _Stream | None = None


class _Message(msgspec.Struct):
    state: _State


_decode = msgspec.json.Decoder(_Message).decode
_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def check_state(line: bytes, number: int) -> None:
    """Check that a state can be returned.

    Args:
        line: A STATE message.
        number: Number of its line.

    Raises:
        InputError: It cannot.
    """
    with contextlib.suppress(msgspec.MsgspecError, RecursionError):
        if is_utf8(line):
            _decode(line)
            return
    raise InputError(
        f"line {number} of the input is a STATE that cannot be returned: it is not valid JSON, or "
        "not of the form that the Airbyte protocol gives to states"
    )


class StateForm:
    """The form of states, for `EveryState`."""

    def stream_of(self, state: bytes) -> StreamKey | None:
        """Return the stream that a state belongs to, None if it belongs to all of them.

        Args:
            state: The message, as received.
        """
        stream = _decode(state).state.stream
        if stream is None:
            return None
        descriptor = stream.stream_descriptor
        return descriptor.namespace or None, descriptor.name

    def returned(self, state: bytes, *, records: int, rejected: int) -> bytes:
        """Return the message that acknowledges a state, as one line.

        Both numbers are floats, and add up to the `recordCount` of the source.

        Args:
            state: The message, as received.
            records: How many records of its stream came since the state before it.
            rejected: How many of them were rejected.
        """
        message: dict[str, Any] = _decode_parts(state)
        content: dict[str, Any] = _decode_parts(message["state"])
        content["destinationStats"] = {
            "recordCount": float(records - rejected),
            "rejectedRecordCount": float(rejected),
        }
        message["state"] = content
        return msgspec.json.encode(message).replace(b"\r", b"") + b"\n"
