"""What became of one batch: the account of every record in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.results.counts import StreamCounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.errors import PlanhatError
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.records.payload import Payload

_REFUSALS: Final = {RejectCode.REFUSED, RejectCode.FORBIDDEN, RejectCode.TOO_LARGE}

NOT_SENT: Final = Reject(
    RejectCode.OUTCOME_UNKNOWN,
    "it was not sent: a later record with the same key may have been written, and must not be "
    "overwritten with this one",
)


@dataclass(slots=True)
class BatchResult:
    """What became of one batch.

    Attributes:
        stream: Name of the model.
        batch: The batch.
        counts: How many records have each outcome.
        rejects: Payloads that were not written, and why.
        error: Why the rest has no outcome; None if everything has one.
    """

    stream: str
    batch: Batch
    counts: StreamCounts = field(default_factory=StreamCounts)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)
    error: PlanhatError | None = None


def reject_alike(rejected: Iterable[Payload], written: BatchResult) -> list[Payload]:
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
        for earlier in payload.earlier_versions() if why.code in _REFUSALS else ():
            if earlier.item != payload.item:
                break
            written.rejects.append((earlier, why))
            last = earlier
        oldest.append(last)
    return oldest


def reject_superseded(unknown: Iterable[Payload], written: BatchResult) -> None:
    """Reject what was superseded by payloads that may have been written.

    Sent now, it would be written over what is newer. It is not merged either: if the newer one was
    not written and a replay of the rejects finds that Planhat refuses it, this is the last version.

    Args:
        unknown: Payloads of which it is not known whether they were written.
        written: Takes what they superseded.
    """
    for payload in unknown:
        written.rejects += [(earlier, NOT_SENT) for earlier in payload.earlier_versions()]


def superseded(payloads: Iterable[Payload]) -> int:
    """Count the records that payloads have superseded.

    Args:
        payloads: What was sent, or would have been.
    """
    return sum(1 for each in payloads if each.earlier is not None for _ in each.earlier_versions())
