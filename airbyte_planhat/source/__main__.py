"""The console script `source-planhat`."""

from __future__ import annotations

from airbyte_planhat.command_line import Connector, run_connector
from airbyte_planhat.specification import SOURCE_SCHEMA

SOURCE = Connector(
    name="source-planhat",
    summary="Read records out of Planhat, as Airbyte messages on standard output.",
    schema=SOURCE_SCHEMA,
    package="airbyte_planhat.source",
    transfer="read",
)


def main() -> None:
    """Run the source from the command line, and exit with its code."""
    run_connector(SOURCE)


if __name__ == "__main__":
    main()
