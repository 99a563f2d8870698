"""A dry run: counts what would be sent, and shows a few of the changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.api.answer_names import as_sent
from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.matching.decisions import item_values
from planhat_sync.writing.matching.existing import ExistingRecord
from planhat_sync.writing.sending.batch_result import superseded

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.writing.matching.matcher import Matcher
    from planhat_sync.writing.matching.partition import Partition
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.changes import ChangeLog

MOST_SHOWN: Final = 5


class DryRun:
    """Takes the place of a sender: counts what it would do, and shows some of the changes.

    Args:
        client: Planhat, to read the present values of a few records.
        model: The model.
        matcher: Receives what would have been written.
        changes: Shows the changes.
        place: Names the place of a record in the input, given its number.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        matcher: Matcher,
        changes: ChangeLog,
        place: Callable[[int], str] = "line {}".format,
    ) -> None:
        self._client = client
        self._model = model
        self._matcher = matcher
        self._changes = changes
        self._place = place
        self._shown = {"create": 0, "update": 0, "skip": 0}

    def send(self, partition: Partition, result: BatchResult) -> list[Payload]:
        """Count what a run would create and update, and show some of what it would skip.

        Args:
            partition: What would be sent, if anything, and the records that it refers to.
            result: Receives the counts.

        Returns:
            The payloads that are refused: none.
        """
        payloads = partition.batch.payloads if partition.batch else ()
        for payload, existing in zip(payloads, partition.existing, strict=True):
            if existing is None:
                result.counts.created += 1
                self._show("create", payload, None)
            else:
                result.counts.updated += 1
                if isinstance(existing, ExistingRecord):
                    self._show("update", payload, existing)
        for payload, why in partition.skipped:
            if self._is_shown("skip"):
                self._changes.show_skipped(self._heading("skip", payload), why)
        result.counts.merged += superseded(payloads)
        self._matcher.update_index(payloads)
        return []

    def _show(self, verb: str, payload: Payload, record: ExistingRecord | None) -> None:
        """Log the values of a new record, or the changes of an existing one, a few times each.

        A record that only this run would have created has no old values in Planhat.
        """
        if not self._is_shown(verb):
            return
        new, old = item_values(payload), None
        if record is not None:
            if record.identifier is not None and self._model.get_by_id:
                old = self._client.get(self._model, record.identifier)
                old = None if old is None else as_sent(self._model, old)
            differing = record.differing(self._matcher.values(payload))
            # Companies are shown as the record names them, and not by their _id.
            new = {name: new[name] for name in differing}
            if CUSTOM in differing:
                new[CUSTOM] = differing[CUSTOM]
        heading = self._heading(verb, payload)
        self._changes.show(heading, new, old, payload.raw, is_new=record is None)

    def _heading(self, verb: str, payload: Payload) -> str:
        return f"would {verb} {self._model.name}, {self._place(payload.line)}"

    def _is_shown(self, verb: str) -> bool:
        """Return whether one more record is shown of which this would be done."""
        self._shown[verb] += 1
        return self._shown[verb] <= MOST_SHOWN
