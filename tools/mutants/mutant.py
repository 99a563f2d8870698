"""One mutant: a module with one small change, and what names it from one run to the next."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tools.mutants.edits import edits_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tools.mutants.edits import Edit


class Name(NamedTuple):
    """What names a mutant as long as nobody changes its lines.

    Attributes:
        path: The module, relative to the checkout.
        function: The function, with the classes around it.
        before: The lines that are changed, in one line.
        after: The same lines, changed.
        nth: How many mutants before it in the same function have the same lines.
    """

    path: str
    function: str
    before: str
    after: str
    nth: int


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one small change.

    Attributes:
        room: The room of the module.
        name: What names it.
        edit: The change.
        line: Number of the line in which the change begins.
        source: The text of the module with the change.
    """

    room: str
    name: Name
    edit: Edit
    line: int
    source: bytes

    def __str__(self) -> str:
        """Return its place and the change, in one line."""
        return f"{self.name.path}:{self.line}: {self.name.before}  ->  {self.name.after}"


def mutants_of(room: str, root: Path, paths: Sequence[Path]) -> list[Mutant]:
    """Return all mutants of some modules.

    Args:
        room: Name of the room.
        root: The checkout.
        paths: The modules.
    """
    return [mutant for path in paths for mutant in _of_module(room, root, path)]


def sample_of(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """Choose some mutants of one room at random: the same ones for the same seed and code.

    A smaller sample is a part of a larger one.

    Args:
        mutants: All of the room.
        count: How many.
        seed: Any number.
    """
    room = mutants[0].room if mutants else ""
    order = list(mutants)
    random.Random(f"{seed} {room}").shuffle(order)
    return sorted(order[:count], key=lambda mutant: (mutant.name.path, mutant.edit.start))


def _of_module(room: str, root: Path, path: Path) -> list[Mutant]:
    source = path.read_bytes()
    name = path.relative_to(root).as_posix()
    seen: Counter[tuple[str, str, str]] = Counter()
    mutants = []
    for edit in edits_of(source):
        key = (edit.function, *_changed_lines(source, edit))
        line = source.count(b"\n", 0, edit.start) + 1
        mutants.append(
            Mutant(room, Name(name, *key, seen[key]), edit, line, edit.applied_to(source))
        )
        seen[key] += 1
    return mutants


def _changed_lines(source: bytes, edit: Edit) -> tuple[str, str]:
    start = source.rfind(b"\n", 0, edit.start) + 1
    end = source.find(b"\n", edit.end)
    before = source[start : end if end >= 0 else len(source)]
    after = source[start : edit.start] + edit.text.encode() + before[edit.end - start :]
    return " ".join(before.decode().split()), " ".join(after.decode().split())
