"""Deletes some of 100,000 issues between two incremental runs, and counts what is emitted.

    python -m benchmarks.detect_deletes [--issues N] [--deleted N] [--churn PERCENT]

The tap runs as a process against the sandbox: once to load everything, once after the deletions,
while the tenant changes too (`--churn`), and once more when nothing changes. A warehouse with hard
deletes follows its messages. Printed: how many deletions were emitted, how many of the records that
exist were emitted as deleted or are missing in the warehouse, how many are left there that do not
exist, the size of the state, and the requests of each run; at the end, the CPU time that it takes
to compare an id. Exits with 1 unless the three numbers in the middle are 0.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.exact_read import Churn
from planhat_sandbox import Sandbox
from planhat_sync.reading.deletions.comparison import Comparison

PAGE = 2_000


@dataclass
class Warehouse:
    """What a target with hard deletes has.

    Attributes:
        rows: The version of each row, by `_id`.
        deleted: What was emitted as deleted.
        versions: How many versions were activated.
        state: The last state.
    """

    rows: dict[str, int | None] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    versions: int = 0
    state: dict[str, Any] | None = None

    def load(self, line: bytes) -> None:
        """Load a message."""
        message = json.loads(line)
        if message["type"] == "STATE":
            self.state = message["value"]
        elif message["stream"] != "issues":
            return
        elif message["type"] == "ACTIVATE_VERSION":
            self.versions += 1
            version = message["version"]
            self.rows = {key: each for key, each in self.rows.items() if each == version}
        elif message["type"] == "RECORD" and "_sdc_deleted_at" in message["record"]:
            self.deleted.add(message["record"]["_id"])
            self.rows.pop(message["record"]["_id"], None)
        elif message["type"] == "RECORD":
            self.rows[message["record"]["_id"]] = message.get("version")


def run(sandbox: Sandbox, warehouse: Warehouse) -> int:
    """Run the tap to its end, and return how many requests it sent for issues."""
    before = len(sandbox.requests)
    config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
    config |= {"detect_deletes": True, "detect_deletes_hours": 0, "lookback_seconds": 0}
    with tempfile.TemporaryDirectory() as folder:
        path, state = Path(folder) / "config.json", Path(folder) / "state.json"
        path.write_text(json.dumps(config))
        state.write_text(json.dumps(warehouse.state or {}))
        command = [sys.executable, "-m", "tap_planhat", f"--config={path}", f"--state={state}"]
        output = Path(folder) / "messages.jsonl"
        with output.open("wb") as stdout:
            ended = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)
        if ended.returncode:
            sys.exit(ended.stderr.decode())
        with output.open("rb") as lines:
            for line in lines:
                warehouse.load(line)
    return sum(request.model == "issues" for request in sandbox.requests[before:])


def compare(issues: int, deleted: int, churn_percent: float) -> bool:
    """Load a tenant, delete some of it, load it twice more, and print the comparison."""
    with Sandbox({"token-a": "alpha"}) as sandbox:
        tenant = sandbox.tenant("token-a")
        for number in range(issues):
            tenant.insert("issues", {"title": f"issue {number}"})
        warehouse = Warehouse()
        costs = [run(sandbox, warehouse)]
        existing = [record["_id"] for record in tenant.records("issues")]
        gone = random.Random(2).sample(existing, deleted)
        for identifier in gone:
            tenant.delete("issues", identifier)
        sandbox.before_each_request.append(
            Churn(tenant, round(issues * churn_percent / 100), costs[0])
        )
        costs.append(run(sandbox, warehouse))
        sandbox.before_each_request.clear()
        costs.append(run(sandbox, warehouse))
        alive = {record["_id"] for record in tenant.records("issues")}
    assert warehouse.state is not None
    size = len(json.dumps(warehouse.state["bookmarks"]["issues"]))
    wrong = len(warehouse.deleted & alive)
    missing, left = len(alive - warehouse.rows.keys()), len(warehouse.rows.keys() - alive)
    print(
        f"{issues:>9,} {churn_percent:>5} {deleted:>8,} {len(warehouse.deleted):>8,} "
        f"{warehouse.versions - 1:>10} {wrong:>6} {missing:>8} {left:>5} {size:>6,} "
        f"{', '.join(map(str, costs)):>15}"
    )
    as_expected = churn_percent > 0 or warehouse.deleted == set(gone)
    return as_expected and not wrong and not missing and not left


def microseconds_an_id(count: int) -> float:
    """Return the CPU time of this thread that it takes to compare an id, the least of 3 rounds.

    Args:
        count: How many ids to compare with as many that are known.
    """
    ids = [f"66b0c0de{number:016x}" for number in range(count)]
    known, seconds = None, []
    for _ in range(4):
        comparison = Comparison(known)
        began = time.thread_time()
        for at in range(0, count, PAGE):
            comparison.add(ids[at : at + PAGE])
        seconds.append(time.thread_time() - began)
        known = comparison.known_after(datetime.now(timezone.utc))
    return min(seconds[1:]) / count * 1e6  # in the first round nothing was known


def main() -> None:
    """Compare, with and without changes meanwhile."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--issues", type=int, default=100_000)
    options.add_argument("--deleted", type=int, default=150)
    options.add_argument(
        "--churn", type=float, default=1.0, help="percent deleted, inserted, updated"
    )
    given = options.parse_args()
    print(
        "   issues churn  deleted  emitted full reads  wrong  missing  left  state        requests"
    )
    results = [compare(given.issues, given.deleted, churn) for churn in (0, 0.1, given.churn)]
    print(f"CPU time of an id: {microseconds_an_id(given.issues):.1f} µs")
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
