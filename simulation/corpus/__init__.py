"""Plans that once failed, each with a sentence about what it found; a seed would not last.

What a seed draws changes with the generator; a plan stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from simulation.plan import Plan  # noqa: TC001 - msgspec reads the annotations

FOLDER: Final = Path(__file__).parent


class Found(msgspec.Struct, frozen=True):
    """A file of the corpus.

    Attributes:
        found: What it found, in one sentence.
        plan: The plan.
    """

    found: str
    plan: Plan


class Entry(NamedTuple):
    """A plan of the corpus, with the name of its file without the ending."""

    name: str
    found: str
    plan: Plan


def entries(folder: Path = FOLDER) -> list[Entry]:
    """Return all plans of the corpus, by name.

    Args:
        folder: The folder of the corpus.
    """
    decode = msgspec.json.Decoder(Found).decode
    read = [(path.stem, decode(path.read_bytes())) for path in sorted(folder.glob("*.json"))]
    return [Entry(name, each.found, each.plan) for name, each in read]


def keep(name: str, found: str, plan: Plan, folder: Path = FOLDER) -> Path:
    """Add a plan to the corpus.

    Args:
        name: Name of its file, without the ending.
        found: What it found, in one sentence.
        plan: The plan.
        folder: The folder of the corpus.

    Returns:
        The file.
    """
    path = folder / f"{name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(Found(found, plan)), indent=1) + b"\n")
    return path
