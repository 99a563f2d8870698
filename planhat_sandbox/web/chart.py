"""The chart of requests per second: the size and position of everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planhat_sandbox.server.request_log import LoggedRequest

PER_MINUTE = 200
"""The soft limit of Planhat, in requests per minute (rate-limit-soft)."""
WIDTH, HEIGHT = 720, 150
BARS = 120
STEPS = (1, 2, 5)
FIRST_REFUSAL = 400
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Bar:
    """One slice of time; sizes are in the units of the drawing.

    Attributes:
        x: Left edge.
        parts: CSS class, upper edge and height of each coloured part, from the bottom up.
        label: Its tooltip.
    """

    x: float
    parts: tuple[tuple[str, float, float], ...]
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The complete chart.

    Attributes:
        bars: Oldest first; empty slices are left out.
        bar_width: Width of each.
        limit_y: Height of the line of the limit.
        ticks: Label and height of each line of the scale.
        window_seconds: Length of time shown.
        last_minute: Number of requests in the last 60 seconds.
        peak: The highest number of requests per second in a slice.
    """

    bars: tuple[Bar, ...]
    bar_width: float
    limit_y: float
    ticks: tuple[tuple[str, float], ...]
    window_seconds: int
    last_minute: int
    peak: float
    width: int = WIDTH
    height: int = HEIGHT
    per_minute: int = PER_MINUTE


def draw(requests: Sequence[LoggedRequest], now: float, window_seconds: int) -> Chart:
    """Count requests in slices of time, and compute what to draw.

    Args:
        requests: The log, oldest first.
        now: The right edge, in seconds since 1970.
        window_seconds: Length of time to show.

    Returns:
        The chart.
    """
    slice_seconds = window_seconds / BARS
    # Slices begin at multiples of their length, so that bars do not flicker between two updates.
    end = (now // slice_seconds + 1) * slice_seconds
    start = end - window_seconds
    slices: dict[int, dict[str, int]] = {}
    last_minute = 0
    for request in _newest(requests, min(start, now - 60)):
        last_minute += request.started > now - 60
        place = int((request.started - start) // slice_seconds)
        if 0 <= place < BARS:
            counts = slices.setdefault(place, {"ok": 0, "throttled": 0, "failed": 0})
            counts[_class(request)] += 1
    peak = max((sum(c.values()) for c in slices.values()), default=0) / slice_seconds
    step = _step(max(peak, PER_MINUTE / 60))
    top = step * 4
    width = WIDTH / BARS
    bars = tuple(
        Bar(place * width, *_stacked(counts, slice_seconds, top))
        for place, counts in sorted(slices.items())
    )
    ticks = tuple((f"{step * n:g}", _y(step * n, top)) for n in range(5))
    limit_y = _y(PER_MINUTE / 60, top)
    return Chart(bars, width, limit_y, ticks, window_seconds, last_minute, peak)


def _newest(requests: Sequence[LoggedRequest], since: float) -> Iterable[LoggedRequest]:
    for request in reversed(requests):
        if request.started < since:
            return
        yield request


def _class(request: LoggedRequest) -> str:
    if request.status == TOO_MANY:
        return "throttled"
    if request.seconds is None:
        return "ok"  # it is still being answered
    return "ok" if request.status and request.status < FIRST_REFUSAL else "failed"


def _stacked(
    counts: dict[str, int], slice_seconds: float, top: float
) -> tuple[tuple[tuple[str, float, float], ...], str]:
    parts, below = [], 0.0
    for name, count in counts.items():
        above = below + count / slice_seconds
        if count:
            parts.append((name, _y(above, top), _y(below, top) - _y(above, top)))
        below = above
    label = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return tuple(parts), f"{below:.3g} per second: {label}"


def _y(rate: float, top: float) -> float:
    return round(HEIGHT * (1 - rate / top), 2)


def _step(peak: float) -> float:
    """Return the step of the scale: the smallest round number of which four reach the peak."""
    size = 1.0
    while True:
        for step in STEPS:
            if step * size * 4 >= peak:
                return step * size
        size *= 10
