"""What each key of a tenant has stood for, line after line of the input."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from simulation.oracles.shapes import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulation.oracles.shapes import Shape, Snapshot

Key = tuple[str, str, str, str]
"""Model, keyable, its value, and the company that it is unique within (empty for none)."""


def keys_of(shape: Shape, record: Mapping[str, Any]) -> list[Key]:
    """Return all keys of a record.

    Args:
        shape: Its model.
        record: A record.
    """
    return [
        (shape.model, name, record[name], str(record.get(shape.within.get(name, ""), "")))
        for name in shape.keyables
        if record.get(name)
    ]


class Timelines:
    """For each key the record that had it after each line, as far as that changed."""

    def __init__(self) -> None:
        self._points: defaultdict[Key, list[tuple[int, Snapshot | None]]] = defaultdict(list)

    def __iter__(self) -> Iterator[Key]:
        """Iterate over all keys that any record ever had."""
        return iter(self._points)

    def __contains__(self, key: Key) -> bool:
        """Return whether any record ever had a key."""
        return key in self._points

    def note(self, line: int, shape: Shape, before: Sequence[Key], record: Any) -> None:  # noqa: ANN401
        """Note what a line has done.

        Args:
            line: Its number; 0 for what was there before the first line.
            shape: The model.
            before: The keys that the record had before.
            record: The record as it is now, None if it is gone.
        """
        after = [] if record is None else keys_of(shape, record)
        shown = None if record is None else snapshot(shape, record)
        for key in {*before, *after}:
            self._points[key].append((line, shown if key in after else None))

    def since(self, key: Key, line: int) -> list[Snapshot | None]:
        """Return what a key may stand for once a line is done: what it did then, and afterwards.

        Args:
            key: A key.
            line: Number of the line.
        """
        points = self._points[key]
        first = sum(at <= line for at, _ in points) - 1
        return [None, *(s for _, s in points)] if first < 0 else [s for _, s in points[first:]]
