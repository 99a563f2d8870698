"""Archives or deletes records of Planhat, and counts those that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.errors import RequestError
from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.matching.partition import Partition
from planhat_sync.writing.records.exact_json import encode
from planhat_sync.writing.records.keys import EVERYWHERE, ID
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.sending.batch_result import BatchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.writing.sending.sender import BatchSender

_ITEM_BYTES: Final = 64
"""An item of `_id` and `archived`, with its comma, has fewer."""


class Removal:
    """The removal of records of one model.

    Args:
        model: The model.
        count: Called with the number of records that have just been removed.

    Attributes:
        refusals: Why Planhat refused to remove records, a sentence for each of them.
    """

    def __init__(self, model: Model, count: Callable[[int], None]) -> None:
        self.refusals: list[str] = []
        self._model = model
        self._count = count

    def archive(
        self, identifiers: Sequence[str], sender: BatchSender, *, rows: int, size: int
    ) -> None:
        """Archive records through the bulk upsert.

        Args:
            identifiers: Their `_id`s.
            sender: Sends the batches.
            rows: Most records of a batch.
            size: Most bytes of a batch.

        Raises:
            PlanhatError: The others cannot be archived.
        """
        rows = max(1, min(rows, size // _ITEM_BYTES))
        for start in range(0, len(identifiers), rows):
            payloads = [self._archived(each) for each in identifiers[start : start + rows]]
            result = BatchResult(self._model.name, Batch("upsert", payloads))
            try:
                sender.send(Partition(result.batch), result)
            finally:
                self._count(result.counts.decided)
            self.refusals += [reject.message for _, reject in result.rejects]

    def delete(self, identifiers: Sequence[str], client: PlanhatClient) -> None:
        """Delete records, one by one.

        Args:
            identifiers: Their `_id`s.
            client: Planhat.

        Raises:
            Interrupted: The run was asked to stop, between two requests.
            PlanhatError: The others cannot be deleted.
        """
        for identifier in identifiers:
            self._delete(identifier, client)

    def _delete(self, identifier: str, client: PlanhatClient) -> None:
        try:
            self._count(client.delete(self._model, identifier))
        except RequestError as error:
            self.refusals.append(str(error))

    def _archived(self, identifier: str) -> Payload:
        """Make the payload that archives a record, with its `_id` as the only keyable."""
        keys = tuple([identifier if name == ID else None for name in self._model.keyables])
        scopes = (EVERYWHERE,) * len(keys) if self._model.keyable_scope else ()
        item = encode({ID: identifier, self._model.archive_flag: True})
        return Payload(0, b"", item, keys, scopes, "archive")
