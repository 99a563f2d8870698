"""Writes one batch, and gives an account of every record in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from planhat_api.envelope import Counts
from planhat_api.errors import Interrupted, NotPermittedError, PlanhatError
from planhat_api.redaction import scrub
from target_planhat.delivery import Delivery, NotTheRecordsError
from target_planhat.payload import Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from planhat_api.client import PlanhatClient
    from planhat_api.model import Model
    from target_planhat.batches import Batch
    from target_planhat.payload import Payload
    from target_planhat.signals import Stop

_CODES: Final = {
    "refused": RejectCode.REFUSED,
    "forbidden": RejectCode.FORBIDDEN,
    "too_large": RejectCode.TOO_LARGE,
    "outcome_unknown": RejectCode.OUTCOME_UNKNOWN,
}


class EnoughRejectsError(PlanhatError):
    """So many records are rejected that the run fails: the rest of the batch is left alone."""


@dataclass(slots=True)
class Written:
    """What became of one batch.

    Attributes:
        stream: Name of the model.
        batch: The batch.
        counts: Payloads that Planhat took.
        merged: Records that were not sent, since a later one says everything of them.
        deleted: Records that were deleted.
        skipped: Deletes of what was not there.
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


class Writer:
    """Writes the batches of one model.

    Args:
        client: Planhat.
        model: Whose batches.
        stop: Ends the writing between two requests.
        allowance: Gives how many more records may be rejected before the run fails, None for any
            number.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        *,
        stop: Stop,
        allowance: Callable[[], int | None],
    ) -> None:
        self._client = client
        self._model = model
        self._stop = stop
        self._allowance = allowance

    def write(self, batch: Batch) -> Written:
        """Write a batch as far as possible.

        Args:
            batch: What to write; nothing that must come before it is still under way.

        Returns:
            What became of it, and why the rest of it has no outcome. No error of Planhat's is
            raised, so that what was decided before it is not forgotten.
        """
        written = Written(self._model.name, batch)
        following: Batch | None = batch
        try:
            while following is not None:
                rejected = self._deliver(following, written)
                # What a rejected payload superseded was never sent: now it is the last word.
                following = following.without(rejected)
        except PlanhatError as error:
            written.error = error
        return written

    def _deliver(self, batch: Batch, written: Written) -> list[Payload]:
        """Send the payloads of a batch, without those that they superseded."""
        known = len(written.rejects)
        delivery = Delivery(
            self._client, self._model, batch, lambda refused: self._check(known + refused)
        )
        refusals = delivery.halving.refusals
        try:
            delivery.make()
        except (NotTheRecordsError, NotPermittedError):
            refusals.clear()
            raise
        finally:
            written.counts += delivery.halving.counts
            written.rejects += [
                (batch.payloads[at], Reject(_CODES[why.kind], scrub(why.message)))
                for at, why in sorted(refusals.items())
            ]
        written.merged += _superseded(batch.payloads, refusals)
        return [batch.payloads[at] for at in sorted(refusals)]

    def _check(self, rejects: int) -> None:
        """Stop between two requests, if there is a reason to."""
        if self._stop.asked:
            raise Interrupted("asked to stop between two requests")
        allowance = self._allowance()
        if allowance is not None and rejects > allowance:
            raise EnoughRejectsError("enough records are rejected for the run to fail")


def _superseded(payloads: Sequence[Payload], refused: Container[int]) -> int:
    """Count the records behind payloads that were taken."""
    count = 0
    for place, payload in enumerate(payloads):
        earlier = payload.earlier
        if earlier is not None and place not in refused:
            while earlier is not None:
                count += 1
                earlier = earlier.earlier
    return count
