"""A dry run: counts what would be sent, and shows a few of the changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.writing.matching.decisions import item_values
from planhat_sync.writing.matching.existing import ExistingRecord
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.sending.batch_result import superseded
from planhat_sync.writing.sending.changes import changes_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.runtime.terminal import TextStyle
    from planhat_sync.writing.matching.matcher import Matcher, Partition
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.sending.batch_result import BatchResult

MOST_SHOWN: Final = 5
LONGEST_VALUE: Final = 60


class DryRun:
    """Takes the place of a sender: counts what it would do, and shows some of the changes.

    Args:
        client: Planhat, to read the present values of a few records.
        model: The model.
        matcher: Receives what would have been written.
        sources: Returns the sources of properties by the line that a record came in, those of
            custom fields by `custom.<label>`.
        style: How the changes are shown.
        logger: Where they are shown.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        matcher: Matcher,
        sources: Callable[[bytes], Mapping[str, str]],
        style: TextStyle,
        logger: logging.Logger,
    ) -> None:
        self._client = client
        self._model = model
        self._matcher = matcher
        self._sources = sources
        self._style = style
        self._logger = logger
        self._shown = {"create": 0, "update": 0}

    def send(self, partition: Partition, result: BatchResult) -> list[Payload]:
        """Count what a run would create and update.

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
        result.counts.merged += superseded(payloads)
        self._matcher.update_index(payloads)
        return []

    def _show(self, verb: str, payload: Payload, record: ExistingRecord | None) -> None:
        """Log the values of a new record, or the changes of an existing one, a few times each.

        A record that only this run would have created has no old values in Planhat.
        """
        self._shown[verb] += 1
        if self._shown[verb] > MOST_SHOWN:
            return
        new, style, old = item_values(payload), self._style, None
        if record is not None and record.identifier is not None:
            old = self._client.get(self._model, record.identifier)
        names = new if record is None else record.differing(new)
        sources = self._sources(payload.raw)
        changes = [
            f"{change.name}: "
            + (f"{style.removed(as_shown(change.old))} -> " if old is not None else "")
            + style.added(as_shown(change.new))
            + (style.dim(f" ({shortened(change.source)})") if change.source else "")
            for change in changes_of({name: new[name] for name in names}, old or {}, sources)
        ]
        heading = f"would {verb} {self._model.name}, line {payload.line}"
        self._logger.info("%s", style.listed(heading, changes))


def as_shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as JSON; a text has no quotes if it cannot be taken for another value.

    Args:
        value: A value in Planhat, or one that would be sent.
    """
    if not isinstance(value, str):
        text = _json(value)
    elif value == value.strip() and not _is_json(value) and value.isprintable():
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return shortened(text)


def shortened(text: str) -> str:
    """Return the beginning of a text, in one line and without control characters.

    Args:
        text: Any text; a terminal would obey the control characters in it.
    """
    text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text[: LONGEST_VALUE + 1])
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    try:
        return encode(value).decode()
    except UnsendableError:  # half a surrogate pair, which Planhat may have
        return json.dumps(value, default=str)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return not text
    return True
