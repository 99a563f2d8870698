"""Sends batches to Planhat, and parts of them again, until every payload has an outcome."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from planhat_sync.errors import PlanhatError, UnknownOutcomeError
from planhat_sync.writing.matching.decisions import item_values
from planhat_sync.writing.records.exact_json import encode
from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.sending.batch_result import superseded
from planhat_sync.writing.sending.send_plan import SendPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.model import Model
    from planhat_sync.writing.matching.matcher import Matcher
    from planhat_sync.writing.matching.partition import Partition
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.checkpoint import Checkpoint
    from planhat_sync.writing.sending.send_plan import WriteRequest


class BatchSender:
    """Sends the batches of one model.

    Args:
        client: Planhat.
        model: The model.
        matcher: Receives what was written.
        checkpoint: Ends the sending between two requests.
    """

    def __init__(
        self, client: PlanhatClient, model: Model, matcher: Matcher, checkpoint: Checkpoint
    ) -> None:
        self._client = client
        self._model = model
        self._matcher = matcher
        self._checkpoint = checkpoint
        self._may_write = False

    def send(self, partition: Partition, result: BatchResult) -> list[Payload]:
        """Send the payloads of a partition that are to be sent.

        Args:
            partition: What is to be sent, if anything.
            result: Receives the outcomes, also of a batch that ends with an error.

        Returns:
            The payloads that were refused, so that an earlier version of their record may be sent.

        Raises:
            PlanhatError: The other payloads cannot be sent.
        """
        batch = partition.batch
        if batch is None:
            return []
        if batch.kind == "create":
            self._checkpoint.check_creates(batch.payloads)
        plan = SendPlan(self._model, batch, may_write=self._may_write)
        rejected = len(result.rejects)
        with self._outcomes_of(plan, result):
            while (request := plan.request) is not None:
                self._checkpoint.check(rejected + len(plan.outcomes.refusals))
                try:
                    if self._model.is_written_singly:
                        answer = self._write_record(request)
                    else:
                        answer = self._client.bulk_upsert(
                            self._model,
                            request.batch.body,
                            repeatable=request.batch.kind != "create",
                            retry_budget_seconds=request.retry_budget_seconds,
                        )
                except UnknownOutcomeError as error:
                    plan.lose_answer(error)
                    self._wait_for_planhat()
                else:
                    self._matcher.add_created_ids(answer)
                    plan.read_answer(answer)
        return self._record_outcomes(plan, result)

    def _write_record(self, request: WriteRequest) -> Answer:
        """Write one record of a model that has no bulk upsert."""
        (payload,) = request.batch.payloads
        is_create = request.batch.kind == "create"
        return self._client.write_record(
            self._model,
            encode(item_values(payload)),
            identifier=None if is_create else payload.keys[self._model.id_position],
            retry_budget_seconds=request.retry_budget_seconds,
        )

    def _wait_for_planhat(self) -> None:
        """Wait for the end of an outage, which must not reject one record after the other."""
        self._client.list_page(self._model, limit=1, offset=0, select=("_id",), decode=bytes)

    @contextlib.contextmanager
    def _outcomes_of(self, plan: SendPlan, result: BatchResult) -> Iterator[None]:
        """Add the outcomes that are known to a result, whether or not an error ends the plan."""
        payloads = plan.batch.payloads
        try:
            yield
        except PlanhatError:
            self._matcher.distrust_index(payloads)
            raise
        finally:
            result.counts.add(plan.outcomes.counts)
            # A right is granted for a model: once it was used, single records are forbidden.
            self._may_write |= plan.outcomes.has_written
            result.rejects += [
                (payloads[at], Reject(RejectCode(refusal.kind), refusal.message))
                for at, refusal in sorted(plan.outcomes.refusals.items())
            ]

    def _record_outcomes(self, plan: SendPlan, result: BatchResult) -> list[Payload]:
        """Record the outcomes of payloads; return those that were refused."""
        payloads, refusals = plan.batch.payloads, plan.outcomes.refusals
        accepted: Sequence[Payload] = payloads
        superseding = plan.batch.singles
        if refusals:
            accepted = [each for at, each in enumerate(payloads) if at not in refusals]
            superseding = accepted
            unknown = [payloads[at] for at, why in refusals.items() if why.may_be_written]
            self._matcher.distrust_index(unknown)
            result.reject_superseded(unknown)
        self._matcher.update_index(accepted)
        result.counts.merged += superseded(superseding)
        return [payloads[at] for at in sorted(refusals) if not refusals[at].may_be_written]
