"""Messages of types that the target does not know: they are ignored unless one may be a record."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.stdin import InputError
from target_planhat.messages import read_values

if TYPE_CHECKING:
    from collections.abc import Container

    from target_planhat.messages import Message

MOST_TYPES: Final = 10
"""Unknown types that are named; any others are only counted, since there may be any number."""
LONGEST_TYPE: Final = 40

logger = logging.getLogger("target-planhat")


class UnknownMessages:
    """Ignores messages of unknown types, with one warning for each type.

    Args:
        known: The types that are known.
    """

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._types: set[str] = set()
        self._unnamed = 0

    def handle(self, message: Message, line: bytes, number: int) -> None:
        """Ignore a message.

        What may be a record is never ignored, since the next state would acknowledge it.

        Args:
            message: The message.
            line: Its line.
            number: Number of that line.

        Raises:
            InputError: It may be a record, or its type is a known one in other letters.
        """
        known = message.type.strip().upper()
        if not known:
            raise InputError(f"line {number} of the input is not a Singer message: it has no type")
        name = repr(message.type[:LONGEST_TYPE])
        if known in self._known:
            raise InputError(
                f"line {number} of the input is a message of type {name}: the Singer "
                f"specification writes it {known}; correct the program that writes the input"
            )
        values = read_values(line, number)
        if isinstance(values.get("stream"), str) and isinstance(values.get("record"), dict):
            raise InputError(
                f"line {number} of the input is a message of the unknown type {name}, and "
                "contains a record, which would be lost: correct the program that writes the input"
            )
        if message.type in self._types:
            return
        if len(self._types) == MOST_TYPES:
            self._unnamed += 1
            return
        self._types.add(message.type)
        logger.warning(
            "line %d of the input is a message of the unknown type %s: "
            "all of this type are ignored",
            number,
            name,
        )

    def report_rest(self) -> None:
        """Log at the end of a run how many messages of further unknown types were ignored."""
        if self._unnamed:
            were = "was" if self._unnamed == 1 else "were"
            messages = counted(self._unnamed, "message")
            logger.warning("%s of other unknown types %s ignored", messages, were)
