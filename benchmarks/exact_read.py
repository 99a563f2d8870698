"""Reads 100,000 issues while 1 % of them are deleted, inserted and updated, and counts.

    python -m benchmarks.exact_read [--issues N] [--churn PERCENT]

The tap runs as a process against the sandbox, which changes the tenant before each request.
Printed: which of the records that existed throughout are missing, which were emitted twice, and the
number of requests beside that of the same read of an unchanged tenant. Exits with 1 if a record is
missing or was emitted twice, or if there are more than 1.2 times the requests.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from planhat_sandbox import Tenant

MOST_REQUESTS = 1.2


@dataclass(frozen=True, slots=True)
class Reading:
    """One run of the tap: how often each record was emitted, its requests, and its seconds."""

    emitted: Counter[str]
    requests: int
    seconds: float


class Churn:
    """Deletes, inserts and updates a share of the tenant, evenly over the requests of a read."""

    def __init__(self, tenant: Tenant, each: int, requests: int) -> None:
        self._tenant = tenant
        self._left = each
        self._a_request = -(-each // requests)
        self._chance = random.Random(1)
        self._ids = [record["_id"] for record in tenant.records("issues")]
        self.deleted: set[str] = set()
        self.changes = 0

    def __call__(self, _: object) -> None:
        """Change some records: what runs before each request."""
        for _each in range(min(self._left, self._a_request)):
            self._left -= 1
            gone = self._ids.pop(self._chance.randrange(len(self._ids)))
            self._tenant.delete("issues", gone)
            self.deleted.add(gone)
            self._tenant.insert("issues", {"title": "created meanwhile"})
            self._tenant.update("issues", self._chance.choice(self._ids), {"status": "Changed"})
            self.changes += 3


def read(sandbox: Sandbox, concurrency: int) -> Reading:
    """Run the tap to its end."""
    before = len(sandbox.requests)
    config = {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "concurrency": concurrency,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        output = Path(folder) / "messages.jsonl"
        began = time.monotonic()
        with output.open("wb") as stdout:
            command = [sys.executable, "-m", "tap_planhat", "--config", str(path)]
            run = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)
        if run.returncode:
            sys.exit(run.stderr.decode())
        seconds = time.monotonic() - began
        emitted: Counter[str] = Counter()
        with output.open("rb") as lines:
            for line in lines:
                if line.startswith(b'{"type":"RECORD"'):
                    message = json.loads(line)
                    emitted[f"{message['stream']} {message['record']['_id']}"] += 1
    return Reading(emitted, len(sandbox.requests) - before, seconds)


def compare(issues: int, churn_percent: float, concurrency: int) -> bool:
    """Read a tenant unchanged, then while it changes, and print the comparison."""
    with Sandbox({"token-a": "alpha"}) as sandbox:
        tenant = sandbox.tenant("token-a")
        for number in range(issues):
            tenant.insert("issues", {"title": f"issue {number}", "custom": {"Number": number}})
        quiet = read(sandbox, concurrency)
        churn = Churn(tenant, round(issues * churn_percent / 100), quiet.requests)
        before = {record["_id"] for record in tenant.records("issues")}
        sandbox.before_each_request.append(churn)
        busy = read(sandbox, concurrency)
    missing = sum(f"issues {one}" not in busy.emitted for one in before - churn.deleted)
    twice = sum(count > 1 for count in busy.emitted.values())
    ratio = busy.requests / quiet.requests
    print(
        f"{issues:>9,} {concurrency:>11} {churn.changes:>9,} {missing:>8} {twice:>6} "
        f"{quiet.requests:>6} {busy.requests:>6} {ratio:>6.2f} {busy.seconds:>8.1f}"
    )
    return not missing and not twice and ratio <= MOST_REQUESTS


def main() -> None:
    """Compare, with one request at a time and with pages ahead."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--issues", type=int, default=100_000)
    options.add_argument(
        "--churn", type=float, default=1.0, help="percent deleted, inserted, updated"
    )
    given = options.parse_args()
    print("   issues concurrency   changes  missing  twice  quiet   busy  ratio  seconds")
    results = [compare(given.issues, given.churn, concurrency) for concurrency in (1, 4)]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
