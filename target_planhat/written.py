"""What became of one batch: the account of every record in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from planhat_api.envelope import Counts
from target_planhat.payload import RejectCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_api.errors import PlanhatError
    from target_planhat.batch import Batch
    from target_planhat.payload import Payload, Reject

_REFUSALS: Final = {RejectCode.REFUSED, RejectCode.FORBIDDEN, RejectCode.TOO_LARGE}


@dataclass(slots=True)
class Written:
    """What became of one batch.

    Attributes:
        stream: Name of the model.
        batch: The batch.
        counts: Payloads that Planhat took, or held already.
        merged: Records that were not sent, since a later one says everything of them.
        deleted: Records that were deleted.
        skipped: Records that the mode leaves alone, and deletes of what was not there.
        rejects: Payloads that were not written, and why.
        error: Why the rest has no outcome; None if everything has one.
    """

    stream: str
    batch: Batch
    counts: Counts = field(default_factory=Counts)
    merged: int = 0
    deleted: int = 0
    skipped: int = 0
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)
    error: PlanhatError | None = None


def reject_alike(rejected: Iterable[Payload], written: Written) -> list[Payload]:
    """Reject with a payload that was refused what it superseded and is the same to the byte.

    Planhat would refuse it again: nothing has been written of its record since.

    Args:
        rejected: Payloads of the batch that are rejected, for reasons that `written` has.
        written: Takes those that are rejected like them.

    Returns:
        For each rejected payload the oldest one that is rejected like it.
    """
    whys = {id(payload): why for payload, why in written.rejects}
    oldest = []
    for payload in rejected:
        last, why = payload, whys[id(payload)]
        while (
            why.code in _REFUSALS and last.earlier is not None and last.earlier.item == payload.item
        ):
            last = last.earlier
            written.rejects.append((last, why))
        oldest.append(last)
    return oldest


def superseded(payloads: Iterable[Payload]) -> int:
    """Count the records that payloads have superseded.

    Args:
        payloads: What was sent, or would have been.
    """
    count = 0
    for payload in payloads:
        earlier = payload.earlier
        while earlier is not None:
            count += 1
            earlier = earlier.earlier
    return count
