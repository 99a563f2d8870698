"""The command line of `planhat-beliefs`, and one run of it."""

from __future__ import annotations

import os
import signal
from importlib import metadata
from typing import TYPE_CHECKING

import click

from planhat_beliefs.asking import Asker
from planhat_beliefs.catalogue import BELIEFS, most_requests
from planhat_beliefs.log import log_to_stderr
from planhat_beliefs.report import Result, block, wrapped
from planhat_beliefs.settings import read_connection
from planhat_singer.command_line import run_command_line
from planhat_sync.api.http.transport import Transport
from planhat_sync.distribution import DISTRIBUTION
from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime import stdout
from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.stdout import print_text
from planhat_sync.runtime.terminal import columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from planhat_sync.api.connection import Connection

NAME = "planhat-beliefs"

HELP = """Ask a Planhat tenant which of our assumptions about the API hold there.

It only reads: every request is a GET. It prints each fact of docs/planhat-facts.md that reading
shows, with "held", "not held" or "could not tell", and ends with a block that can be pasted into an
issue as it is. Nothing that it prints comes out of a record: no id, name or value, only counts. The
token is not printed either.

The configuration is that of the tap or of the target: a JSON file that holds at least
{"api_token": "…"}; settings that are not about the connection are ignored. With --config=ENV they
come from the environment (PLANHAT_BELIEFS_API_TOKEN and so on, or else those of the tap or of the
target).

\b
  Ask, and keep what is printed:
    planhat-beliefs --config target.json > beliefs.txt
"""

IS_DATA_FREE = "It holds no id, name or value of the tenant, and not the token:"


def run_command(name: str) -> NoReturn:
    """Run the command on the arguments of this process, and exit with its code.

    Args:
        name: Its name.

    Raises:
        ConfigurationError: The command line or a setting is wrong.
        StopError: Nothing could be asked.
    """
    run_command_line(name, _command)


def _command() -> click.Command:
    log_to_stderr(os.environ)
    options = [
        click.Option(
            ["--config"],
            multiple=True,
            help="Path of a JSON file with settings, or ENV for the environment; repeatable.",
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version and exit.",
        ),
    ]
    command = click.Command(NAME, params=[*options], help=HELP, callback=_run)
    return click.help_option("--help", callback=_show_help)(command)


def _run(config: tuple[str, ...]) -> None:
    if not config:
        raise ConfigurationError(
            "--config is missing: give the path of a JSON file with api_token, or ENV"
        )
    connection = read_connection(config, NAME, os.environ)
    try:
        ask_all(connection, Clock())
    except KeyboardInterrupt:
        raise StoppedBySignal(signal.SIGINT, "nothing was written; run again") from None


def ask_all(connection: Connection, clock: Clock) -> Sequence[Result]:
    """Ask about every fact, and print what is found out.

    Args:
        connection: Address, token and pace.
        clock: The time.

    Returns:
        The facts with what was found out about them.

    Raises:
        StopError: Planhat cannot be reached, does not accept the token, or lets it read nothing.
    """
    pace = connection.requests_per_minute
    print_text(
        f"Sends at most {most_requests(BELIEFS)} requests, each a GET"
        f"{f', at most {pace} a minute' if pace else ''}. Failed ones are repeated.\n"
    )
    results: list[Result] = []
    printed = 0
    output = stdout.as_stream()
    width = columns(output) if output.isatty() else None
    with Transport(connection, clock=clock) as transport:
        asker = Asker(transport, clock)
        for belief in BELIEFS:
            finding = belief.finding([asker.reply(asked) for asked in belief.needs])
            results.append(Result(belief, finding))
            if asker.is_any_read:  # otherwise it may not be Planhat at all
                for result in results[printed:]:
                    print_text(wrapped(result.line, width))
                printed = len(results)
        asker.check_any_answer()
        version, requests = metadata.version(DISTRIBUTION), transport.requests
    day = clock.utc().date()
    print_text(f"\nFor an issue. {IS_DATA_FREE}\n")
    print_text(block(results, version, day, requests))
    return results


def _show_version(context: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked and not context.resilient_parsing:
        print_text(f"{NAME} v{metadata.version(DISTRIBUTION)}")
        context.exit()


def _show_help(context: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked and not context.resilient_parsing:
        print_text(context.get_help())
        context.exit()
