"""The outcome of every record of one batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.results.counts import StreamCounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.errors import PlanhatError
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.matching.partition import Partition
    from planhat_sync.writing.records.payload import Payload

_REFUSED: Final = {RejectCode.REFUSED, RejectCode.FORBIDDEN, RejectCode.TOO_LARGE}

NOT_SENT: Final = Reject(
    RejectCode.OUTCOME_UNKNOWN,
    "not sent, because a later record with the same key may have been written, which must not be "
    "overwritten",
)


@dataclass(slots=True)
class BatchResult:
    """The outcomes of one batch.

    Attributes:
        stream: Name of the model.
        batch: The batch.
        counts: How many of its records have each outcome.
        rejects: Payloads that were not written, and why.
        error: Why the other records have no outcome; None if every record has one.
    """

    stream: str
    batch: Batch
    counts: StreamCounts = field(default_factory=StreamCounts)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)
    error: PlanhatError | None = None

    def add_unsent(self, partition: Partition) -> list[Payload]:
        """Add the payloads of a partition that are not sent.

        Args:
            partition: A partition of the batch, or of a part of it.

        Returns:
            The payloads that are rejected.
        """
        self.counts.unchanged += len(partition.unchanged)
        self.counts.merged += superseded(partition.unchanged)
        for payload, why in partition.skipped:
            self.counts.skip(why, 1 + superseded([payload]))
        self.rejects += partition.rejects
        return [payload for payload, _ in partition.rejects]

    def reject_identical_versions(self, rejected: Iterable[Payload]) -> list[Payload]:
        """Reject earlier versions that are byte for byte what Planhat has refused.

        Planhat would refuse them too: nothing has been written to their records since.

        Args:
            rejected: Payloads that are among `rejects`.

        Returns:
            For each of them the oldest version that is rejected with it, or the payload itself.
        """
        reasons = {id(payload): reject for payload, reject in self.rejects}
        oldest = []
        for payload in rejected:
            last, reject = payload, reasons[id(payload)]
            for earlier in payload.earlier_versions() if reject.code in _REFUSED else ():
                if earlier.item != payload.item:
                    break
                self.rejects.append((earlier, reject))
                last = earlier
            oldest.append(last)
        return oldest

    def reject_superseded(self, unknown: Iterable[Payload]) -> None:
        """Reject the earlier versions of payloads that may have been written.

        Sent now, they would overwrite what is newer. They are not counted as merged either: if the
        newer version was not written, and Planhat refuses it in a replay of the rejects, one of
        them is the version to write.

        Args:
            unknown: Payloads whose outcome is unknown.
        """
        for payload in unknown:
            self.rejects += [(earlier, NOT_SENT) for earlier in payload.earlier_versions()]


def superseded(payloads: Iterable[Payload]) -> int:
    """Count the records that payloads have superseded.

    Args:
        payloads: What was sent, or would have been.
    """
    return sum(1 for each in payloads if each.earlier is not None for _ in each.earlier_versions())
