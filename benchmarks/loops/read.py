"""Read every page with requests and write each record as a Singer line: the baseline.

`python read.py orjson|json URL TOKEN OUTPUT`. It retries nothing, checks nothing and loses rows
when others are deleted: it is a lower bound of the cost, not a connector.
"""

import json
import sys

import orjson
import requests

EXTRACTED = "2026-01-01T00:00:00.000000+00:00"


def main(codec: str, url: str, token: str, output: str) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    query = {"limit": 2000, "offset": 0, "sort": "_id"}
    with open(output, "wb") as out:  # noqa: PTH123 - a bare loop is bare
        while True:
            answer = session.get(f"{url}/issues", params=query)
            page = orjson.loads(answer.content) if codec == "orjson" else json.loads(answer.content)
            for record in page:
                message = {
                    "type": "RECORD",
                    "stream": "issues",
                    "record": record,
                    "time_extracted": EXTRACTED,
                }
                if codec == "orjson":
                    out.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))
                else:
                    out.write(json.dumps(message).encode() + b"\n")
            if len(page) < query["limit"]:
                return
            query["offset"] += len(page)


if __name__ == "__main__":
    main(*sys.argv[1:])
