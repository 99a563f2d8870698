"""The command line of the tap: its help, and an option of the SDK that accepts too much."""

from __future__ import annotations

import click
from singer_sdk.tap_base import CliTestOptionValue

HELP = """Read records out of Planhat, as Singer messages on standard output.

The configuration is a JSON file that holds at least {"api_token": "…"}. A tenant on a regional
cluster also needs {"api_url": "https://api-<cluster>.planhat.com"}. Issues and objectives are read
unless "streams" or a catalog names others. With --config=ENV the settings come from the environment
(TAP_PLANHAT_API_TOKEN and so on). --about lists them all.

\b
  Can the streams be read?
    tap-planhat --config config.json --test
  Read everything:
    tap-planhat --config config.json
  Read what has changed:
    tap-planhat --config config.json --state state.json
"""


def restrict_test_option(command: click.Command) -> click.Command:
    """Let `--test` accept only known values; the SDK takes any text for its default.

    Args:
        command: The SDK's command line; it is changed.

    Returns:
        The same command line.
    """
    for option in command.params:
        if option.name == "test":
            option.type = click.Choice([each.value for each in CliTestOptionValue])
    return command
