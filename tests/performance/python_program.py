"""A program that reads or writes many records: `python python_program.py read|write URL ROWS`."""

from __future__ import annotations

import sys

from planhat_sync import Planhat

verb, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Planhat(f"memory.{count}.0.0", api_url=url, requests_per_minute=0) as planhat:
    if verb == "read":
        done = sum(1 for _ in planhat.read("issues"))
    else:
        rows = (
            {"sourceId": f"s{number}", "title": f"Issue {number}", "companyIds": ["a" * 24]}
            for number in range(count)
        )
        result = planhat.write("issues", rows, match_on=["sourceId"])
        done = result.rows - result.undecided - result.rejected
sys.exit(None if done == count else f"{done:,} of {count:,}")
