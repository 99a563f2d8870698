"""The tap as a plugin of the SDK: its settings, its catalog, its streams."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.tap_base import CliTestOptionValue

from planhat_singer.plugin import PlanhatPlugin
from planhat_singer.stream_maps import unknown_streams
from planhat_sync.api.custom_fields import read_custom_fields, typed_models
from planhat_sync.models import load_models
from planhat_sync.reading.unreadable import UnreadableStreams
from planhat_sync.runtime import stdout
from planhat_sync.runtime.config_files import content_of, parse_json_object
from planhat_sync.system import SYSTEM, System
from tap_planhat.catalog import normalized, selection_warnings
from tap_planhat.command_line import HELP, restrict_test_option
from tap_planhat.deletions import announce_deletions
from tap_planhat.messages import MessageWriter
from tap_planhat.run import TapRun
from tap_planhat.selected_streams import SelectedStreams
from tap_planhat.selection import Selection, without_catalog
from tap_planhat.settings import CONFIG_SCHEMA, check_settings
from tap_planhat.state_file import state_of
from tap_planhat.stream import PlanhatStream
from tap_planhat.stream_maps import check_stream_maps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    import click
    from singer_sdk.plugin_base import _ConfigInput
    from singer_sdk.singerlib import Catalog

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model

CATALOG_FILE = "the file given as --catalog"


class TapPlanhat(PlanhatPlugin, Tap):
    """Reads the records of Planhat's models: each once, whatever changes meanwhile.

    Needs one setting, `api_token`; a tenant on a regional cluster also needs `api_url`. Each model
    is a stream. Issues and objectives are read unless `streams` or a catalog names others: issues
    incrementally by `updatedAt`, all others in full unless a catalog asks for INCREMENTAL. `--test`
    reads one record of each selected stream.
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
        system: System = SYSTEM,
        **how: Any,  # noqa: ANN401
    ) -> None:
        """Make a tap.

        Args:
            catalog: What to read; None for what the settings say.
            client: Sends the requests; None for one that is made of the settings.
            models: The models by name; None for those of the schema files.
            system: What a run uses of the world outside it.
            how: Other arguments of `singer_sdk.Tap`.
        """
        self._system = system
        self._began = int(system.clock.epoch() * 1000)
        self._writer = MessageWriter(system.write)
        self.models = models or load_models()
        self._client = client
        if catalog is not None:
            catalog = normalized(catalog, self.models, self.logger)
        self._has_catalog = catalog is not None
        super().__init__(catalog=catalog, message_writer=self._writer, **how)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line, whose `--test` accepts only known values."""
        return restrict_test_option(super().get_singer_command())

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:  # noqa: ARG003 - the SDK's
        """Test the streams that a run would read; the SDK's own tests all that there are."""
        if value == CliTestOptionValue.Disabled.value:
            return
        config: _ConfigInput = ctx.params["config"]
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        tap.test(only_schemas=value == CliTestOptionValue.Schema.value)
        ctx.exit()

    @property
    def initialized_at(self) -> int:
        """When the run began, in milliseconds since 1970; versions of streams are made of it."""
        return self._began

    @cached_property
    def _run(self) -> TapRun:
        """What all streams share; made once the settings have been read."""
        return TapRun(self.name, self.config, self._writer, self.logger, self._client, self._system)

    def discover_streams(self) -> Sequence[PlanhatStream]:
        """Make a stream of every model that is read; asks Planhat only for custom fields."""
        if self.config["discover_custom_fields"]:
            self._validate_config(raise_errors=True)  # discovery alone needs no valid settings
            fields = read_custom_fields(
                self._run.read_run.connect(), self.models, self._system.threads
            )
            self.models = typed_models(self.models, fields)
        selected = self._selection.streams
        return [
            PlanhatStream(self, model, self._run, is_selected=model.name in selected)
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
            StopError: A stream cannot be read; all others were read to their end.
        """
        for warning in selection_warnings(self.streams.values()):
            self.logger.warning("%s", warning)
        selected = self._selected_streams()
        with self._run.reading(self._write_state):
            self._reset_state_progress_markers()
            self._write_state()
            selected.read()
        selected.check()

    def test(self, *, only_schemas: bool) -> None:
        """Read one record of each selected stream, or print its schema.

        Args:
            only_schemas: Whether to print the schemas alone, without a request.

        Raises:
            StopError: A stream cannot be read.
        """
        selected = self._selected_streams()
        if only_schemas:
            selected.write_schemas()
        else:
            selected.read_one_record_each()
        selected.check()

    def _write_state(self) -> None:
        """Write the state, unless there is none yet."""
        if self.state:
            self.state_writer.write_state(self.state)

    def _selected_streams(self) -> SelectedStreams:
        """Return the selected streams; all that a catalog selects are asked for by name."""
        named = self.streams if self._has_catalog else self._selection.named
        unreadable = UnreadableStreams(named, self._run.read_run.counts, self.logger)
        return SelectedStreams(self.streams.values(), unreadable)

    @property
    def _selection(self) -> Selection:
        return Selection.of(self.config.get("streams"), self.models)

    def check_settings(self) -> None:
        """Check what the schema of the settings cannot express.

        Raises:
            ConfigurationError: The settings contradict each other.
        """
        check_settings(self.config)
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
        for warning in unknown_streams(self.config.get("stream_maps"), self.streams):
            self.logger.warning("%s", warning)
        check_stream_maps(
            chain.from_iterable(self.mapper.stream_maps.values()),
            detect_deletes=bool(self.config.get("detect_deletes")),
        )
