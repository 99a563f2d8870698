"""The tap: its settings, catalog, state and streams, and one run of it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.tap_base import CliTestOptionValue

from planhat_singer.plugin import PlanhatPlugin
from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.custom_fields import read_custom_fields, typed
from planhat_sync.api.http.transport import Transport
from planhat_sync.models import load_models
from planhat_sync.reading.company_names import CompanyNames
from planhat_sync.reading.settings import ReadSettings
from planhat_sync.runtime import stdout
from planhat_sync.runtime.config_files import content_of, parse_json_object
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.progress import Progress, Snapshot
from planhat_sync.runtime.signals import Stop, StopRequested
from tap_planhat.catalog import normalized, selection_warnings
from tap_planhat.deletions import announce_deletions, check_deletions
from tap_planhat.messages import MessageWriter
from tap_planhat.read_counts import ReadCounts
from tap_planhat.selected_streams import SelectedStreams
from tap_planhat.selection import Selection, without_catalog
from tap_planhat.settings import CONFIG_SCHEMA, check_batch_config, check_flattening
from tap_planhat.state_file import state_of
from tap_planhat.stream import PlanhatStream
from tap_planhat.stream_maps import check_stream_maps
from tap_planhat.unreadable import UnreadableStreams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    from singer_sdk.plugin_base import _ConfigInput
    from singer_sdk.singerlib import Catalog

    from planhat_sync.models import Model

CATALOG_FILE = "the file given as --catalog"
HELP = """Read issues and objectives out of Planhat, as Singer messages on standard output.

The configuration is a JSON file that holds at least {"api_token": "…"}. A tenant on a regional
cluster also needs {"api_url": "https://api-<cluster>.planhat.com"}. With --config=ENV the settings
come from the environment (TAP_PLANHAT_API_TOKEN and so on). --about lists them all.

\b
  tap-planhat --config config.json --test              is the token valid?
  tap-planhat --config config.json                     read everything
  tap-planhat --config config.json --state state.json  read what has changed
"""


class TapPlanhat(PlanhatPlugin, Tap):
    """Reads issues and objectives out of Planhat: each once, whatever changes meanwhile.

    Needs one setting, `api_token`; a tenant on a regional cluster also needs `api_url`. Issues are
    read incrementally by `updatedAt`, objectives in full in every run. `--test` checks whether the
    token is valid. Each model described in the folder of schemas is a stream.
    """

    name = "tap-planhat"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    command_help = HELP

    def __init__(
        self,
        *,
        catalog: Catalog | dict[str, Any] | None = None,
        client: PlanhatClient | None = None,
        models: Mapping[str, Model] | None = None,
        **how: Any,  # noqa: ANN401
    ) -> None:
        """Make a tap.

        Args:
            catalog: What to read; None for what the settings say.
            client: Sends the requests; None for one that is made of the settings.
            models: The models by name; None for those of the schema files.
            how: Other arguments of `singer_sdk.Tap`.
        """
        self._writer = MessageWriter()
        self.stop = Stop(self.name)
        self.models = models or load_models()
        self._client = client
        self._company_names: CompanyNames | None = None
        self._counts = ReadCounts()
        if catalog is not None:
            catalog = normalized(catalog, self.models, self.logger)
        self._has_catalog = catalog is not None
        super().__init__(catalog=catalog, message_writer=self._writer, **how)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line, whose `--test` accepts only known values.

        The SDK's own accepts any text, and then tests the connection.
        """
        command = super().get_singer_command()
        for option in command.params:
            if option.name == "test":
                option.type = click.Choice([each.value for each in CliTestOptionValue])
        return command

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:  # noqa: ARG003 - the SDK's
        """Test the streams that a run would read; the SDK's own tests all that there are."""
        if value == CliTestOptionValue.Disabled.value:
            return
        config: _ConfigInput = ctx.params["config"]
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        tap.test(only_schemas=value == CliTestOptionValue.Schema.value)
        ctx.exit()

    def connect(self) -> PlanhatClient:
        """Return the client for all streams and threads of this run.

        Raises:
            ConfigurationError: The settings of the connection are missing or wrong.
        """
        if self._client is None:
            connection = Connection.from_config(self.config)
            width = self.config["concurrency"]
            self._client = PlanhatClient(Transport(connection, width=width, stop=self.stop.event))
        return self._client

    def company_names(self) -> CompanyNames | None:
        """Return how the records of this run refer to companies; None for their `_id`."""
        key = self.config["company_references"]
        if key != "id" and self._company_names is None:
            self._company_names = CompanyNames(key, self.connect, self.stop.event)
        return self._company_names

    def discover_streams(self) -> Sequence[PlanhatStream]:
        """Make a stream of every model that is read; asks Planhat only for custom fields."""
        if self.config["discover_custom_fields"]:
            self._validate_config(raise_errors=True)  # discovery alone needs no valid settings
            fields = read_custom_fields(self.connect(), self.models)
            self.models = {name: typed(model, fields) for name, model in self.models.items()}
        selected = self._selection.streams
        return [
            PlanhatStream(
                self,
                model,
                connect=self.connect,
                company_names=self.company_names,
                writer=self._writer,
                stop=self.stop,
                counts=self._counts,
                is_selected=model.name in selected,
            )
            for model in self.models.values()
            if model.is_read
        ]

    @property
    def catalog(self) -> Catalog:
        """The selected streams, for the SDK's mapper: it fails on one that is not selected."""
        whole = super().catalog
        return type(whole)(
            (name, entry)
            for name, entry in whole.items()
            if entry.metadata.resolve_selection().get((), True)
        )

    def run_discovery(self) -> str:
        """Print the catalog.

        Returns:
            The catalog as JSON.
        """
        catalog = self.catalog_json_text
        stdout.print_text(catalog)
        return catalog

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
            about: Print what the tap is and which settings it takes, and exit.
            about_format: How to print it.
            config: What was given as `--config`.
            state: What was given as `--state`.
            catalog: What was given as `--catalog`.
        """
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        tap = cls(
            config=config.config if config else {},
            state=state_of(content_of(state)) if state else None,
            catalog=parse_json_object(content_of(catalog), CATALOG_FILE) if catalog else None,
            parse_env_config=bool(config and config.parse_env),
        )
        tap.run()

    def run(self) -> None:
        """Read all selected streams.

        Raises:
            StoppedBySignal: A signal came; every printed line is complete, and the last state is
                the last safe state.
        """
        for warning in selection_warnings(self.streams.values()):
            self.logger.warning("%s", warning)
        with self._progress(), self.stop.on_signals():
            try:
                self._reset_state_progress_markers()
                if self.state:
                    self.state_writer.write_state(self.state)
                unreadable = self._unreadable()
                SelectedStreams(self.streams.values(), unreadable).read()
                self.stop.check()
                read = self._counts if self._counts.records else "No records were read"
                self.logger.info("%s", read)
                unreadable.check()
            except StopRequested as stopped:
                if self.state:
                    self.state_writer.write_state(self.state)
                raise StoppedBySignal(
                    self.stop.signum,
                    f"{self._counts}, and every printed line is complete: run again from the last "
                    "state",
                ) from stopped
            finally:
                self._writer.flush()
                if self._company_names and (unnamed := self._company_names.warning):
                    self.logger.warning("%s", unnamed)
                self.stop.event.set()  # ends requests whose pages are no longer needed

    def test(self, *, only_schemas: bool) -> None:
        """Read one record of each selected stream, or print its schema.

        Args:
            only_schemas: Whether to print the schemas alone, without a request.

        Raises:
            StopError: A stream cannot be read.
        """
        unreadable = self._unreadable()
        selected = SelectedStreams(self.streams.values(), unreadable)
        if only_schemas:
            selected.write_schemas()
        else:
            selected.read_one_record_each()
        unreadable.check()

    def _unreadable(self) -> UnreadableStreams:
        """Return a place for streams that cannot be read; all that a catalog selects are named."""
        named = self.streams if self._has_catalog else self._selection.named
        return UnreadableStreams(named, self.logger)

    @property
    def _selection(self) -> Selection:
        return Selection.of(self.config.get("streams"), self.models)

    def check_settings(self) -> None:
        """Check what the schema of the settings cannot express.

        Raises:
            ConfigurationError: The settings contradict each other.
        """
        Connection.from_config(self.config)
        ReadSettings.from_config(self.config)
        check_flattening(self.config)
        check_batch_config(self.config)
        check_deletions(self.config)
        if self._has_catalog:
            without_catalog(self.config.get("streams"))

    def setup_mapper(self) -> None:
        """Make the SDK's mapper of the stream maps.

        Raises:
            ConfigurationError: The stream maps are not valid.
        """
        catalog = self.catalog  # here, so that its errors are not reported as those of the maps
        if self.config.get("detect_deletes"):
            announce_deletions(catalog)
        super().setup_mapper()
        check_stream_maps(
            chain.from_iterable(self.mapper.stream_maps.values()),
            detect_deletes=bool(self.config.get("detect_deletes")),
        )

    def _progress(self) -> Progress:
        def snapshot() -> Snapshot:
            retries = self._client.transport.retries if self._client else 0
            return Snapshot(self._counts.records, self._counts.pages, "page", retries)

        return Progress(
            self.name,
            snapshot,
            setting=self.config["progress"],
            logger=self.logger,
            leave_terminal_to_target=stdout.is_pipe(),
        )
