"""Messages of types that the target does not know: passed over, with one warning for each type.

Owns which of them cannot be passed over: what may be a record is never dropped, since the next
state would acknowledge it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from planhat_sync.runtime.stdin import InputError
from target_planhat.messages import KNOWN_TYPES, read_values

if TYPE_CHECKING:
    from target_planhat.messages import Message

logger = logging.getLogger("target-planhat")

MOST_TYPES: Final = 10
"""Types that are named; further ones are counted, for a producer may invent a new one each time."""
LONGEST_TYPE: Final = 40


class UnknownMessages:
    """The messages of unknown types of one run."""

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._others = 0

    def pass_over(self, message: Message, line: bytes, number: int) -> None:
        """Pass over a message, and say so if it is the first one of its type.

        Args:
            message: The message.
            line: Its line.
            number: Number of its line.

        Raises:
            InputError: It may be a record, or a message of a known type that is not written as
                the Singer specification has it; or its type is blank.
        """
        known = message.type.strip().upper()
        if not known:
            raise InputError(f"line {number} of the input is no Singer message: it has no type")
        name = repr(message.type[:LONGEST_TYPE])
        if known in KNOWN_TYPES:
            raise InputError(
                f"line {number} of the input is a message of type {name}: the Singer "
                f"specification writes it {known}; correct the program that writes the input"
            )
        values = read_values(line, number)
        if isinstance(values.get("stream"), str) and isinstance(values.get("record"), dict):
            raise InputError(
                f"line {number} of the input is a message of type {name}, which target-planhat "
                "does not know, and it holds a record, which would be lost: correct the program "
                "that writes the input"
            )
        if message.type in self._named:
            return
        if len(self._named) == MOST_TYPES:
            self._others += 1
            return
        self._named.add(message.type)
        logger.warning(
            "line %d of the input is a message of type %s, which target-planhat does not know: "
            "all of this type are ignored",
            number,
            name,
        )

    def sum_up(self) -> None:
        """Say how many messages of further types were passed over, if there were any."""
        if self._others:
            logger.warning(
                "%d message%s of other unknown types %s ignored",
                self._others,
                "" if self._others == 1 else "s",
                "was" if self._others == 1 else "were",
            )
