"""What a dry run does instead of writing: it counts, and shows a few of the changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from planhat_api.envelope import Counts
from target_planhat.index import Doubt
from target_planhat.verdicts import values

if TYPE_CHECKING:
    from planhat_api.client import PlanhatClient
    from planhat_api.model import Model
    from target_planhat.destination import Sifted
    from target_planhat.payload import Payload
    from target_planhat.verdicts import Found

logger = logging.getLogger("target-planhat")

MOST_SHOWN: Final = 5
LONGEST_VALUE: Final = 60


class Rehearsal:
    """The dry run of one model.

    Args:
        client: Planhat, to read what a few records hold now.
        model: The model.
    """

    def __init__(self, client: PlanhatClient, model: Model) -> None:
        self._client = client
        self._model = model
        self._shown = 0

    def write(self, sifted: Sifted) -> Counts:
        """Count what a real run would do with a batch.

        Args:
            sifted: The batch, and the records that its payloads mean.
        """
        created = updated = 0
        payloads = sifted.batch.payloads if sifted.batch else ()
        for payload, found in zip(payloads, sifted.found, strict=True):
            if found is None:
                created += 1
                continue
            updated += 1
            if not isinstance(found, Doubt) and self._shown < MOST_SHOWN:
                self._shown += 1
                self._show(payload, found)
        return Counts(created, updated)

    def _show(self, payload: Payload, found: Found) -> None:
        """Show one change, property by property."""
        item = values(payload)
        held = self._client.get(self._model, found.identifier) if found.identifier else None
        changes = ", ".join(
            f"{name}: {_short((held or {}).get(name))} -> {_short(item[name])}"
            for name in found.differing(item)
        )
        logger.info("would update %s, line %d: %s", self._model.name, payload.line, changes)


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
