"""The tap: its settings, catalog, state and streams, and one run of it."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import stat
import sys
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TextIO, cast

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError

from planhat_api import DISTRIBUTION
from planhat_api.catalogue import load_models
from planhat_api.client import PlanhatClient
from planhat_api.connection import Connection
from planhat_api.custom_fields import read_custom_fields, typed
from planhat_api.errors import ConfigurationError
from planhat_api.transport import Transport
from planhat_console.exits import StoppedBySignal
from planhat_console.plural import counted
from planhat_console.progress import Progress, Snapshot, choose_mode
from planhat_console.settings import complaints, environment_complaints
from tap_planhat.catalogs import brought_into_line
from tap_planhat.only_messages import only_messages_on_stdout
from tap_planhat.settings import config_schema, reading_of
from tap_planhat.stopping import Stop, StopAsked
from tap_planhat.stream import PlanhatStream
from tap_planhat.writer import MessageWriter, flush

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from click import Command
    from singer_sdk.plugin_base import _ConfigInput
    from singer_sdk.singerlib import Catalog


HELP = """Read issues and objectives out of Planhat, as Singer messages on standard output.

The configuration is a JSON file that holds at least {"api_token": "…"}. A tenant on a regional
cluster also needs {"api_url": "https://api-<cluster>.planhat.com"}. With --config=ENV the settings
come from the environment (TAP_PLANHAT_API_TOKEN and so on). --about lists them all.

\b
  tap-planhat --config config.json --test              is the token good?
  tap-planhat --config config.json                     read everything
  tap-planhat --config config.json --state state.json  read what is new
"""


class TapPlanhat(Tap):
    """Reads issues and objectives out of Planhat: each once, whatever changes meanwhile.

    Needs one setting, `api_token`; a tenant on a regional cluster also needs `api_url`. Issues are
    read incrementally on `updatedAt`, objectives whole in every run. `--test` tells whether the
    token is good. Each model described in the folder of schemas is a stream.
    """

    name = "tap-planhat"
    package_name = DISTRIBUTION
    config_jsonschema: ClassVar[dict[str, Any]] = config_schema()
    message_writer_class = MessageWriter

    def __init__(
        self,
        *,
        catalog: Catalog | dict[str, Any] | None = None,
        **how: Any,  # noqa: ANN401
    ) -> None:
        """Make a tap.

        Args:
            catalog: What to read; everything if None.
            how: What `singer_sdk.Tap` takes.
        """
        self.stop = Stop(self._is_writing)
        self.models = load_models()
        self._read = 0
        self._pages = 0
        if how.get("parse_env_config"):
            _check_environment(self)
        if catalog is not None:
            catalog = brought_into_line(catalog, self.models, self.logger)
        super().__init__(catalog=catalog, **how)

    @cached_property
    def client(self) -> PlanhatClient:
        """Planhat, for all streams and threads of this run."""
        connection = Connection.from_config(self.config)
        width = self.config.get("concurrency", 1)  # discovery does not fill in defaults
        return PlanhatClient(Transport(connection, width=width, stop=self.stop.event))

    def count(self, records: int) -> None:
        """Note that all that is wanted of a page has been read and passed on.

        Args:
            records: How many records of it.
        """
        self._read += records
        self._pages += 1

    def discover_streams(self) -> Sequence[PlanhatStream]:
        """Make a stream of every model; asks for nothing unless custom fields are to be typed."""
        if self.config.get("discover_custom_fields"):
            fields = read_custom_fields(self.client)
            self.models = {name: typed(model, fields) for name, model in self.models.items()}
        return [PlanhatStream(self, model) for model in self.models.values()]

    @classmethod
    def get_singer_command(cls) -> Command:
        """Give the command line, with words for who meets it for the first time."""
        command = super().get_singer_command()
        command.help = HELP
        return command

    @classmethod
    def invoke(  # type: ignore[override]  # as singer_sdk.Tap has it
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap from the command line.

        Args:
            about: Print what the tap is and takes, and end.
            about_format: How to print it.
            config: What was given as `--config`.
            state: The state of the run before.
            catalog: What to read.
        """
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        tap = cls(
            config=config.config if config else {},
            state=_state_of(state),
            catalog=_json_of(catalog, "--catalog"),
            parse_env_config=bool(config and config.parse_env),
        )
        # Everything made so far stays; pages come and go by thousands of objects.
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)
        tap.run()

    def run(self) -> None:
        """Read all selected streams; standard output holds messages alone meanwhile.

        Raises:
            StoppedBySignal: A signal came; what was printed is whole and true.
        """
        with self._progress(), only_messages_on_stdout(), self.stop.on_signals():
            try:
                self.sync_all()
                self.stop.check()
                was_read = self._what_was_read() if self._read else "No records were read"
                self.logger.info("%s", was_read)
            except StopAsked as stopped:
                if self.state:
                    self.state_writer.write_state(self.state)
                raise StoppedBySignal(
                    stopped.signum,
                    f"{self._what_was_read()}, and every printed line is complete: run again from "
                    "the last state",
                ) from stopped
            finally:
                flush(self.message_writer)
                self.stop.event.set()  # for requests in flight that nobody waits for any more

    def _what_was_read(self) -> str:
        return f"{counted(self._read, 'record')} read, in {counted(self._pages, 'page')}"

    def _is_writing(self) -> bool:
        return isinstance(self.message_writer, MessageWriter) and self.message_writer.is_writing

    def _setup_signal_handlers(self) -> None:
        """Install none of the SDK's handlers, which cut lines and exit with 0; see `stopping`."""

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # Called for the defaults it puts in; what is wrong is said below, without showing values.
        with contextlib.suppress(ConfigValidationError):
            super()._validate_config(raise_errors=True)
        found = complaints(self.config_jsonschema, self._config)
        if raise_errors:
            if found:
                raise ConfigurationError(f"the configuration is wrong: {'; '.join(found)}")
            Connection.from_config(self.config)
            reading_of(self.config)
        return found

    def _progress(self) -> Progress:
        def snapshot() -> Snapshot:
            transport = self.client.transport
            return Snapshot(self._read, self._pages, "page", transport.retries)

        mode = choose_mode(
            self.config["progress"],
            stderr_is_terminal=sys.stderr.isatty(),
            leave_terminal_to_target=_is_pipe(sys.stdout),
        )
        return Progress(self.name, snapshot, mode=mode, logger=self.logger)


def _check_environment(tap: TapPlanhat) -> None:
    tap.append_builtin_config(tap.config_jsonschema)
    prefix = f"{tap.name.upper().replace('-', '_')}_"
    faults, strays = environment_complaints(tap.config_jsonschema, prefix, os.environ)
    if faults:
        raise ConfigurationError(f"the environment is wrong: {'; '.join(faults)}")
    for stray in strays:
        tap.logger.warning("Environment: %s", stray)


def _is_pipe(stream: TextIO) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _json_of(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        content = json.load(file, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the file given as {option} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"the file given as {option} holds no JSON object")
    return content


def _state_of(file: IO[str] | None) -> dict[str, Any] | None:
    """Read a state: a bare value as targets print it, or a whole STATE message."""
    content = _json_of(file, "--state")
    if content and content.get("type") == "STATE":
        content = cast("dict[str, Any]", content.get("value"))
    # A whole message may hold anything as its value.
    bookmarks = content.get("bookmarks", {}) if isinstance(content, dict) else content or {}
    if not isinstance(bookmarks, dict) or not all(map(_is_bookmark, bookmarks.values())):
        raise ConfigurationError("the file given as --state holds no Singer state")
    return content


def _is_bookmark(value: object) -> bool:
    partitions = value.get("partitions", []) if isinstance(value, dict) else None
    return isinstance(partitions, list) and all(isinstance(each, dict) for each in partitions)
