"""What is broken, and the tests that are run: read from a file, `rooms.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """Modules whose mutants are counted together.

    Attributes:
        name: Its name.
        modules: Paths of its modules.
        tests: Beginnings of the names of its own tests, which are run before any others.
    """

    name: str
    modules: Sequence[Path]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """The rooms of a checkout, and its tests.

    Attributes:
        root: The checkout.
        rooms: The rooms.
        tests: The files of all tests that may be run.
        support: Files that tests have in common.
        fixtures: Fixtures that run the code in a process of its own, which is not changed: tests
            that use one are left out.
        load_first: Modules of others that each process of tests would have to import.
        survivors: The file with the mutants that no test has noticed.
        cache: A folder for what is kept between runs, and need not be.
    """

    root: Path
    rooms: Sequence[Room]
    tests: Sequence[Path]
    support: Sequence[Path]
    fixtures: frozenset[str]
    load_first: Sequence[str]
    survivors: Path
    cache: Path

    @classmethod
    def read(cls, file: Path, root: Path) -> Project:
        """Read what a file says about a checkout.

        Args:
            file: The file.
            root: The checkout.
        """
        said = json.loads(file.read_text("utf-8"))

        def files(patterns: Sequence[str]) -> list[Path]:
            return sorted({path for pattern in patterns for path in root.glob(pattern)})

        return cls(
            root=root,
            rooms=[
                Room(name, files(room["modules"]), tuple(room["tests"]))
                for name, room in said["rooms"].items()
            ],
            tests=[path for path in files(said["tests"]) if path.name.startswith("test_")],
            support=files(said["support"]),
            fixtures=frozenset(said["in_other_processes"]),
            load_first=said["load_first"],
            survivors=root / said["survivors"],
            cache=root / said["cache"],
        )
