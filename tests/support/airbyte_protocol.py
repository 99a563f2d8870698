"""Parses messages by the classes that Airbyte publishes, and accepts nothing that they lack.

airbyte-protocol-models-dataclasses has the classes alone, and no parser.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
from typing import Any

from airbyte_protocol_dataclasses.models import AirbyteMessage, AirbyteStateBlob

NAMES = {"global": "global_"}


def parse(line: bytes | str) -> AirbyteMessage:
    """Parse one line; its type has exactly the one content that belongs to it."""
    value = json.loads(line)
    message = _parsed(AirbyteMessage, value)
    name = {"CONNECTION_STATUS": "connectionStatus"}.get(value["type"], value["type"].lower())
    assert list(value) == ["type", name]
    return message


def parse_all(stdout: bytes | str) -> list[AirbyteMessage]:
    """Parse all that a connector has written."""
    text = stdout if isinstance(stdout, str) else stdout.decode()
    *lines, after = text.split("\n")
    assert not after, "the last line is complete"
    return [parse(line) for line in lines]


def _parsed(kind: Any, value: Any) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        assert value is not None, "a field that is not set is left out"
        (kind,) = (one for one in typing.get_args(kind) if one is not type(None))
    if kind is Any or kind is AirbyteStateBlob:
        return value
    if typing.get_origin(kind) is list:
        return [_parsed(typing.get_args(kind)[0], each) for each in value]
    if typing.get_origin(kind) is dict:
        assert isinstance(value, dict)
        return value
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = {NAMES.get(name, name): each for name, each in value.items()}
        assert fields.keys() <= hints.keys(), fields.keys() - hints.keys()
        return kind(**{name: _parsed(hints[name], each) for name, each in fields.items()})
    if issubclass(kind, enum.Enum):
        return kind(value)
    assert type(value) is kind, (kind, value)
    return value
