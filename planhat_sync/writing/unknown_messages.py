"""Messages of types that are not known: they are ignored unless one may hold what would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.stdin import InputError

if TYPE_CHECKING:
    import logging
    from collections.abc import Container

MOST_TYPES: Final = 10
"""Unknown types that are named; any others are only counted, since there may be any number."""
LONGEST_TYPE: Final = 40


class UnknownMessages:
    """Ignores messages of unknown types, with one warning for each type.

    Args:
        noun: What a message of the protocol is called, such as ``a Singer message``.
        known: The types that are known.
        logger: Receives the warnings.
    """

    def __init__(self, noun: str, known: Container[str], logger: logging.Logger) -> None:
        self._noun = noun
        self._known = known
        self._logger = logger
        self._types: set[str] = set()
        self._unnamed = 0

    def ignore(self, kind: str, number: int, *, lost: str | None) -> None:
        """Ignore a message.

        What may be a record is never ignored, since the next state would acknowledge it.

        Args:
            kind: Its type.
            number: Number of its line.
            lost: What would be lost with it, such as ``a record``; None for nothing.

        Raises:
            InputError: Something would be lost, or its type is a known one in other letters.
        """
        known = kind.strip().upper()
        if not known:
            raise InputError(f"line {number} of the input is not {self._noun}: it has no type")
        name = repr(kind[:LONGEST_TYPE])
        if known in self._known:
            raise InputError(
                f"line {number} of the input is a message of type {name}: the type of "
                f"{self._noun} is written {known}; correct the program that writes the input"
            )
        if lost is not None:
            raise InputError(
                f"line {number} of the input is a message of the unknown type {name}, and "
                f"contains {lost}, which would be lost: correct the program that writes the input"
            )
        if kind in self._types:
            return
        if len(self._types) == MOST_TYPES:
            self._unnamed += 1
            return
        self._types.add(kind)
        self._logger.warning(
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
            self._logger.warning("%s of other unknown types %s ignored", messages, were)
