"""Writes the records of a configured catalog into Planhat, and returns each state."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from importlib import metadata
from typing import IO, TYPE_CHECKING, Any, Final, cast

from airbyte_planhat.configured_catalog import read_catalog
from airbyte_planhat.destination.catalog_checks import destination_streams
from airbyte_planhat.destination.input import key_of
from airbyte_planhat.destination.maps import record_maps
from airbyte_planhat.destination.rejects import RejectLines
from airbyte_planhat.destination.router import Router
from airbyte_planhat.destination.states import StateForm
from airbyte_planhat.destination.streams import COLUMNS
from planhat_sync.api.connection import Connection
from planhat_sync.distribution import DISTRIBUTION
from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.system import SYSTEM, System
from planhat_sync.writing.interface import Interface
from planhat_sync.writing.results.every_state import EveryState
from planhat_sync.writing.results.output_files import check_output_files
from planhat_sync.writing.run import WriteRun
from planhat_sync.writing.settings import WriteSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.runtime.signals import Stop
    from planhat_sync.writing.records.payload import Reject

NAME: Final = "destination-planhat"

logger = logging.getLogger(NAME)


def write(
    config: Mapping[str, Any],
    stop: Stop,
    catalog: bytes,
    source: IO[Any] | None = None,
    system: System = SYSTEM,
) -> None:
    """Write the records of the input, and return each state.

    Args:
        config: The settings.
        stop: Whether to stop.
        catalog: The content of the file given as `--catalog`.
        source: The input; standard input if None.
        system: What the run uses of the world outside it.

    Raises:
        ConfigurationError: A setting or the catalog is wrong.
        TooManyRejectsError: Records were rejected.
        StoppedBySignal: The run was asked to stop.
        PlanhatError: The run failed.
    """
    models = load_models()
    settings = WriteSettings.from_config(config, models)
    check_output_files(
        system.files, rejects_path=settings.rejects_path, summary_path=settings.summary_path
    )
    if source is None:
        source = cast("IO[str] | None", sys.stdin)
    if source is None:
        raise ConfigurationError("standard input is closed: pipe a source into it")
    maps = record_maps(settings, models)
    streams = destination_streams(read_catalog(catalog), models, settings, maps)
    states = EveryState(StateForm())

    def count_reject(_model: str, line: int, raw: bytes, _why: Reject) -> None:
        states.add_reject(key_of(raw), line)

    run = WriteRun(
        replace(settings, match_on_of=streams.match_on(), progress="lines"),
        Connection.from_config(config),
        models,
        maps,
        Interface(
            NAME,
            metadata.version(DISTRIBUTION),
            COLUMNS,
            RejectLines(),
            states,
            on_reject=None if settings.dry_run else count_reject,
        ),
        stop=stop,
        system=system,
    )
    if settings.dry_run:
        logger.info("dry run: nothing is written")
    with run.under_way():
        run.prepare(source)
        streams.announce(run.pipeline)
        router = Router(run.pipeline, run.record_input, streams, states)
        try:
            with run.reading():
                for lines in run.lines(source):
                    router.handle(lines)
        finally:
            router.finish()
        run.pipeline.finish()
