"""What follows from answers that accept nothing: for one payload, or for the run.

Owns the messages that say what is at fault: a record, the token or Planhat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.api.bulk.envelope import Counts
from planhat_sync.api.bulk.outcomes import Refusal, Settled
from planhat_sync.errors import GaveUpError, NotPermittedError, Section, StopError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAILED: Final = "Planhat answers 500 each time it is sent, but accepts other records"
_LOST: Final = "the answer was lost: the record may exist, so it is not sent again"

FAILED_ALONE: Final = Settled(Counts(), {0: Refusal("refused", _FAILED, may_be_written=True)})
ANSWER_LOST: Final = Settled(Counts(), {0: Refusal("outcome_unknown", _LOST, may_be_written=True)})


class AllRefusedError(StopError):
    """Planhat refuses everything, and the records cannot be the reason."""

    section = Section.WRITING


def outage(stream: str) -> GaveUpError:
    """Return the error for a Planhat that fails on everything."""
    return GaveUpError(f"Planhat answered 500 to every write of {stream}: run again later")


def not_permitted(stream: str, said: str = "") -> NotPermittedError:
    """Return the error for a token without permission to write.

    Args:
        stream: Name of the model.
        said: Planhat's own words, if it gave any.
    """
    words = f" ({said})" if said else ""
    return NotPermittedError(
        f"api_token has no permission to write {stream}{words}: grant it to its private app in "
        "Planhat, then run again"
    )


def all_refused(stream: str, refusals: Mapping[int, Refusal]) -> StopError:
    """Return the error for records that are refused alike, one after the other.

    Args:
        stream: Name of the model.
        refusals: At least one.
    """
    said = next(iter(refusals.values())).message
    if are_forbidden(refusals):
        return not_permitted(stream, said)
    return AllRefusedError(
        f"Planhat refuses every record of {stream} in the same way, even if it is sent alone "
        f"({said}), so the records are not the cause: find the cause in Planhat, then run again"
    )


def are_forbidden(refusals: Mapping[int, Refusal]) -> bool:
    """Return whether there are refusals, all for lack of a permission."""
    return bool(refusals) and all(refusal.kind == "forbidden" for refusal in refusals.values())
