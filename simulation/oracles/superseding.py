"""Which records need not be sent because a later one has all that they have.

docs/writing.md counts these as merged: they were not sent, because a later record in the same batch
has all their properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.oracles.model import Outcome

EMPTY: tuple[object, ...] = (None, "", [], {})


def covers(later: object, earlier: object) -> bool:
    """Return whether a value has all that another one has, and empties nothing of it.

    Args:
        later: A value that is sent later.
        earlier: The value before it.
    """
    if isinstance(later, Mapping) and isinstance(earlier, Mapping):
        return all(name in later and covers(later[name], earlier[name]) for name in earlier)
    return not (later in EMPTY and earlier not in EMPTY)


def may_be_superseded(outcome: Outcome, outcomes: Sequence[Outcome]) -> bool:
    """Return whether a record may be without a reject because a later one was accepted.

    Args:
        outcome: A record that Planhat refuses if it is sent alone.
        outcomes: Those of all records of the input.
    """
    return outcome.by_planhat and may_be_merged(outcome, outcomes)


def may_be_merged(outcome: Outcome, outcomes: Sequence[Outcome]) -> bool:
    """Return whether a later record has all that a record has, so that it need not be sent.

    Args:
        outcome: What becomes of the record.
        outcomes: Those of all records of the input.
    """
    request = outcome.request
    if request is None:
        return False
    for later in outcomes:
        other = later.request
        if (
            later.line.number > outcome.line.number
            and other is not None
            and later.model == outcome.model
            and later.kind in {"created", "updated", "unchanged"}
            and other.operation == request.operation == "upsert"
            and other.keys == request.keys
            and covers(other.item, request.item)
        ):
            return True
    return False
