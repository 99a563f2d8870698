"""Reads the streams of a configured catalog, one after the other; one that fails ends no other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from airbyte_planhat.configured_catalog import WHAT, read_catalog
from airbyte_planhat.failures import failure_type, sentence, write_failure
from airbyte_planhat.source.states import read_states
from airbyte_planhat.source.stream import SourceStream
from planhat_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    Interrupted,
    UnreachableError,
)
from planhat_sync.models import load_models
from planhat_sync.reading.run import ReadRun
from planhat_sync.reading.unreadable import UnreadableError
from planhat_sync.runtime.progress import Progress, Snapshot
from planhat_sync.runtime.stdout import OutputError
from planhat_sync.system import SYSTEM, System

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planhat_sync.runtime.signals import Stop

_OF_THE_RUN: Final = (Interrupted, OutputError, AuthenticationError, UnreachableError)
"""What ends the run: no other stream could be read, and trying may take minutes for each."""

logger = logging.getLogger(__name__)


def read(
    config: Mapping[str, Any],
    stop: Stop,
    catalog: bytes,
    state: bytes,
    system: System = SYSTEM,
) -> None:
    """Read the streams of a configured catalog.

    Args:
        config: The settings.
        stop: Whether to stop.
        catalog: The content of the file given as `--catalog`.
        state: The content of the file given as `--state`; empty if there is none.
        system: What the run uses of the world outside it.

    Raises:
        ConfigurationError: A setting, the catalog or the state is wrong.
        StopRequested: The run was asked to stop.
        AuthenticationError: Planhat does not accept the token.
        UnreachableError: Planhat cannot be reached.
        UnreadableError: A stream was not read to its end; all others were.
    """
    run = ReadRun(config, stop=stop.event, system=system)
    run.connect()
    streams = list(_streams(run, catalog, state))
    failed: dict[str, Exception] = {}
    try:
        with _progress(run):
            for stream in streams:
                stop.check()
                try:
                    stream.read()
                except _OF_THE_RUN:
                    raise
                except Exception as error:  # noqa: BLE001 - it ends no other stream
                    write_failure(
                        error, stream.descriptor, clock=system.clock, write_lines=system.write
                    )
                    failed[stream.descriptor["name"]] = error
    finally:
        if warning := run.warning:
            logger.warning("%s", warning)
        stop.event.set()  # ends requests whose pages are no longer needed
    _check(failed)
    logger.info("%s", run.counts)


def _streams(run: ReadRun, catalog: bytes, state: bytes) -> Iterator[SourceStream]:
    """Make the streams that a catalog names; raise a ConfigurationError if there is not one."""
    models = {name: model for name, model in load_models().items() if model.is_read}
    streams = read_catalog(catalog)
    states = read_states(state, [stream.key for stream in streams])
    if not streams:
        logger.warning("%s names no stream, so nothing is read", WHAT)
    for stream in streams:
        model = models.get(stream.name)
        if model is None:
            raise ConfigurationError(
                f"{WHAT} names a stream {stream.name}, and there are only {', '.join(models)}: "
                "remove it, or make a new catalog of what discover prints"
            )
        yield SourceStream(stream, model, run, states.get(stream.key, {}))


def _progress(run: ReadRun) -> Progress:
    def snapshot() -> Snapshot:
        return Snapshot(run.counts.records, run.counts.pages, "page", run.retries)

    return Progress(
        "source-planhat",
        snapshot,
        setting="lines",
        logger=logger,
        clock=run.system.clock,
        threads=run.system.threads,
    )


def _check(failed: Mapping[str, Exception]) -> None:
    """Raise an UnreadableError if streams have failed; its cause may be one that passes."""
    if not failed:
        return
    names: dict[str, list[str]] = {}
    for name, error in failed.items():
        names.setdefault(sentence(error), []).append(name)
    errors: Sequence[Exception] = list(failed.values())
    passing = [each for each in errors if failure_type(each) != "config_error"]
    sentences = [f"not read to the end: {', '.join(each)}: {why}" for why, each in names.items()]
    raise UnreadableError("; ".join(sentences)) from (passing or errors)[0]
