"""How text looks to whom it is shown: in lines and colours on a terminal, plain elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

USUAL_COLUMNS = 80
"""How wide a terminal is taken to be that does not say it."""

_GAP = "  "
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


def can_redraw(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream leads to a terminal on which a line can be erased.

    Args:
        stream: Where text goes.
        environment: Where `TERM` is looked up.
    """
    return stream.isatty() and environment.get("TERM") != "dumb"


def columns(stream: TextIO, environment: Mapping[str, str] = os.environ) -> int:
    """Return how many columns a terminal has now.

    Args:
        stream: Leads to the terminal.
        environment: Where `COLUMNS` is looked up if the terminal does not know.
    """
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # not a terminal
        width = 0
    wanted = environment.get("COLUMNS", "")
    return width or (int(wanted) if wanted.isdecimal() else 0) or USUAL_COLUMNS


def table(
    rows: Sequence[Sequence[str]],
    style: Style,
    *,
    width: int = USUAL_COLUMNS,
    bad: Collection[str] = (),
) -> str:
    """Draw a table: texts in the first column, figures in the others.

    Where it would be too wide, each row becomes a list of its own below the text.

    Args:
        rows: The cells of each row, the headings first.
        style: How it looks.
        width: Columns of the terminal.
        bad: Headings of the figures that are marked unless they are 0.

    Returns:
        Lines, without a line end after the last.
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return _lists(rows, style, bad)
    headings, *body = rows
    lines = [style.head(_GAP.join(_aligned(headings, widths)))]
    for row in body:
        first, *figures = _aligned(row, widths)
        lines.append(_GAP.join([first, *_marked(headings[1:], figures, style, bad)]))
    return "\n".join(lines)


def _lists(rows: Sequence[Sequence[str]], style: Style, bad: Collection[str]) -> str:
    headings, *body = rows
    name_width = max(map(len, headings[1:]), default=0)
    figure_width = max((len(cell) for row in body for cell in row[1:]), default=0)
    lines = []
    for first, *cells in body:
        lines.append(style.head(first))
        figures = [cell.rjust(figure_width) for cell in cells]
        marked = _marked(headings[1:], figures, style, bad)
        lines += [
            f"{_GAP}{heading.ljust(name_width)}{_GAP}{figure}"
            for heading, figure in zip(headings[1:], marked, strict=True)
        ]
    return "\n".join(lines)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *figures = widths
    return [row[0].ljust(first), *(cell.rjust(w) for cell, w in zip(row[1:], figures, strict=True))]


def _marked(
    headings: Sequence[str], figures: Sequence[str], style: Style, bad: Collection[str]
) -> list[str]:
    return [
        style.bad(figure) if heading in bad and figure.strip() != "0" else figure
        for heading, figure in zip(headings, figures, strict=True)
    ]
