"""The chart: CPU a record of every subject, as a small SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 720
LABELS, VALUES = 190, 70  # room at the left for names, at the right for figures
BAR, GAP, HEADING, MARGIN = 18, 8, 34, 14
OURS, THEIRS, INK, FAINT, PAPER = "#0b7a75", "#b9c0c7", "#1f2933", "#6b7580", "#ffffff"
FONT = "font-family='system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif'"


def chart(sides: Mapping[str, Mapping[str, float]], footnote: str) -> str:
    """Return an SVG of horizontal bars, shortest first, one scale for each side.

    Args:
        sides: Microseconds a record by name, by side; names that end in `-planhat` are ours.
        footnote: The line below the bars.
    """
    shapes: list[str] = []
    top = MARGIN
    for side, values in sides.items():
        shapes.append(_text(MARGIN, top + 14, f"{side}: CPU a record, µs", INK, weight=600))
        top += HEADING - 8
        scale = (WIDTH - LABELS - VALUES - 2 * MARGIN) / max(values.values())
        for name, value in sorted(values.items(), key=lambda item: item[1]):
            ours = name.endswith("-planhat")
            ink, weight = (INK, 600) if ours else (FAINT, 400)
            base = top + BAR - 5
            shapes.append(_text(MARGIN + LABELS - 8, base, name, ink, weight, anchor="end"))
            shapes.append(
                f"<rect x='{MARGIN + LABELS}' y='{top}' width='{max(1.0, value * scale):.1f}'"
                f" height='{BAR}' rx='2' fill='{OURS if ours else THEIRS}'/>"
            )
            end = MARGIN + LABELS + value * scale + 6
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
        f"{side}, microseconds of CPU a record: "
        + ", ".join(f"{name} {value:.1f}" for name, value in values.items())
        for side, values in sides.items()
    )
