"""The command line of a connector, as Airbyte's platform calls it."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from airbyte_planhat.config import read_config
from airbyte_planhat.failures import reported, sentence
from airbyte_planhat.log import log_to_messages
from airbyte_planhat.messages import write
from airbyte_planhat.specification import specification
from planhat_sync.distribution import DISTRIBUTION
from planhat_sync.errors import ConfigurationError, Interrupted, PlanhatError
from planhat_sync.runtime.config_files import read_file
from planhat_sync.runtime.exits import StoppedBySignal, run
from planhat_sync.runtime.memory import collect_seldom, keep_freed_memory, without_collector
from planhat_sync.runtime.signals import Stop, StopRequested
from planhat_sync.runtime.stdout import OutputError, print_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

UNREAD_SECONDS: Final = 1.5
"""PyAirbyte stops a source from which it needs no more records without reading the rest, and kills
it ten seconds later."""

_FILES = {"config": "settings", "catalog": "configured catalog", "state": "state of the last run"}


@dataclass(frozen=True, slots=True)
class Connector:
    """A source or a destination.

    Its package has a module for each command but `spec`, with a function of the same name. They
    are imported when they are called:

    - `check(config, stop)` raises what is wrong;
    - `discover(config, stop)` returns the type and the content of a message;
    - `read(config, stop, catalog, state)` and `write(config, stop, catalog)` move records; they
      get the content of the files, that of `state` empty if there is none.

    While records are moved, a signal sets `stop`, and a command that finds it set raises
    `Interrupted`, `StopRequested`, or `StoppedBySignal` with a sentence of its own. Others are
    ended by a signal wherever they are, until they have an answer: PyAirbyte stops a command when
    it has read that.

    Attributes:
        name: Name of the program.
        summary: What it does, for `--help`.
        schema: JSON Schema of its settings.
        package: Name of its package.
        transfer: The command that moves records.
    """

    name: str
    summary: str
    schema: Mapping[str, Any]
    package: str
    transfer: Literal["read", "write"]

    def command(self, name: str) -> Callable[..., Any]:
        """Import the function that carries out a command.

        Args:
            name: The command.
        """
        with without_collector():
            found: Callable[..., Any] = pkgutil.resolve_name(f"{self.package}.{name}:{name}")
        return found


def run_connector(connector: Connector) -> NoReturn:
    """Run a connector on the arguments of this process, and exit with its code.

    Args:
        connector: The connector.
    """
    keep_freed_memory()
    collect_seldom()
    sys.exit(run(connector.name, lambda: _run(connector, sys.argv[1:])))


def _run(connector: Connector, given: Sequence[str]) -> None:
    with reported():
        arguments = _parse(connector, given)
        log_to_messages(debug=arguments.debug)
        stop = Stop(connector.name, unread_seconds=UNREAD_SECONDS)
        moves_records = arguments.command == connector.transfer
        try:
            with stop.on_signals():
                if moves_records:
                    _transfer(connector, arguments, stop)
                else:
                    with stop.raised_by_signals():
                        answer = _answer(connector, arguments, stop)
                    write(*answer)  # to its end, even if a signal comes
        except (Interrupted, StopRequested) as stopped:
            if not stop.requested:
                raise
            where = "again from the last state" if moves_records else "it again"
            raise StoppedBySignal(stop.signum, f"run {where}") from stopped


def _answer(
    connector: Connector, arguments: argparse.Namespace, stop: Stop
) -> tuple[str, dict[str, Any]]:
    """Return the type and the content of the message that answers a question."""
    match arguments.command:
        case "spec":
            return "SPEC", specification(connector.schema, writes=connector.transfer == "write")
        case "check":
            return "CONNECTION_STATUS", _status(connector, arguments, stop)
        case question:
            config = read_config(arguments.config, connector.schema)
            found: tuple[str, dict[str, Any]] = connector.command(question)(config, stop)
            return found


def _transfer(connector: Connector, arguments: argparse.Namespace, stop: Stop) -> None:
    config = read_config(arguments.config, connector.schema)
    files = [read_file("--catalog", arguments.catalog)]
    if arguments.command == "read":
        files.append(read_file("--state", arguments.state) if arguments.state else b"")
    connector.command(arguments.command)(config, stop, *files)


def _status(connector: Connector, arguments: argparse.Namespace, stop: Stop) -> dict[str, str]:
    try:
        connector.command("check")(read_config(arguments.config, connector.schema), stop)
    except (Interrupted, OutputError):
        raise
    except PlanhatError as error:
        return {"status": "FAILED", "message": sentence(error)}
    return {"status": "SUCCEEDED"}


class _Parser(argparse.ArgumentParser):
    """A parser whose help is printed on standard output, and whose errors repeat no argument."""

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - argparse's signature
        """Print the help."""
        print_text(self.format_help().rstrip())

    def error(self, message: str) -> NoReturn:
        """Raise a ConfigurationError.

        Args:
            message: What argparse says; it may hold an argument, which may be a secret.
        """
        is_ours = message.startswith("the following arguments are required:")
        said = message if is_ours else "the command line cannot be read"
        raise ConfigurationError(f"{said}: see {self.prog} --help")


class _ShowVersion(argparse.Action):
    """Prints the version on standard output, and ends."""

    def __init__(self, option_strings: Sequence[str], dest: str, **how: Any) -> None:  # noqa: ANN401
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **how)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print_text(f"{parser.prog} v{metadata.version(DISTRIBUTION)}")
        parser.exit()


def _parse(connector: Connector, given: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog=connector.name, description=connector.summary, allow_abbrev=False)
    parser.add_argument("--version", action=_ShowVersion, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    needed = {
        "spec": ((), "print which settings there are"),
        "check": (("config",), "find out whether the settings let it connect"),
        "discover": (("config",), "print a catalog"),
        connector.transfer: (("config", "catalog"), f"{connector.transfer} records"),
    }
    for name, (files, text) in needed.items():
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        for file in files:
            command.add_argument(f"--{file}", required=True, metavar="FILE", help=_FILES[file])
        if name == "read":
            command.add_argument("--state", metavar="FILE", help=_FILES["state"])
        command.add_argument("--debug", action="store_true", help="log more, and tracebacks")
    return parser.parse_args(given)
