"""Divides a batch by what happens to its payloads.

Pure: owns that two payloads of one record never share a batch, although only their records show
that they are of one. `matcher` finds the records and decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.matching.existing import ExistingRecord
from planhat_sync.writing.records.payload import Payload, Reject, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_sync.writing.batching.batch import Kind
    from planhat_sync.writing.matching.existing import Existing


@dataclass(slots=True)
class Partition:
    """A batch, divided by what happens to its payloads.

    Attributes:
        batch: What is to be sent, in order; None if nothing is. Its kind is `create` also for
            payloads with keyables that are to be created one by one.
        existing: For each payload of `batch` the record that it refers to; None if it will be
            created, UNKNOWN also if it was not looked up.
        later: Payloads to be partitioned again once `batch` has its result: the first of them
            refers to the same record as one of `batch`, by another keyable, or must not share a
            batch with it; or so many are rejected that the run may end before they are looked at.
        unchanged: Payloads whose values Planhat has already.
        skipped: Payloads that are not to be sent, and why. What they superseded is skipped with
            them.
        rejects: Payloads that cannot be written, and why. What they superseded is still to be
            written.
    """

    batch: Batch | None = None
    existing: Sequence[Existing] = ()
    later: Batch | None = None
    unchanged: list[Payload] = field(default_factory=list)
    skipped: list[tuple[Payload, Skipped]] = field(default_factory=list)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)

    def leave_out(self, payload: Payload, why: Reject | Skipped) -> None:
        """Add a payload that is not sent.

        Args:
            payload: The payload.
            why: Why it is not sent.
        """
        if isinstance(why, Reject):
            self.rejects.append((payload, why))
        elif why is Skipped.UNCHANGED:
            self.unchanged.append(payload)
        else:
            self.skipped.append((payload, why))


def divide(
    batch: Batch,
    find: Callable[[Payload], Existing | Reject],
    decide: Callable[[Payload, Existing], Payload | Reject | Skipped],
    allowance: int | None,
    *,
    creates_apart: bool = False,
) -> Partition:
    """Divide a batch.

    Args:
        batch: A batch of upserts or of creates.
        find: Returns the record that a payload refers to, or why that cannot be found out.
        decide: Returns what is sent for a payload and its record, or why nothing is.
        allowance: How many rejects the run can take, None for any number.
        creates_apart: Whether what will be created does not share a batch with anything else, since
            it is sent by a request that must not be repeated.
    """
    partition = Partition()
    kind: Kind = batch.kind
    sent: list[Payload] = []
    sent_existing: list[Existing] = []
    references: set[bytes | None] = set()
    for at, payload in enumerate(batch.payloads):
        is_enough = allowance is not None and len(partition.rejects) > allowance
        existing = None if is_enough else find(payload)
        reference = existing.reference if isinstance(existing, ExistingRecord) else None
        own: Kind = "create" if creates_apart and existing is None else batch.kind
        if not sent:
            kind = own
        if is_enough or kind != own or (reference is not None and reference in references):
            partition.later = Batch(batch.kind, batch.payloads[at:])
            break
        if isinstance(existing, Reject):
            partition.leave_out(payload, existing)
            continue
        decision = decide(payload, existing)
        if not isinstance(decision, Skipped):
            references.add(reference)
        if isinstance(decision, Payload):
            sent.append(decision)
            sent_existing.append(existing)
        else:
            partition.leave_out(payload, decision)
    if sent:
        partition.batch, partition.existing = Batch(kind, sent), sent_existing
    return partition
