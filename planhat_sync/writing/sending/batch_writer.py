"""Writes one batch, and reports the outcome of every record in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.errors import PlanhatError
from planhat_sync.writing.records.payload import Reject, Skipped
from planhat_sync.writing.sending.batch_result import BatchResult

if TYPE_CHECKING:
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.matching.matcher import Matcher
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.sending.checkpoint import Checkpoint
    from planhat_sync.writing.sending.dry_run import DryRun
    from planhat_sync.writing.sending.sender import BatchSender


class BatchWriter:
    """Writes the batches of one model.

    Thread-safe, since several batches of a model may be written at once.

    Args:
        stream: Name of the model.
        matcher: Finds out which payloads are to be sent, and deletes records.
        sender: Sends the payloads, or only reports what it would send.
        checkpoint: Ends the writing between two requests.
    """

    def __init__(
        self, stream: str, matcher: Matcher, sender: BatchSender | DryRun, checkpoint: Checkpoint
    ) -> None:
        self._stream = stream
        self._matcher = matcher
        self._sender = sender
        self._checkpoint = checkpoint

    def write(self, batch: Batch) -> BatchResult:
        """Write a batch as far as possible.

        Args:
            batch: What to write. Every batch that has to be written before it has its result.

        Returns:
            The outcomes, and the error that left records without one. It is not raised, so that
            the outcomes before it are kept.
        """
        result = BatchResult(self._stream, batch)
        waiting = [batch]
        try:
            while waiting:
                current = waiting.pop()
                later: Batch | None = None
                if current.kind == "delete":
                    rejected = self._delete(current, result)
                else:
                    self._checkpoint.check(len(result.rejects))
                    allowance = self._checkpoint.allowance(len(result.rejects))
                    partition = self._matcher.partition(current, allowance)
                    rejected = result.add_unsent(partition)
                    rejected += self._sender.send(partition, result)
                    later = partition.later
                # What a rejected payload superseded was not sent: it is now the newest version.
                oldest = result.reject_identical_versions(rejected)
                waiting += filter(None, [later, current.superseded_by(oldest)])
        except PlanhatError as error:
            result.error = error
        # The newest version of a record is tried first, and has to come last in a replay.
        result.rejects.sort(key=lambda reject: reject[0].line)
        result.counts.rejected = len(result.rejects)
        return result

    def _delete(self, batch: Batch, result: BatchResult) -> list[Payload]:
        """Delete the records of payloads, one by one, and return the rejected payloads."""
        rejected = []
        for payload in batch.payloads:
            self._checkpoint.check(len(result.rejects))
            deleted = self._matcher.delete(payload)
            if isinstance(deleted, Reject):
                result.rejects.append((payload, deleted))
                rejected.append(payload)
            elif deleted:
                result.counts.deleted += 1
            else:
                result.counts.skip(Skipped.NOTHING_TO_DELETE)
        return rejected
