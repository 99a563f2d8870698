"""What a run would do, told without doing it: `dry_run`.

Owns the forecast of one batch. It reads, and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from target_planhat.index import Doubt
from target_planhat.payload import Reject, RejectCode
from target_planhat.verdicts import DOUBTFUL, GONE, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_api.client import PlanhatClient
    from planhat_api.model import Model
    from target_planhat.batches import Batch
    from target_planhat.destination import Destination
    from target_planhat.payload import Payload, Skipped
    from target_planhat.verdicts import Found

SAMPLE: Final = 10
"""So many updates of a model are shown property by property."""


@dataclass(frozen=True, slots=True)
class Change:
    """One update, property by property.

    Attributes:
        line: Number of the record's line.
        identifier: The `_id` of the record that it would change.
        properties: What it holds and what it would hold, by property.
    """

    line: int
    identifier: str
    properties: Mapping[str, tuple[Any, Any]]


@dataclass(slots=True)
class Forecast:
    """What would become of one batch: every payload is in one list.

    Attributes:
        created: Payloads that would make a new record.
        updated: Payloads that would change one.
        unchanged: Payloads that Planhat holds exactly.
        deleted: Payloads that would delete one.
        skipped: Payloads that would be left alone, and why.
        rejects: Payloads that cannot be written, and why.
        changes: The first updates of the run, property by property.
    """

    created: list[Payload] = field(default_factory=list)
    updated: list[Payload] = field(default_factory=list)
    unchanged: list[Payload] = field(default_factory=list)
    deleted: list[Payload] = field(default_factory=list)
    skipped: list[tuple[Payload, Skipped]] = field(default_factory=list)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class Forecaster:
    """Tells what would become of the batches of one model.

    Args:
        client: Planhat.
        model: The model.
        destination: The records of the model, under `dry_run`.
    """

    def __init__(self, client: PlanhatClient, model: Model, destination: Destination) -> None:
        self._client = client
        self._model = model
        self._destination = destination
        self._shown = 0

    def foresee(self, batch: Batch) -> Forecast:
        """Tell what would become of a batch, and of all that comes after it.

        Args:
            batch: Every batch that has to come before it was foreseen.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        forecast = Forecast()
        if batch.kind == "delete":
            for payload in batch.payloads:
                self._foresee_delete(payload, forecast)
            return forecast
        sifted = self._destination.sift(batch)
        forecast.unchanged = sifted.unchanged
        forecast.skipped = sifted.skipped
        forecast.rejects = sifted.rejects
        if sifted.batch is not None:
            for payload, found in zip(sifted.batch.payloads, sifted.found, strict=True):
                self._foresee_write(payload, found, forecast)
        self._destination.note_written([*forecast.created, *forecast.updated])
        return forecast

    def _foresee_write(
        self, payload: Payload, found: Found | Doubt | None, forecast: Forecast
    ) -> None:
        if found is not None:
            forecast.updated.append(payload)
            self._show(payload, found, forecast)
            return
        item = values(payload)
        missing = [name for name in self._model.bulk_required if item.get(name) is None]
        if missing:
            reason = f"a new record needs {missing[0]}"
            reject = Reject(RejectCode.MISSING_REQUIRED, reason, missing[0])
            forecast.rejects.append((payload, reject))
        else:
            forecast.created.append(payload)

    def _foresee_delete(self, payload: Payload, forecast: Forecast) -> None:
        found = self._destination.find(payload)
        if isinstance(found, Doubt):
            forecast.rejects.append((payload, DOUBTFUL))
        elif found is None:
            forecast.skipped.append((payload, GONE))
        else:
            forecast.deleted.append(payload)
            self._destination.note_deleted(found)

    def _show(self, payload: Payload, found: Found | Doubt, forecast: Forecast) -> None:
        if self._shown >= SAMPLE or isinstance(found, Doubt) or found.identifier is None:
            return
        record = self._client.get(self._model, found.identifier)
        if record is None:
            return
        self._shown += 1
        item = values(payload)
        changes = {name: (record.get(name), item[name]) for name in found.differing(item)}
        forecast.changes.append(Change(payload.line, found.identifier, changes))
