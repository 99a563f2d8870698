"""The target as a plugin of the SDK: its settings, its command line, its sinks."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.mapper import PluginMapper
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.target_base import Target

from planhat_singer.plugin import PlanhatPlugin
from planhat_singer.stream_maps import mapping_errors
from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.errors import ConfigurationError, NotPermittedError
from planhat_sync.models import load_models
from planhat_sync.runtime.stdout import print_text
from planhat_sync.system import SYSTEM, System
from planhat_sync.writing.mapping.mapped_streams import MappedStreams
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.mirror_settings import check_values
from planhat_sync.writing.results.output_files import check_output_files
from planhat_sync.writing.rights import models_to_check, refused_models
from planhat_sync.writing.settings import WriteSettings
from target_planhat.command_line import HELP, OPTIONS
from target_planhat.meltano_scope import scope_in_meltano
from target_planhat.messages import stream_of
from target_planhat.reject_table import print_rejects
from target_planhat.run import Run
from target_planhat.settings import CONFIG_SCHEMA
from target_planhat.sink import PlanhatSink
from target_planhat.stream_maps import StreamMaps
from target_planhat.unread_dry_run import check_dry_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.record_maps import RecordMaps


class TargetPlanhat(PlanhatPlugin, Target):
    """Writes records into Planhat, every one accounted for.

    Each of Planhat's models is a stream. Records are matched by their keyables (_id, sourceId,
    externalId) and sent in bulk upserts of up to 5,000. A state is printed only when everything
    before it is in Planhat, or in the reject file on disk.
    """

    name = "target-planhat"
    command_help = HELP
    command_options = OPTIONS
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    default_sink_class = PlanhatSink
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(
        self,
        *,
        config: Any = None,  # noqa: ANN401 - as the SDK has it: a dict, a path, a list of paths
        parse_env_config: bool = False,
        models: Mapping[str, Model] | None = None,
        system: System = SYSTEM,
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> None:
        """Make a target.

        Args:
            config: The settings.
            parse_env_config: Whether to read settings from the environment too.
            models: The models by name; None for those of the schema files.
            system: What a run uses of the world outside it.
            kwargs: Other arguments of `singer_sdk.Target`.
        """
        super().__init__(config=config, parse_env_config=parse_env_config, **kwargs)
        self.max_parallelism = 1
        self.models = models or load_models()
        self.settings = WriteSettings.from_config(self.config, self.models)
        check_output_files(
            system.files,
            rejects_path=self.settings.rejects_path,
            summary_path=self.settings.summary_path,
        )
        self.run = Run(
            self.settings,
            Connection.from_config(self.config),
            self.models,
            self._record_maps(),
            version=self.plugin_version,
            system=system,
        )

    def check_settings(self) -> None:
        """Check that records are mapped in one way only, and what was meant but is not read.

        Raises:
            ConfigurationError: The settings contradict each other, or are not complete.
        """
        if self.config.get("mappings") and self.config.get("stream_maps"):
            raise ConfigurationError(
                "mappings and stream_maps are both set, and a record is mapped only once: remove "
                "one of them"
            )
        check_dry_run(self.config, os.environ)
        if self.config.get("on_missing", "ignore") != "ignore":
            check_values(scope_in_meltano(os.environ))

    def _record_maps(self) -> RecordMaps:
        if self.settings.mappings:
            mappings = Mappings.from_config(
                self.settings.mappings,
                self.models,
                match_on=self.settings.match_on,
                missing_key=self.settings.missing_key,
            )
            return MappedStreams(mappings, stream_of, self.logger)
        return StreamMaps(self.mapper)

    def setup_mapper(self) -> None:
        """Make the SDK's mapper of the stream maps, without its flattening.

        Planhat stores nested values. What flattening takes apart would have to be put together
        again, and cannot be: it shortens names, and makes text of lists and of deeper objects.

        Raises:
            ConfigurationError: The stream maps are not valid.
        """
        config = {**self.config, "flattening_enabled": False}
        with mapping_errors(self.config.get("stream_maps")):
            self._mapper = PluginMapper(plugin_config=config, logger=self.logger)
        if self.config.get("flattening_enabled"):
            self.logger.info(
                "Nothing is flattened (flattening_enabled): Planhat takes nested values"
            )

    @classmethod
    def append_sdk_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings that do something here: stream maps.

        Of a target's own, `add_record_metadata` would add columns that no model has,
        `load_method` and `validate_records` mean tables and the tap's schema; none is offered.
        """
        super(Target, cls).append_builtin_config(config_jsonschema)

    def listen(self, file_input: IO[Any] | None = None) -> None:  # type: ignore[misc]
        """Do a complete run; the SDK's own method reads text line by line.

        It is final in the SDK, together with `process_lines`, for hooks that this target does not
        have.

        Args:
            file_input: Where the messages come from; standard input if None.

        Raises:
            StoppedBySignal: A signal asked the run to stop.
            PlanhatError: The run failed.
        """
        source = file_input or cast("IO[str] | None", sys.stdin)
        self.run.perform(source, is_complete=self.config.get("source_is_complete", False))

    def process_lines(self, file_input: IO[Any] | None) -> Counter[str]:  # type: ignore[misc]
        """Do a complete run, and return the number of its records, for the SDK's test suite."""
        self.listen(file_input)
        return Counter(RECORD=self.run.pipeline.counts.total.read)

    def process_endofpipe(self) -> None:
        """Do nothing, since a run is complete when its input ends."""

    def get_sink(
        self,
        stream_name: str,
        *,
        record: dict[str, Any] | None = None,  # noqa: ARG002 - the SDK's signature
        schema: dict[str, Any] | None = None,
        key_properties: Sequence[str] | None = None,
    ) -> PlanhatSink:
        """Return the sink of a stream: one for the model, whatever its SCHEMA messages are.

        The SDK would set a sink aside when its schema changes, and then write its older records
        after newer ones.
        """
        sink = self._sinks_active.get(stream_name)
        if not isinstance(sink, PlanhatSink):
            sink = self._sinks_active[stream_name] = PlanhatSink(
                self,
                stream_name,
                schema or {"properties": {}},
                key_properties,
                stream=self.run.pipeline.streams[stream_name],
                pipeline=self.run.pipeline,
            )
        return sink

    @classmethod
    def invoke(  # type: ignore[override] # two options more
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[str] | None = None,
        check: bool = False,
        rejects: str | None = None,
    ) -> None:
        """Do what the command line asks for.

        Args:
            about: Whether to print what the plugin is, and nothing else.
            about_format: How to print that.
            config: The settings that were given.
            file_input: Where messages come from; stdin if None.
            check: Whether to check the connection, and nothing else.
            rejects: A reject file to print as a table, and nothing else.
        """
        super(Target, cls).invoke(about=about, about_format=about_format)
        if rejects is not None:
            print_rejects(rejects)
            return
        given = config or _ConfigInput()
        target = cls(config=given.config, parse_env_config=given.parse_env)
        if check:
            mapped = {each["model"] for each in target.settings.mappings}
            models = models_to_check(target.models, mapped)
            client = PlanhatClient(target.run.transport)
            if refused := refused_models(client, models, print_text):
                raise NotPermittedError(
                    f"api_token has no permission for {', '.join(refused)}: grant it to its "
                    "private app in Planhat"
                )
        else:
            mark = ", dry run: nothing is written" if target.settings.dry_run else ""
            cls.print_version(print_fn=lambda line: cls.logger.info("%s%s", line, mark))
            target.listen(file_input)
