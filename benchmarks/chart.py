"""The charts: horizontal bars for every subject, as a small SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from benchmarks.markdown import is_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 720
LETTER, VALUES = 7.7, 70  # room for a letter of a name, and at the right for figures
BAR, GAP, HEADING, MARGIN = 18, 8, 34, 14
OURS, THEIRS, INK, FAINT, PAPER = "#0b7a75", "#b9c0c7", "#1f2933", "#6b7580", "#ffffff"
FONT = "font-family='system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif'"


def chart(sides: Mapping[str, Mapping[str, float]], footnote: str) -> str:
    """Return an SVG of horizontal bars, shortest first, one scale for each side.

    Args:
        sides: Values by name, by heading, which says their unit.
        footnote: The line below the bars.
    """
    shapes: list[str] = []
    top = MARGIN
    labels = round(LETTER * max(len(name) for values in sides.values() for name in values)) + 8
    for side, values in sides.items():
        shapes.append(_text(MARGIN, top + 14, side, INK, weight=600))
        top += HEADING - 8
        scale = (WIDTH - labels - VALUES - 2 * MARGIN) / max(values.values())
        for name, value in sorted(values.items(), key=lambda item: item[1]):
            ours = is_ours(name)
            ink, weight = (INK, 600) if ours else (FAINT, 400)
            base = top + BAR - 5
            shapes.append(_text(MARGIN + labels - 8, base, name, ink, weight, anchor="end"))
            shapes.append(
                f"<rect x='{MARGIN + labels}' y='{top}' width='{max(1.0, value * scale):.1f}'"
                f" height='{BAR}' rx='2' fill='{OURS if ours else THEIRS}'/>"
            )
            end = MARGIN + labels + value * scale + 6
            shapes.append(_text(end, base, f"{value:.1f}", ink, weight))
            top += BAR + GAP
        top += 12
    shapes.append(_text(MARGIN, top + 6, footnote, FAINT, size=11))
    height = top + 6 + MARGIN
    box = f"width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}'"
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' {box} role='img' {FONT}>",
            f"<title>{escape(_spoken(sides))}</title>",
            f"<rect width='{WIDTH}' height='{height}' rx='6' fill='{PAPER}'/>",
            *shapes,
            "</svg>\n",
        ]
    )


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    weight: int = 400,
    *,
    size: int = 13,
    anchor: str = "start",
) -> str:
    return (
        f"<text x='{x:.1f}' y='{y}' fill='{colour}' font-size='{size}' font-weight='{weight}'"
        f" text-anchor='{anchor}'>{escape(text)}</text>"
    )


def _spoken(sides: Mapping[str, Mapping[str, float]]) -> str:
    """Return the chart as text, for screen readers."""
    return "; ".join(
        f"{side}: " + ", ".join(f"{name} {value:.1f}" for name, value in values.items())
        for side, values in sides.items()
    )
