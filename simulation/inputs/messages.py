"""Singer messages, written in the many ways in which taps write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping


class Style:
    """How one tap writes its messages.

    Args:
        chance: Draws it.
    """

    def __init__(self, chance: random.Random) -> None:
        self._separators = chance.choice([(",", ":"), (", ", ": ")])
        self._ascii = chance.random() < 0.5  # noqa: PLR2004 - as often as not
        self._with_time = chance.random() < 0.3  # noqa: PLR2004
        self._type_last = chance.random() < 0.2  # noqa: PLR2004

    def schema(self, stream: str, properties: Mapping[str, Any]) -> str:
        """Return a SCHEMA.

        Args:
            stream: Its stream.
            properties: JSON Schema of each property; it may be empty.
        """
        schema = {"type": "object", "properties": properties}
        return self._text(
            {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": []}
        )

    def record(self, stream: str, record: Mapping[str, Any], **more: Any) -> str:  # noqa: ANN401
        """Return a RECORD.

        Args:
            stream: Its stream.
            record: Its record.
            more: Other words of the message, such as `version`.
        """
        message = {"type": "RECORD", "stream": stream, "record": record, **more}
        if self._with_time:
            message.setdefault("time_extracted", "2025-10-09T08:00:00.000Z")
        return self._text(message)

    def state(self, number: int) -> str:
        """Return a STATE that differs from those of all other numbers."""
        return self._text({"type": "STATE", "value": {"bookmarks": {"issues": {"at": number}}}})

    def _text(self, message: Mapping[str, Any]) -> str:
        if self._type_last:
            message = {**{k: v for k, v in message.items() if k != "type"}, "type": message["type"]}
        text = json.dumps(message, separators=self._separators, ensure_ascii=self._ascii)
        try:
            text.encode()
        except UnicodeEncodeError:  # half of a pair of surrogates is written as an escape
            return json.dumps(message, separators=self._separators)
        return text
