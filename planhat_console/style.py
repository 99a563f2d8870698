"""How text looks to whom it is shown: in lines and colours on a terminal, plain elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RED, _GREEN, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Style:
    """How text looks.

    Attributes:
        is_terminal: Whether a person reads it as it comes: what belongs together may take several
            lines. Elsewhere one event is one line, for whoever collects the log.
        has_colour: Whether colours may be used.
    """

    is_terminal: bool = False
    has_colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str] = os.environ) -> Style:
        """Choose how text for a stream looks.

        Args:
            stream: Where it goes.
            environment: Where `NO_COLOR` and `TERM` are looked up.
        """
        is_terminal = stream.isatty()
        bare = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        return cls(is_terminal, is_terminal and not bare)

    def old(self, text: str) -> str:
        """Mark what goes."""
        return self._in(_RED, text)

    def new(self, text: str) -> str:
        """Mark what comes."""
        return self._in(_GREEN, text)

    def bad(self, text: str) -> str:
        """Mark what is wrong."""
        return self._in(_RED, text)

    def head(self, text: str) -> str:
        """Mark a heading."""
        return self._in(_BOLD, text)

    def faint(self, text: str) -> str:
        """Mark what matters less."""
        return self._in(_DIM, text)

    def listed(self, head: str, parts: Sequence[str]) -> str:
        """Put what belongs together below its heading, or behind it.

        Args:
            head: The heading.
            parts: What belongs to it.
        """
        if self.is_terminal:
            return "".join([self.head(head), *(f"\n    {part}" for part in parts)])
        return f"{head}: {', '.join(parts)}" if parts else head

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self.has_colour else text


def table(rows: Sequence[Sequence[str]], style: Style) -> str:
    """Draw a table: texts in the first column, figures in the others.

    Args:
        rows: The cells of each row, the headings first.
        style: How it looks.

    Returns:
        Lines, without a line end after the last.
    """
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *figures = (
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *figures]))
    return "\n".join([style.head(lines[0]), *lines[1:]])
