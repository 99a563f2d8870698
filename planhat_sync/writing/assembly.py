"""Assembles the parts of a run, in the same way for every plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.runtime import stdout
from planhat_sync.writing.pipeline import Pipeline
from planhat_sync.writing.results.counts import RunCounts
from planhat_sync.writing.results.reject_file import RejectFile
from planhat_sync.writing.results.rejects import Rejects
from planhat_sync.writing.results.state_output import StateOutput
from planhat_sync.writing.sending.dispatcher import Dispatcher
from planhat_sync.writing.stream import Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.runtime.signals import Stop
    from planhat_sync.runtime.terminal import TextStyle
    from planhat_sync.writing.results.files import Files
    from planhat_sync.writing.results.reject_file import RejectFormat
    from planhat_sync.writing.settings import WriteSettings


def make_pipeline(
    settings: WriteSettings,
    client: PlanhatClient,
    models: Mapping[str, Model],
    *,
    stop: Stop,
    reject_format: RejectFormat,
    style: TextStyle,
    files: Files | None = None,
    write: Callable[[Sequence[bytes]], None] = stdout.write,
) -> Pipeline:
    """Make the pipeline of a run; no file is opened and no request is sent yet.

    Args:
        settings: The user's settings.
        client: Planhat.
        models: The models, by name.
        stop: Ends the run between two requests.
        reject_format: How the lines of the reject file are written.
        style: How a dry run shows changes.
        files: The file system of the reject file.
        write: Writes lines, such as states, to standard output.
    """
    file = None
    if settings.rejects_path is not None and not settings.dry_run:
        file = RejectFile(settings.rejects_path, reject_format, files)
    counts = RunCounts()
    rejects = Rejects(
        file,
        allowed=settings.allowed_rejects,
        continues=settings.on_reject == "continue",
        dry_run=settings.dry_run,
    )
    streams = Streams(
        client, models, settings, counts=counts, rejects=rejects, stop=stop, style=style
    )
    return Pipeline(
        streams,
        Dispatcher(settings.concurrency),
        counts=counts,
        rejects=rejects,
        output=None if settings.dry_run else StateOutput(write),
    )
