"""Removes from Planhat, at the end of a run, what the source does not have any more.

Owns the order: first all conditions, then the lists of all models, then their limits, and only then
the first removal. What cannot be undone is not begun while anything is uncertain
(docs/adr/0056-mirror.md).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.api.answer_names import as_sent, selected
from planhat_sync.api.pagination.rows import read_pages
from planhat_sync.errors import Section, StopError
from planhat_sync.runtime.plural import counted
from planhat_sync.writing.mirror.plan import RemovalPlan
from planhat_sync.writing.mirror.removal import Removal
from planhat_sync.writing.mirror.scope import Scope
from planhat_sync.writing.mirror.source_keys import SourceKeys
from planhat_sync.writing.records.exact_json import exact_number
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.sending.changes import as_shown

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.runtime.threads import Threads
    from planhat_sync.writing.matching.companies import Companies
    from planhat_sync.writing.mirror.model_source import ModelSource
    from planhat_sync.writing.results.counts import RunCounts
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.sender import BatchSender
    from planhat_sync.writing.settings import WriteSettings

SLACK_SECONDS: Final = 60.0
"""How much older than the reading of the source a record must be to be removed. The machines that
assign ids have clocks of their own, and a tap may begin a little before the target."""

MOST_SHOWN: Final = 20
"""How many of the records that would be removed a dry run shows."""

_PARTICIPLES: Final = {"archive": "archived", "delete": "deleted"}
_ROWS: Final = msgspec.json.Decoder(list[dict[str, Any]], float_hook=exact_number)


class MirrorError(StopError):
    """Records that the source does not have were not removed, or not all of them."""

    section = Section.WRITING


class Mirror:
    """The mirror of one run.

    Args:
        settings: The user's settings; `on_missing` is not `ignore`.
        client: Planhat.
        counts: Has the rejects of the run.
        removed: Receives by model how many records were removed.
        companies: The companies of the run.
        make_sender: Returns what archives records of a model.
        stop: Ends the reading of lists.
        threads: Starts the threads that read them.
        logger: Shows what is removed, and why nothing is.

    Attributes:
        has_begun: Whether the run has come so far that records may be removed.
    """

    def __init__(
        self,
        settings: WriteSettings,
        client: PlanhatClient,
        counts: RunCounts,
        removed: dict[str, int],
        *,
        companies: Companies,
        make_sender: Callable[[Model], BatchSender],
        stop: threading.Event,
        threads: Threads,
        logger: logging.Logger,
    ) -> None:
        self.has_begun = False
        self._settings = settings
        self._client = client
        self._counts = counts
        self._removed = removed
        self._companies = companies
        self._make_sender = make_sender
        self._read_pages = partial(
            read_pages, client, stop=stop, threads=threads, decode=_ROWS.decode
        )
        self._logger = logger
        self._scope = Scope(settings.missing_scope or {})
        self._came: dict[str, SourceKeys] = {}

    def add(self, model: Model, result: BatchResult) -> None:
        """Note the records of a batch: they came.

        Args:
            model: Their model.
            result: The outcomes of the batch, whatever they are.
        """
        self._came_of(model).add(result.batch.payloads)

    def run(self, models: Mapping[str, Model], sources: Mapping[str, ModelSource]) -> None:
        """Remove what did not come, once every record of the run has its outcome.

        Args:
            models: The models, by name.
            sources: What is known of the source of each model that may have had records.

        Raises:
            MirrorError: More is missing than is allowed, or Planhat refused to remove a record.
            Interrupted: The run was asked to stop.
            PlanhatError: A request failed.
        """
        self.has_begun = True
        complete = [models[name] for name in sources if self._is_complete(name, sources[name])]
        plans = [
            (model, plan)
            for model in complete
            if (plan := self._plan(model, sources[model.name])) is not None
        ]
        for model, plan in plans:
            is_too_much = plan.exceeds(self._settings.max_missing_percent)
            if not is_too_much:
                plan.settle(self._companies.names_of)
            self._logger.info("%s: %s", model.name, plan)
            if self._settings.dry_run:
                self._show(model, plan)
            if is_too_much:
                raise MirrorError(self._too_many(model, plan))
        refusals = [refusal for model, plan in plans for refusal in self._remove(model, plan)]
        if refusals:
            raise MirrorError(
                f"Planhat refused to {self._verb} {counted(len(refusals), 'record')} that the "
                f"source does not have ({refusals[0]}); all others are "
                f"{_PARTICIPLES[self._verb]}: find the cause in Planhat, then run again"
            )

    @property
    def _verb(self) -> str:
        return self._settings.on_missing

    def _came_of(self, model: Model) -> SourceKeys:
        keys = self._came.get(model.name)
        if keys is None:
            keys = self._came[model.name] = SourceKeys(model, self._companies.known)
        return keys

    def _is_complete(self, name: str, source: ModelSource) -> bool:
        rejected = self._counts.total.rejected
        if rejected:
            are = "is" if rejected == 1 else "are"
            self._warn(name, f"{counted(rejected, 'record')} of this run {are} rejected")
        elif source.incomplete is not None:
            self._warn(name, source.incomplete)
        return not rejected and source.incomplete is None

    def _plan(self, model: Model, source: ModelSource) -> RemovalPlan | None:
        """Compare the list of a model with what came; None if nothing may be removed."""
        archived = [model.archive_flag] if model.archive_flag in model.properties else []
        # The path of a model with constants has records of other models too.
        own = Scope(model.constants)
        scopes = [*model.keyable_scope.values(), *self._scope.properties, *own.properties]
        plan: RemovalPlan | None = None
        names = [*model.keyables, *archived, *scopes]
        for page in self._read_pages(model, select=selected(model, names)):
            if plan is None:
                began = self._client.transport.began
                if began is None:
                    self._warn(model.name, "Planhat's answers carry no time (Date)")
                    return None
                plan = self._empty_plan(model, min(began, source.read_from))
            for record in [as_sent(model, each) for each in page]:
                if own.includes(record):
                    plan.add(record)
        return plan or self._empty_plan(model, 0.0)

    def _empty_plan(self, model: Model, read_from: float) -> RemovalPlan:
        match_on = self._settings.match_on
        # Every record has an _id: it does not show that a record comes from the source.
        identifying = [
            name
            for name in match_on
            if name in model.keyables and (name != ID or match_on == (ID,))
        ]
        return RemovalPlan(
            self._scope,
            self._came_of(model),
            identifying,
            read_from - SLACK_SECONDS,
            model.archive_flag,
        )

    def _remove(self, model: Model, plan: RemovalPlan) -> Sequence[str]:
        """Remove what is missing, or only count it in a dry run; return what Planhat refused."""
        self._removed[model.name] = 0
        if self._settings.dry_run:
            self._count(model, len(plan.missing))
            return ()
        removal = Removal(model, lambda count: self._count(model, count))
        identifiers = [missing.identifier for missing in plan.missing]
        if self._verb == "archive":
            removal.archive(
                identifiers,
                self._make_sender(model),
                rows=model.bulk_rows(self._settings.batch_size_rows),
                size=self._settings.batch_size_bytes,
            )
        else:
            removal.delete(identifiers, self._client)
        return removal.refusals

    def _count(self, model: Model, removed: int) -> None:
        self._removed[model.name] += removed

    def _show(self, model: Model, plan: RemovalPlan) -> None:
        if not plan.most:
            return
        shown = [as_shown(key) for key in plan.first(MOST_SHOWN)]
        more = plan.most - len(shown)
        self._logger.info(
            "would %s %s of %s: %s%s",
            self._verb,
            counted(plan.most, "record"),
            model.name,
            ", ".join(shown),
            f" and {more:,} more" if more else "",
        )

    def _warn(self, name: str, why: str) -> None:
        participle = _PARTICIPLES[self._verb]
        self._logger.warning("on_missing: no %s are %s, because %s", name, participle, why)

    def _too_many(self, model: Model, plan: RemovalPlan) -> str:
        percent = self._settings.max_missing_percent
        return (
            f"the source does not have {plan.most:,} of the {plan.compared:,} "
            f"{model.name} inside missing_scope, more than max_missing_percent ({percent}) allows: "
            f"nothing was {_PARTICIPLES[self._verb]}; check that the source is complete and "
            "missing_scope is right (dry_run shows which they are), or raise max_missing_percent"
        )
