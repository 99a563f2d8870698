"""The console script `destination-planhat`."""

from __future__ import annotations

from airbyte_planhat.command_line import Connector, run_connector
from airbyte_planhat.specification import DESTINATION_SCHEMA

DESTINATION = Connector(
    name="destination-planhat",
    summary="Write the records of Airbyte messages on standard input into Planhat.",
    schema=DESTINATION_SCHEMA,
    package="airbyte_planhat.destination",
    transfer="write",
)


def main() -> None:
    """Run the destination from the command line, and exit with its code."""
    run_connector(DESTINATION)


if __name__ == "__main__":
    main()
