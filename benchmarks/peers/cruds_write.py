"""Write the records of Singer lines with `cruds`: `python cruds_write.py URL TOKEN < LINES`."""

import json
import sys

from cruds_client import planhat


def main(url: str, token: str) -> None:
    issues = planhat(url, token).issue
    batch = []
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message["type"] == "RECORD":
            batch.append(message["record"])
            if len(batch) == 5000:
                issues.bulk_upsert(batch)
                batch = []
    if batch:
        issues.bulk_upsert(batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
