"""A batch, divided by what happens to its payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.records.payload import Payload, Reject


@dataclass(slots=True)
class Partition:
    """A batch, divided by what happens to its payloads.

    Attributes:
        batch: What is to be sent, in order; None if nothing is.
        existing: For each payload of `batch` the record that it means; None if it will be created,
            UNKNOWN also if nobody asked.
        later: Payloads to be partitioned again once `batch` has its result, since the first of them
            means the same record as one of `batch`, by another keyable.
        unchanged: Payloads whose values Planhat has already.
        skipped: Payloads that are not to be sent. What they superseded is skipped with them.
        rejects: Payloads that cannot be written, and why. What they superseded is still to be
            written.
    """

    batch: Batch | None = None
    existing: Sequence[Existing] = ()
    later: Batch | None = None
    unchanged: list[Payload] = field(default_factory=list)
    skipped: list[Payload] = field(default_factory=list)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)
