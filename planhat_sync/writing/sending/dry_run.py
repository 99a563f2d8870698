"""What a dry run does instead of writing: it counts, and shows a few of the changes."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.writing.matching.decisions import DOUBTFUL, values
from planhat_sync.writing.matching.existing import Doubt
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.sending.batch_result import superseded

if TYPE_CHECKING:
    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.runtime.terminal import Style
    from planhat_sync.writing.matching.decisions import Found, Partition
    from planhat_sync.writing.matching.matcher import Matcher
    from planhat_sync.writing.records.payload import Payload, Reject
    from planhat_sync.writing.sending.batch_result import BatchResult

logger = logging.getLogger("target-planhat")

MOST_SHOWN: Final = 5
LONGEST_VALUE: Final = 60


class DryRun:
    """Takes the place of a sender: counts what it would do, and shows some of the changes.

    Args:
        client: Planhat, to read the present values of a few records.
        model: The model.
        matcher: Is told what would have been written.
        style: How the changes are shown.
    """

    def __init__(self, client: PlanhatClient, model: Model, matcher: Matcher, style: Style) -> None:
        self._client = client
        self._model = model
        self._matcher = matcher
        self._style = style
        self._shown = {"create": 0, "update": 0}

    def send(self, partition: Partition, result: BatchResult) -> list[Payload]:
        """Count what a run would create and update.

        Args:
            partition: What would be sent, if anything, and the records that it means.
            result: Receives the counts.

        Returns:
            The payloads that are refused: none.
        """
        payloads = partition.batch.payloads if partition.batch else ()
        for payload, found in zip(payloads, partition.found, strict=True):
            if found is None:
                result.counts.created += 1
                if self._may_show("create"):
                    self._show_new(payload)
                continue
            result.counts.updated += 1
            if not isinstance(found, Doubt) and self._may_show("update"):
                self._show_change(payload, found)
        result.counts.merged += superseded(payloads)
        self._matcher.note_written(payloads)
        return []

    def delete(self, payload: Payload) -> bool | Reject:
        """Find out whether a run would delete a record.

        Returns:
            Whether there is one; or why that cannot be known.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        found = self._matcher.find(payload)
        if isinstance(found, Doubt):
            return DOUBTFUL
        if found is not None:
            self._matcher.note_deleted(found)
        return found is not None

    def _may_show(self, what: str) -> bool:
        self._shown[what] += 1
        return self._shown[what] <= MOST_SHOWN

    def _show_new(self, payload: Payload) -> None:
        """Show what one new record would hold."""
        style = self._style
        parts = [f"{name}: {style.new(as_shown(v))}" for name, v in values(payload).items()]
        self._say("create", payload, parts)

    def _show_change(self, payload: Payload, found: Found) -> None:
        """Show one change, property by property.

        A record that only this run would have created has no old values in Planhat.
        """
        item, style = values(payload), self._style
        held = self._client.get(self._model, found.identifier) if found.identifier else None
        parts = [
            f"{name}: "
            + (f"{style.old(as_shown(held.get(name)))} -> " if held is not None else "")
            + style.new(as_shown(item[name]))
            for name in found.differing(item)
        ]
        self._say("update", payload, parts)

    def _say(self, verb: str, payload: Payload, parts: list[str]) -> None:
        head = f"would {verb} {self._model.name}, line {payload.line}"
        logger.info("%s", self._style.listed(head, parts))


def as_shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as JSON, a text without quotes unless it could be taken for something else.

    Args:
        value: What Planhat holds, or what would be sent.
    """
    if not isinstance(value, str):
        text = _json(value)
    elif value == value.strip() and not _is_json(value) and value.isprintable():
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    # Nothing in a value can command the terminal.
    text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text[: LONGEST_VALUE + 1])
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    try:
        return encode(value).decode()
    except UnsendableError:  # half a surrogate pair, which Planhat may hold
        return json.dumps(value, default=str)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return not text
    return True
