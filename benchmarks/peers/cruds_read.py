"""Read all issues with `cruds` into JSON lines: `python cruds_read.py URL TOKEN OUTPUT`."""

import json
import sys
from pathlib import Path

from cruds_client import planhat


def main(url: str, token: str, output: str) -> None:
    with Path(output).open("w", encoding="utf-8") as out:
        for page in planhat(url, token).issue.get_list(sort="_id", select=None):
            out.writelines(json.dumps(record) + "\n" for record in page)


if __name__ == "__main__":
    main(*sys.argv[1:])
