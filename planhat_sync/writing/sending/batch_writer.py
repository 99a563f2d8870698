"""Writes one batch, and gives an account of every record in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.errors import Interrupted, NotPermittedError, PlanhatError
from planhat_sync.redaction import redact
from planhat_sync.writing.matching.decisions import DOUBTFUL
from planhat_sync.writing.matching.existing import Doubt
from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.results.rejects import TooManyRejectsError
from planhat_sync.writing.sending.batch_result import (
    BatchResult,
    reject_alike,
    reject_superseded,
    superseded,
)
from planhat_sync.writing.sending.sender import BatchSender, NotTheRecordsError

if TYPE_CHECKING:
    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.runtime.signals import Stop
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.matching.matcher import Matcher
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.results.rejects import Rejects
    from planhat_sync.writing.sending.dry_run import DryRun

_CODES: Final = {
    "refused": RejectCode.REFUSED,
    "forbidden": RejectCode.FORBIDDEN,
    "too_large": RejectCode.TOO_LARGE,
    "outcome_unknown": RejectCode.OUTCOME_UNKNOWN,
}


class BatchWriter:
    """Writes the batches of one model.

    Args:
        client: Planhat.
        model: Whose batches.
        destination: What Planhat holds of the model.
        stop: Ends the writing between two requests.
        rejects: The rejects of the run, which say when there are too many.
        rehearsal: Takes the place of writing in a dry run.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        destination: Matcher,
        *,
        stop: Stop,
        rejects: Rejects,
        rehearsal: DryRun | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._destination = destination
        self._stop = stop
        self._rejects = rejects
        self._rehearsal = rehearsal
        self._proven = False

    def write(self, batch: Batch) -> BatchResult:
        """Write a batch as far as possible.

        Args:
            batch: What to write; nothing that must come before it is still under way.

        Returns:
            What became of it, and why the rest of it has no outcome. No error of Planhat's is
            raised, so that what was decided before it is not forgotten.
        """
        written = BatchResult(self._model.name, batch)
        waiting: list[Batch | None] = [batch]
        try:
            while waiting:
                following = waiting.pop()
                if following is None:
                    continue
                later: Batch | None = None
                if following.kind == "delete":
                    rejected = self._delete(following, written)
                else:
                    rejected, later = self._upsert(following, written)
                # What a rejected payload superseded was never sent: now it is the last word.
                waiting += [later, following.superseded_by(reject_alike(rejected, written))]
        except PlanhatError as error:
            written.error = error
        # The newest version of a record is tried first, and has to come last in a replay.
        written.rejects.sort(key=lambda reject: reject[0].line)
        written.counts.rejected = len(written.rejects)
        return written

    def _upsert(self, batch: Batch, written: BatchResult) -> tuple[list[Payload], Batch | None]:
        """Leave out what the mode leaves alone, and send the rest.

        Returns:
            What is rejected, and what has to wait until that is dealt with.
        """
        self._check(len(written.rejects))
        if batch.kind == "create" and self._rehearsal is None:
            self._check_creates(batch)
        sifted = self._destination.sift(batch)
        written.counts.unchanged += len(sifted.unchanged)
        written.counts.merged += superseded(sifted.unchanged)
        left_alone = [payload for payload, _ in sifted.skipped]
        written.counts.skipped += len(left_alone) + superseded(left_alone)
        written.rejects += sifted.rejects
        rejected = [payload for payload, _ in sifted.rejects]
        if sifted.batch is None:
            return rejected, sifted.later
        if self._rehearsal is not None:
            written.counts.add(self._rehearsal.write(sifted))
            written.counts.merged += superseded(sifted.batch.payloads)
            self._destination.note_written(sifted.batch.payloads)
            return rejected, sifted.later
        return [*rejected, *self._deliver(sifted.batch, written)], sifted.later

    def _check_creates(self, batch: Batch) -> None:
        """Leave creates to the next run if no state of this one can cover them: it repeats them."""
        held = self._rejects.unacknowledged_line
        if held is not None and any(payload.line > held for payload in batch.payloads):
            raise TooManyRejectsError("a record before these is rejected, and the run fails for it")

    def _deliver(self, batch: Batch, written: BatchResult) -> list[Payload]:
        """Send the payloads of a batch, without those that they superseded."""
        known = len(written.rejects)
        delivery = BatchSender(
            self._client,
            self._model,
            batch,
            check=lambda refused: self._check(known + refused),
            note_answer=self._destination.note_answer,
            proven=self._proven,
        )
        refusals = delivery.halving.refusals
        try:
            delivery.make()
        except PlanhatError as error:
            self._destination.note_unknown(batch.payloads)
            if isinstance(error, (NotTheRecordsError, NotPermittedError)):
                refusals.clear()
            raise
        finally:
            written.counts.add(delivery.halving.counts)
            # A right is one to a model: once it is used, what is forbidden is the single record.
            self._proven |= delivery.halving.answered
            written.rejects += [
                (batch.payloads[at], Reject(_CODES[why.kind], redact(why.message)))
                for at, why in sorted(refusals.items())
            ]
        taken = batch.payloads
        if refusals:
            taken = [each for at, each in enumerate(batch.payloads) if at not in refusals]
            unknown = [batch.payloads[at] for at, why in refusals.items() if why.may_be_written]
            self._destination.note_unknown(unknown)
            reject_superseded(unknown, written)
        self._destination.note_written(taken)
        written.counts.merged += superseded(taken)
        return [batch.payloads[at] for at in sorted(refusals) if not refusals[at].may_be_written]

    def _delete(self, batch: Batch, written: BatchResult) -> list[Payload]:
        """Delete what the payloads name, one request each; give what is rejected."""
        rejected = []
        for payload in batch.payloads:
            self._check(len(written.rejects))
            done = self._remove(payload)
            if isinstance(done, Reject):
                written.rejects.append((payload, done))
                rejected.append(payload)
            elif done:
                written.counts.deleted += 1
            else:
                written.counts.skipped += 1
        return rejected

    def _remove(self, payload: Payload) -> bool | Reject:
        """Delete a record, or only find out whether it is there; tell whether it is."""
        if self._rehearsal is None:
            return self._destination.delete(payload)
        found = self._destination.find(payload)
        if isinstance(found, Doubt):
            return DOUBTFUL
        if found is not None:
            self._destination.note_deleted(found)
        return found is not None

    def _check(self, rejects: int) -> None:
        """Stop between two requests, if there is a reason to."""
        if self._stop.asked:
            raise Interrupted("asked to stop between two requests")
        allowance = self._rejects.allowance
        if allowance is not None and rejects > allowance:
            raise TooManyRejectsError("more records are rejected than are allowed")
