"""Delivers one batch: sends it, and parts of it again, until every payload has an outcome.

Owns what an answer means for the run: the records are at fault, or Planhat is, or the token. An
outage or a missing right is never a reject (docs/adr/0045-outcomes-are-read-or-asked-again.md).
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from planhat_sync.api.bulk.envelope import Counts
from planhat_sync.api.bulk.outcomes import Refusal, Settled, Unsettled, read_answer
from planhat_sync.errors import GaveUpError, NotPermittedError, StopError, UnknownOutcomeError
from planhat_sync.redaction import redact
from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.identity import order_matters
from planhat_sync.writing.sending.bisection import SAME_FAILURES_THAT_STOP, Bisection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.sending.bisection import Part

logger = logging.getLogger("target-planhat")

PART_RETRY_SECONDS: Final = 5.0
"""How long a part is tried again on a 500, once the whole has outlived the retry budget."""

_FAILED = Settled(
    Counts(),
    {
        0: Refusal(
            "refused",
            "Planhat fails (500) whenever it is sent, and takes others meanwhile",
            may_be_written=True,
        )
    },
)
_LOST = Refusal(
    "outcome_unknown",
    "Planhat's answer was lost: it may exist, so it is not sent again",
    may_be_written=True,
)


class NotTheRecordsError(StopError):
    """Planhat takes nothing, and the records cannot be the reason."""


class BatchSender:
    """One batch of items on its way.

    Args:
        client: Planhat.
        model: Whose records they are.
        batch: What is sent.
        check: Called before each request, with the number of refusals so far; raises to end it.
        note_answer: Told every answer.
        proven: Whether Planhat has taken records of this model before in this run, so that the
            token may write them.

    Attributes:
        halving: What is known of the outcomes; right at any time.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        batch: Batch,
        *,
        check: Callable[[int], None],
        note_answer: Callable[[Answer], None],
        proven: bool = False,
    ) -> None:
        self.halving = Bisection(
            len(batch.payloads),
            singly=batch.kind == "create",
            in_order=lambda: order_matters(batch.payloads),
        )
        self._client = client
        self._model = model
        self._batch = batch
        self._check = check
        self._note_answer = note_answer
        self._proven = proven
        self._failures = 0
        self._part_budget = min(
            PART_RETRY_SECONDS, client.transport.connection.retry_budget_seconds
        )

    def make(self) -> None:
        """Send until every payload has an outcome.

        Raises:
            NotTheRecordsError: Planhat refuses everything alike.
            NotPermittedError: The token may not write.
            PlanhatError: The rest cannot be sent.
        """
        halving = self.halving
        send = self._create if self._batch.kind == "create" else self._upsert
        while (part := halving.next_part()) is not None:
            self._check(len(halving.refusals))
            send(part, [self._batch.payloads[place] for place in part.places])
            if halving.hopeless or self._failures >= SAME_FAILURES_THAT_STOP:
                raise self._not_the_records()
            if halving.failing:
                self._confirm(part)
        if halving.failing:
            raise self._not_the_records()
        if self._may_lack_the_right and _all_forbidden(halving.refusals):
            raise self._not_permitted(next(iter(halving.refusals.values())).message)

    @property
    def _may_lack_the_right(self) -> bool:
        return not self._proven and not self.halving.answered

    def _upsert(self, part: Part, payloads: Sequence[Payload]) -> None:
        """Send keyed items, as often as it takes."""
        is_whole = part.parent is None
        answer = self._put(payloads, None if is_whole else self._part_budget)
        failed = answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
        if answer.repeated and not failed and not self._all_taken(payloads, answer):
            # An earlier attempt may have been at work meanwhile: what is refused now may be its
            # echo (a key that it has just written). Keyed items can be asked about once more.
            answer = self._put(payloads, self._part_budget)
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            if len(payloads) > 1:
                self.halving.split(part, Unsettled())
            else:
                self._failures += 1
                self.halving.put_off(part, _likeness(answer))
            return
        self._failures = 0
        reading = read_answer(self._model.keyables, payloads, answer)
        if isinstance(reading, Settled):
            self.halving.settle(part, reading, _likeness(answer))
            return
        self.halving.split(part, reading)
        if is_whole:
            self._say_why(answer)
        is_about_everything = not reading.explained and self._may_lack_the_right
        if is_whole and answer.status == HTTPStatus.FORBIDDEN and is_about_everything:
            raise self._not_permitted("")

    def _all_taken(self, payloads: Sequence[Payload], answer: Answer) -> bool:
        reading = read_answer(self._model.keyables, payloads, answer)
        return isinstance(reading, Settled) and not reading.refusals

    def _say_why(self, answer: Answer) -> None:
        """Tell once for a batch why it takes more than one request."""
        name, count = self._model.name, len(self._batch.payloads)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            logger.warning(
                "Planhat refuses %d bytes of %s (413): they go in smaller parts; a smaller "
                "batch_size_bytes saves the detour",
                len(self._batch.body),
                name,
            )
        else:
            logger.info(
                "Planhat's answer (%d) does not say what became of each of %d %s: parts are sent "
                "again until it is known",
                answer.status,
                count,
                name,
            )

    def _create(self, part: Part, payloads: Sequence[Payload]) -> None:
        """Send an unkeyed item, once; by itself, so that its answer speaks of nothing else."""
        try:
            answer = self._put(payloads, None, repeatable=False)
        except UnknownOutcomeError:
            self.halving.settle(part, Settled(Counts(), {0: _LOST}), object())
            # An outage must not become a reject of every record that follows: wait for its end.
            self._client.list_page(self._model, limit=1, offset=0, select=("_id",), decode=bytes)
            return
        self.halving.settle(part, self._single(payloads, answer), _likeness(answer))

    def _confirm(self, part: Part) -> None:
        """Find out whether Planhat fails on single payloads, or failed at the time.

        Each is sent once more, between two sends of what Planhat takes. That is done in its place:
        as soon as something is taken, and before anything behind it is sent.

        Args:
            part: What was sent last: one that fails, or the first of the batch to be taken.
        """
        halving, taken = self.halving, self.halving.taken
        if not taken:
            return
        if halving.failing[-1] is part:
            self._prove_alive(taken[-1:])
            verdict = self._try_again(part)
            if verdict is _FAILED:
                self._prove_alive(taken[-1:])
            halving.settle(part, verdict, object())
        else:
            verdicts = [self._try_again(each) for each in halving.failing]
            # All of it: it comes after what failed, which may have been written just now.
            self._prove_alive(taken)
            for each, verdict in zip(halving.failing, verdicts, strict=True):
                halving.settle(each, verdict, object())
            halving.taken = taken
        halving.failing.clear()
        self._failures = 0

    def _try_again(self, part: Part) -> Settled:
        """Send a single payload that Planhat failed on."""
        self._check(len(self.halving.refusals))
        payloads = [self._batch.payloads[part.places[0]]]
        answer = self._put(payloads, self._part_budget)
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return _FAILED
        return self._single(payloads, answer)

    def _prove_alive(self, places: Sequence[int]) -> None:
        """Send once more what was taken, and see that it still is."""
        payloads = [self._batch.payloads[place] for place in places]
        answer = self._put(payloads, self._part_budget)
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._not_the_records()

    def _put(
        self, payloads: Sequence[Payload], budget: float | None, *, repeatable: bool = True
    ) -> Answer:
        answer = self._client.bulk_upsert(
            self._model,
            Batch(self._batch.kind, payloads).body,
            repeatable=repeatable,
            retry_budget_seconds=budget,
        )
        self._note_answer(answer)
        return answer

    def _single(self, payloads: Sequence[Payload], answer: Answer) -> Settled:
        reading = read_answer(self._model.keyables, payloads, answer)
        if not isinstance(reading, Settled):
            raise TypeError("the answer to a single item is always settled")
        return reading

    def _not_permitted(self, said: str) -> NotPermittedError:
        words = f" ({redact(said)})" if said else ""
        return NotPermittedError(
            f"api_token may not write {self._model.name}{words}: give its private app that right "
            "in Planhat, then run again"
        )

    def _not_the_records(self) -> StopError:
        if self.halving.failing:
            return GaveUpError(
                f"Planhat fails (500) on every write of {self._model.name}: run again later"
            )
        said = next(iter(self.halving.refusals.values())).message
        if _all_forbidden(self.halving.refusals):
            return self._not_permitted(said)
        return NotTheRecordsError(
            f"Planhat refuses every record of {self._model.name} alike, also one at a time "
            f"({redact(said)}), so the records are not the reason; nothing of this batch is "
            "acknowledged"
        )


def _likeness(answer: Answer) -> object:
    return answer.status, answer.body


def _all_forbidden(refusals: Mapping[int, Refusal]) -> bool:
    return bool(refusals) and all(refusal.kind == "forbidden" for refusal in refusals.values())
