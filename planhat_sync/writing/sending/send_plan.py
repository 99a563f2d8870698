"""Which requests give every payload of a batch an outcome.

Pure: it receives each answer and decides what to send next; it sends nothing. Owns the decision
whether the records, Planhat or the token are the cause of a failure: an outage or a missing
permission is never a reject (docs/adr/0045-outcomes-of-bulk-upserts.md). `bisection` decides which
part of the batch comes next.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from planhat_sync.api.bulk.outcomes import (
    Settled,
    Unsettled,
    read_answer,
    read_record_answer,
)
from planhat_sync.errors import StopError, UnknownOutcomeError
from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.identity import order_matters, profiles
from planhat_sync.writing.sending.bisection import SAME_FAILURES_THAT_STOP, Bisection
from planhat_sync.writing.sending.conclusions import (
    ANSWER_LOST,
    FAILED_ALONE,
    all_refused,
    are_forbidden,
    not_permitted,
    outage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.model import Model
    from planhat_sync.writing.sending.bisection import Part

logger = logging.getLogger(__name__)

PART_RETRY_SECONDS: Final = 5.0
"""How long a part is retried on a 500, once the retry budget was spent on the batch in full."""

_TOO_LARGE: Final = (
    "Planhat refuses %d bytes of %s (413): they are sent in smaller parts. A smaller "
    "batch_size_bytes saves these requests"
)
_UNSETTLED: Final = (
    "Planhat's answer (%d) does not give the outcome of each of %d %s: parts of the batch are sent "
    "again"
)


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A write of a batch, or of a part of it.

    Attributes:
        batch: The payloads to send.
        retry_budget_seconds: How long it may be retried at most; None for the usual budget.
    """

    batch: Batch
    retry_budget_seconds: float | None


_Steps = Generator[WriteRequest, "Answer", None]
"""Requests, each to be answered. They end, rather than wait after the last one: suspended, they and
their plan would keep each other, and the batch, until Python looks for reference cycles."""


class SendPlan:
    """The requests for one batch: the batch in full, then parts of it as the answers require.

    Args:
        model: Whose records they are.
        batch: What is sent. The items of a "create" batch are sent one by one and never again;
            without a bulk upsert, all others are sent one by one too.
        may_write: Whether the token is known to have the right to write records of this model.

    Attributes:
        batch: As given.
        request: What to send now; None once every payload has an outcome.
        outcomes: The outcomes that are known so far.
    """

    def __init__(self, model: Model, batch: Batch, *, may_write: bool = False) -> None:
        self.batch = batch
        self.outcomes = Bisection(
            len(batch),
            singly=batch.kind == "create" or model.is_written_singly,
            in_order=lambda: order_matters(profiles(batch.payloads)),
        )
        self._model = model
        self._may_write = may_write
        self._failures = 0
        self._has_failed = False
        self._steps = self._all_steps()
        self.request: WriteRequest | None = next(self._steps)

    def read_answer(self, answer: Answer) -> None:
        """Read the answer to `request`, and decide what to send next.

        Args:
            answer: An answer of status 200, 201, 206, 400, 403, 404, 413 or 500.

        Raises:
            StopError: Planhat or the token is at fault: AllRefusedError, NotPermittedError or
                GaveUpError.
        """
        self.request = None
        with contextlib.suppress(StopIteration):
            self.request = self._steps.send(answer)

    def lose_answer(self, error: UnknownOutcomeError) -> None:
        """Record that the answer to `request` was lost, and decide what to send next.

        Args:
            error: The error that says so.
        """
        self.request = None
        with contextlib.suppress(StopIteration):
            self.request = self._steps.throw(error)

    def _all_steps(self) -> _Steps:
        outcomes = self.outcomes
        send = self._create if self.batch.kind == "create" else self._upsert
        while (part := outcomes.next_part()) is not None:
            yield from send(part)
            if outcomes.fails_alike or self._failures >= SAME_FAILURES_THAT_STOP:
                raise self._not_the_records()
            if outcomes.failing:
                yield from self._confirm(part)
        if outcomes.failing or (self._may_lack_the_right and are_forbidden(outcomes.refusals)):
            raise self._not_the_records()

    @property
    def _may_lack_the_right(self) -> bool:
        return not self._may_write and not self.outcomes.has_written

    def _upsert(self, part: Part) -> _Steps:
        """Send keyed items, once more if an earlier attempt may have changed the answer."""
        is_whole = part.parent is None
        is_first = is_whole or (self._model.is_written_singly and not self._has_failed)
        answer = yield self._request(part.positions, None if is_first else PART_RETRY_SECONDS)
        reading = self._read(part, answer)
        if answer.repeated and reading is not None and not _accepts_all(reading):
            # An earlier attempt may have been processed in the meantime, and be the cause of this
            # refusal (of a key that it has just written). Keyed items may be sent once more.
            answer = yield self._request(part.positions)
            reading = self._read(part, answer)
        if reading is None:
            self._read_failure(part, answer)
            return
        self._failures = 0
        if isinstance(reading, Settled):
            self.outcomes.settle(part, reading, _comparable(answer))
            return
        self.outcomes.split(part, reading)
        if is_whole:
            self._log_split(answer)
            is_about_everything = not reading.explained and self._may_lack_the_right
            if answer.status == HTTPStatus.FORBIDDEN and is_about_everything:
                raise not_permitted(self._model.name)

    def _read_failure(self, part: Part, answer: Answer) -> None:
        """Split what Planhat fails on, down to single payloads."""
        self._has_failed = True
        if len(part.positions) > 1:
            self.outcomes.split(part, Unsettled())
        else:
            self._failures += 1
            self.outcomes.defer(part, _comparable(answer))

    def _create(self, part: Part) -> _Steps:
        """Send one unkeyed item, once."""
        try:
            answer = yield self._request(part.positions, None)
        except UnknownOutcomeError:
            self.outcomes.settle(part, ANSWER_LOST, object())
            return
        self.outcomes.settle(part, self._read_single(part, answer), _comparable(answer))

    def _confirm(self, part: Part) -> _Steps:
        """Find out whether Planhat fails on single payloads, or failed for a while.

        Each is sent once more, between two requests with payloads that Planhat accepts. The order
        of the batch is kept: it is done as soon as something is accepted, and before anything that
        follows is sent.

        Args:
            part: What was sent last: a part that fails, or the first of the batch to be accepted.
        """
        outcomes, written = self.outcomes, self.outcomes.last_written
        if not written:
            return
        is_next = outcomes.failing[-1] is part
        if is_next:
            yield from self._require_success(written[-1:])
        readings: list[Settled] = []
        for each in outcomes.failing:
            readings += [self._read_single(each, (yield self._request(each.positions)))]
        if not is_next:
            # All of it: it follows what failed, which may have been written just now.
            yield from self._require_success(written)
        elif FAILED_ALONE in readings:
            yield from self._require_success(written[-1:])
        for each, reading in zip(outcomes.failing, readings, strict=True):
            outcomes.settle(each, reading, object())
        if not is_next:
            outcomes.last_written = written
        outcomes.failing.clear()
        self._failures = 0

    def _require_success(self, positions: Sequence[int]) -> _Steps:
        """Send payloads that were accepted once more, and stop if Planhat fails now."""
        answer = yield self._request(positions)
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._not_the_records()

    def _request(
        self, positions: Sequence[int], budget: float | None = PART_RETRY_SECONDS
    ) -> WriteRequest:
        return WriteRequest(self._batch_of(positions), budget)

    def _batch_of(self, positions: Sequence[int]) -> Batch:
        """Return the payloads at some positions; the batch itself if these are all."""
        if len(positions) == len(self.batch):
            return self.batch
        payloads = self.batch.payloads
        return Batch(self.batch.kind, [payloads[position] for position in positions])

    def _read(self, part: Part, answer: Answer) -> Settled | Unsettled | None:
        """Return what an answer says of a part; None if Planhat failed."""
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        if self._model.is_written_singly:
            return read_record_answer(answer, is_create=self.batch.kind == "create")
        payloads = self._batch_of(part.positions).payloads
        return read_answer(self._model.keyables, payloads, answer)

    def _read_single(self, part: Part, answer: Answer) -> Settled:
        return cast("Settled", self._read(part, answer) or FAILED_ALONE)

    def _log_split(self, answer: Answer) -> None:
        """Log once for a batch why it takes more than one request."""
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            logger.warning(_TOO_LARGE, len(self.batch.body), self._model.name)
        else:
            logger.info(_UNSETTLED, answer.status, len(self.batch), self._model.name)

    def _not_the_records(self) -> StopError:
        if self.outcomes.failing:
            return outage(self._model.name)
        error = all_refused(self._model.name, self.outcomes.refusals)
        self.outcomes.refusals.clear()
        return error


def _accepts_all(reading: Settled | Unsettled) -> bool:
    return isinstance(reading, Settled) and not reading.refusals


def _comparable(answer: Answer) -> object:
    return answer.status, answer.body
