"""What the tap and the target have in common as plugins of the SDK.

Owns how settings are read and checked, and everything that the command line prints on request.
The SDK's own ways print to `sys.stdout`, which is standard error here, quote values of settings in
their messages, and end a process in the middle of a line.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk.about import JSONFormatter
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import PluginBase, _ConfigInput

from planhat_singer.about import as_markdown, as_text
from planhat_singer.config_errors import checked_settings
from planhat_singer.log_settings import check_log_settings
from planhat_singer.sdk_settings import describe
from planhat_singer.stream_maps import mapping_errors
from planhat_singer.terminal_log import shorten_log_on_terminal
from planhat_sync.distribution import DISTRIBUTION
from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_files import read_config
from planhat_sync.runtime.environment import environment_settings, load_dotenv
from planhat_sync.runtime.stdout import print_text

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from singer_sdk.about import AboutInfo


class PlanhatPlugin(PluginBase):
    """A Singer plugin for Planhat; stands before the SDK's `Tap` or `Target` among the bases.

    Attributes:
        command_help: The text of `--help` above the options.
        command_options: Options of the command line that the SDK does not have.
    """

    package_name = DISTRIBUTION
    command_help: ClassVar[str]
    command_options: ClassVar[Sequence[click.Option]] = ()

    def __init__(self, **how: Any) -> None:  # noqa: ANN401 - passed on
        """Make a plugin, without the SDK's line on where it looks for settings.

        Args:
            how: The arguments of the SDK's plugin.
        """
        self.logger.addFilter(_is_about_the_run)
        super().__init__(**how)

    @classmethod
    def make_command(cls) -> click.Command:
        """Configure the log, and return the command line."""
        command: click.Command = cls.cli
        shorten_log_on_terminal(cls.name)
        return command

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command line with our help text and options."""
        command = super().get_singer_command()
        command.help = cls.command_help
        command.params.extend(cls.command_options)
        # In place of Click's own, which prints to `sys.stdout`.
        return click.help_option("--help", callback=_show_help)(command)

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """Print what the plugin is and which settings it takes.

        Args:
            output_format: How to print it; plain text if None.
        """
        info = cls._get_about_info()
        if output_format == "json":
            print_text(JSONFormatter().format_about(info))
        else:
            print_text(as_markdown(info) if output_format == "markdown" else as_text(info))

    @classmethod
    def cb_version(cls, ctx: click.Context, param: click.Option, value: bool) -> None:  # noqa: FBT001, ARG003 - the SDK's
        """Print the version if it was asked for, and end."""
        if value:
            cls.print_version(print_fn=print_text)
            ctx.exit()

    @classmethod
    def cb_config(
        cls,
        ctx: click.Context,  # noqa: ARG003 - the SDK's signature
        param: click.Option,  # noqa: ARG003 - the same
        value: tuple[str, ...],
    ) -> _ConfigInput:
        """Read the files given as `--config`, without repeating their content in an error.

        Args:
            ctx: Click's.
            param: The option.
            value: Paths, and ENV for the environment.

        Raises:
            ConfigurationError: A file cannot be read, or does not hold settings.
        """
        cls.append_builtin_config(cls.config_jsonschema)
        config = read_config(value, cls.config_jsonschema, cls.name)
        return _ConfigInput(config, parse_env="ENV" in value)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, with descriptions of ours; a second call changes nothing.

        Args:
            config_jsonschema: The plugin's settings; it is changed.
        """
        own = {*config_jsonschema["properties"]}
        cls.append_sdk_config(config_jsonschema)
        describe(config_jsonschema, own)

    @classmethod
    def append_sdk_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings that do something here.

        Args:
            config_jsonschema: The plugin's settings; it is changed.
        """
        super().append_builtin_config(config_jsonschema)

    def setup_mapper(self) -> None:
        """Make the SDK's mapper of the stream maps.

        Raises:
            ConfigurationError: The stream maps are not valid.
        """
        with mapping_errors(self.config.get("stream_maps")):
            super().setup_mapper()

    def check_settings(self) -> None:
        """Check what the schema of the settings cannot express.

        Raises:
            ConfigurationError: The settings contradict each other.
        """

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - it is one of the class
        """The settings in the environment and in a `.env` file."""
        cls.append_builtin_config(cls.config_jsonschema)
        load_dotenv(os.environ)
        check_log_settings(cls.name, os.environ)  # the SDK reads the level again for each logger
        prefix = str(cls._env_var_prefix)
        return environment_settings(cls.config_jsonschema, prefix, os.environ, cls.logger)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings, and fill in the defaults of those that are not set."""
        self.append_builtin_config(self.config_jsonschema)
        self._config, errors = checked_settings(self.config_jsonschema, self._config)
        if raise_errors:
            if errors:
                raise ConfigurationError(f"the configuration is wrong: {'; '.join(errors)}")
            self.check_settings()
        return errors

    @classmethod
    def _get_about_info(cls) -> AboutInfo:
        # The SDK removes the indentation of its text around the description. Lines of a docstring
        # that begin further left would stop it, and Markdown would show the rest as a code block.
        info = super()._get_about_info()
        info.description = " ".join((cls.__doc__ or "").split())
        return info

    def _setup_signal_handlers(self) -> None:
        """Install none of the SDK's handlers: they cut lines, acknowledge too much, exit with 0.

        A run installs its own; see `planhat_sync.runtime.signals`.
        """


def _is_about_the_run(record: logging.LogRecord) -> bool:
    """Return whether a log record is not one that the SDK's constructor makes."""
    return (record.module, record.funcName) != ("plugin_base", "__init__")


def _show_help(context: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked and not context.resilient_parsing:
        print_text(context.get_help())
        context.exit()
