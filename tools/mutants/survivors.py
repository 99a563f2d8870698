"""The mutants that no test has noticed, each with what a person has found out about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tools.mutants.mutant import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tools.mutants.trial import Outcome

EQUIVALENT: Final = "equivalent"
COSMETIC: Final = "cosmetic"
HOLE: Final = "hole"
UNDECIDED: Final = "undecided"
KINDS: Final = (EQUIVALENT, COSMETIC, HOLE, UNDECIDED)
"""What a mutant that survives can be: one that no test can notice, since the program does the same;
one that changes no outcome, but a text, or how much time, memory or how many requests it takes; one
for which a test is missing; or one that nobody has looked at."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person has found out about a mutant.

    Attributes:
        kind: One of `KINDS`.
        reason: Why.
    """

    kind: str = UNDECIDED
    reason: str = ""


def read(file: Path) -> dict[Name, Decision]:
    """Read the file.

    Args:
        file: The file; there need not be one.

    Raises:
        ValueError: A kind is none of `KINDS`.
    """
    entries = json.loads(file.read_text("utf-8")) if file.exists() else []
    decisions = {}
    for entry in entries:
        name = Name(*(entry[field] for field in Name._fields))
        decisions[name] = Decision(entry["kind"], entry["reason"])
        if entry["kind"] not in KINDS:
            raise ValueError(f"{entry['kind']} is none of {', '.join(KINDS)}: {name}")
    return decisions


def updated(
    decisions: Mapping[Name, Decision], outcomes: Iterable[Outcome], existing: Iterable[Name]
) -> dict[Name, Decision]:
    """Return the decisions after a run.

    Args:
        decisions: Those before it.
        outcomes: What became of each mutant that was tried.
        existing: All mutants of the code as it is; a decision about any other is dropped.
    """
    names = set(existing)
    after = {name: decision for name, decision in decisions.items() if name in names}
    for outcome in outcomes:
        if outcome.is_noticed:
            after.pop(outcome.mutant.name, None)
        else:
            after.setdefault(outcome.mutant.name, Decision())
    return after


def write(file: Path, decisions: Mapping[Name, Decision]) -> None:
    """Write the file, in the order of the names.

    Args:
        file: The file.
        decisions: Its content.
    """
    entries = [
        {**name._asdict(), "kind": decision.kind, "reason": decision.reason}
        for name, decision in sorted(decisions.items())
    ]
    file.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")
