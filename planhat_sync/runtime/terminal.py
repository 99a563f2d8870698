"""Formats text for people: with colours and line breaks on a terminal, plain elsewhere."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

USUAL_COLUMNS = 80
"""The width that is assumed if a terminal does not report it."""

_GAP = "  "
_RED, _GREEN, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How text is formatted for the stream that it is written to.

    Attributes:
        is_terminal: Whether it is a terminal, on which one event may take several lines. Elsewhere
            one event is one line, for log collectors.
        has_colour: Whether colours may be used.
    """

    is_terminal: bool = False
    has_colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str] = os.environ) -> TextStyle:
        """Return the style of text for a stream.

        Args:
            stream: Where the text is written.
            environment: Where `NO_COLOR` and `TERM` are looked up.
        """
        is_terminal = stream.isatty()
        bare = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        return cls(is_terminal, is_terminal and not bare)

    def removed(self, text: str) -> str:
        """Mark a value that is replaced."""
        return self._in(_RED, text)

    def added(self, text: str) -> str:
        """Mark a value that replaces another."""
        return self._in(_GREEN, text)

    def error(self, text: str) -> str:
        """Mark an error."""
        return self._in(_RED, text)

    def heading(self, text: str) -> str:
        """Mark a heading."""
        return self._in(_BOLD, text)

    def dim(self, text: str) -> str:
        """Mark what is less important."""
        return self._in(_DIM, text)

    def listed(self, head: str, parts: Sequence[str]) -> str:
        """Return a heading with its parts: below it on a terminal, elsewhere in the same line.

        Args:
            head: The heading.
            parts: The parts.
        """
        if self.is_terminal:
            return "".join([self.heading(head), *(f"\n    {part}" for part in parts)])
        return f"{head}: {', '.join(parts)}" if parts else head

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self.has_colour else text


def can_redraw(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream is a terminal on which a line can be erased.

    Args:
        stream: Where text is written.
        environment: Where `TERM` is looked up.
    """
    return stream.isatty() and environment.get("TERM") != "dumb"


def columns(stream: TextIO, environment: Mapping[str, str] = os.environ) -> int:
    """Return the current width of a terminal.

    Args:
        stream: The terminal.
        environment: Where `COLUMNS` is looked up if the terminal does not report its width.
    """
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # not a terminal
        width = 0
    wanted = environment.get("COLUMNS", "")
    return width or (int(wanted) if wanted.isdecimal() else 0) or USUAL_COLUMNS


def printable(text: str) -> str:
    """Return a text whose control characters are escaped: a terminal would obey them.

    Args:
        text: Any text, such as one with names that a source or a file has chosen.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def table(
    rows: Sequence[Sequence[str]],
    style: TextStyle,
    *,
    width: int = USUAL_COLUMNS,
    bad: Collection[str] = (),
) -> str:
    """Format a table: text in the first column, numbers in the others.

    If it would be too wide, each row becomes a list below its text.

    Args:
        rows: The cells of each row, the headings first.
        style: How it is formatted.
        width: Columns of the terminal.
        bad: Headings of the numbers that are marked as errors unless they are 0.

    Returns:
        Lines, without a line end after the last.
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return _lists(rows, style, bad)
    headings, *body = rows
    numbers = range(1, len(widths))
    lines = [style.heading(_GAP.join(aligned(headings, widths, numbers=numbers)))]
    for row in body:
        first, *figures = aligned(row, widths, numbers=numbers)
        lines.append(_GAP.join([first, *_marked(headings[1:], figures, style, bad)]))
    return "\n".join(lines)


def _lists(rows: Sequence[Sequence[str]], style: TextStyle, bad: Collection[str]) -> str:
    headings, *body = rows
    name_width = max(map(len, headings[1:]), default=0)
    figure_width = max((len(cell) for row in body for cell in row[1:]), default=0)
    lines = []
    for first, *cells in body:
        lines.append(style.heading(first))
        figures = [cell.rjust(figure_width) for cell in cells]
        marked = _marked(headings[1:], figures, style, bad)
        lines += [
            f"{_GAP}{heading.ljust(name_width)}{_GAP}{figure}"
            for heading, figure in zip(headings[1:], marked, strict=True)
        ]
    return "\n".join(lines)


def aligned(row: Sequence[str], widths: Sequence[int], *, numbers: Collection[int]) -> list[str]:
    """Return the cells of a row with blanks, so that those of one column have one width.

    Args:
        row: The cells.
        widths: The width of each column.
        numbers: Positions of the columns that hold numbers, which stand at the right.
    """
    return [
        cell.rjust(width) if at in numbers else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _marked(
    headings: Sequence[str], figures: Sequence[str], style: TextStyle, bad: Collection[str]
) -> list[str]:
    return [
        style.error(figure) if heading in bad and figure.strip() != "0" else figure
        for heading, figure in zip(headings, figures, strict=True)
    ]
