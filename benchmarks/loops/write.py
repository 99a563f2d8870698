"""Read Singer lines on stdin, collect 5,000 records, PUT them: the baseline.

`python write.py orjson|json URL TOKEN < LINES`. It validates nothing, retries nothing, reads no
answer and keeps no state: it is a lower bound of the cost, not a connector.
"""

import json
import sys

import orjson
import requests

BATCH = 5000


def main(codec: str, url: str, token: str) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    session.headers["Content-Type"] = "application/json"
    decode = orjson.loads if codec == "orjson" else json.loads

    def put(records: list) -> None:
        body = orjson.dumps(records) if codec == "orjson" else json.dumps(records).encode()
        session.put(f"{url}/issues", data=body).raise_for_status()

    batch = []
    for line in sys.stdin.buffer:
        message = decode(line)
        if message["type"] == "RECORD":
            batch.append(message["record"])
            if len(batch) == BATCH:
                put(batch)
                batch = []
    if batch:
        put(batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
