"""Assembles the parts of a run, in the same way for every plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.writing.matching.companies import Companies
from planhat_sync.writing.matching.matcher import Matcher
from planhat_sync.writing.mirror.mirror import Mirror
from planhat_sync.writing.pipeline import Pipeline
from planhat_sync.writing.results.counts import RunCounts
from planhat_sync.writing.results.reject_file import RejectFile
from planhat_sync.writing.results.rejects import Rejects
from planhat_sync.writing.sending.batch_writer import BatchWriter
from planhat_sync.writing.sending.checkpoint import Checkpoint
from planhat_sync.writing.sending.dispatcher import Dispatcher
from planhat_sync.writing.sending.dry_run import DryRun
from planhat_sync.writing.sending.sender import BatchSender
from planhat_sync.writing.stream import Streams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.runtime.signals import Stop
    from planhat_sync.system import System
    from planhat_sync.writing.interface import Interface
    from planhat_sync.writing.sending.changes import ChangeLog
    from planhat_sync.writing.settings import WriteSettings


def make_pipeline(
    settings: WriteSettings,
    client: PlanhatClient,
    models: Mapping[str, Model],
    interface: Interface,
    *,
    stop: Stop,
    changes: ChangeLog,
    system: System,
) -> Pipeline:
    """Make the pipeline of a run; no file is opened and no request is sent yet.

    Args:
        settings: The user's settings.
        client: Planhat.
        models: The models, by name.
        interface: The forms of what is read and printed.
        stop: Ends the run between two requests.
        changes: Shows the changes of a dry run.
        system: What the run uses of the world outside it.
    """
    logger = interface.logger
    file = None
    form, path = interface.rejects, settings.rejects_path
    if form is not None and path is not None and not settings.dry_run:
        file = RejectFile(path, form, system.files)
    counts = RunCounts(mirrors=settings.on_missing != "ignore")
    rejects = Rejects(
        file,
        logger,
        continues=settings.on_reject == "continue",
        max_rejects=settings.max_rejects,
        dry_run=settings.dry_run,
        clock=system.clock,
        seconds_ahead=client.transport.seconds_ahead,
        on_reject=interface.on_reject,
        are_received=form is None,
        place=interface.place,
    )
    checkpoint = Checkpoint(stop, rejects)
    companies = Companies(client, logger, stop=stop.event, threads=system.threads)

    def make_matcher(model: Model) -> Matcher:
        return Matcher(
            client,
            model,
            settings.of(model.name),
            companies,
            stop=stop.event,
            threads=system.threads,
        )

    def make_writer(model: Model) -> BatchWriter:
        matcher = make_matcher(model)
        sender = (
            DryRun(client, model, matcher, changes, interface.place)
            if settings.dry_run
            else BatchSender(client, model, matcher, checkpoint)
        )
        return BatchWriter(model.name, matcher, sender, checkpoint)

    mirror = None
    if counts.removed is not None:
        # A refused removal is not a reject: the others go on, however many are refused.
        unlimited = Checkpoint(stop, Rejects(None, logger, continues=True, clock=system.clock))
        mirror = Mirror(
            settings,
            client,
            counts,
            counts.removed,
            companies=companies,
            make_sender=lambda model: BatchSender(client, model, make_matcher(model), unlimited),
            stop=stop.event,
            threads=system.threads,
            logger=logger,
        )
    return Pipeline(
        Streams(models, settings, counts, make_writer, logger, interface.added),
        Dispatcher(settings.concurrency, system.threads),
        counts=counts,
        rejects=rejects,
        states=interface.states,
        mirror=mirror,
        write=None if settings.dry_run else system.write,
    )
