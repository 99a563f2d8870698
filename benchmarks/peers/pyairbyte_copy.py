"""Copy all issues with PyAirbyte: `python pyairbyte_copy.py BIN READ WRITE`.

BIN is the folder of `source-planhat` and `destination-planhat`; READ and WRITE are their settings,
as JSON. Records go straight from one to the other, without a cache.
"""

import json
import sys
from pathlib import Path

import airbyte
from airbyte.strategies import WriteStrategy


def main(folder: str, read: str, write: str) -> None:
    commands = Path(folder)
    source = airbyte.get_source(
        "source-planhat",
        local_executable=commands / "source-planhat",
        config=json.loads(read),
        streams=["issues"],
    )
    destination = airbyte.get_destination(
        "destination-planhat",
        local_executable=commands / "destination-planhat",
        config=json.loads(write),
    )
    destination.write(
        source,
        cache=False,
        state_cache=False,
        write_strategy=WriteStrategy.APPEND,
        force_full_refresh=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
