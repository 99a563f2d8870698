"""Reads issues while some of them are deleted, inserted and updated, and counts.

    python -m benchmarks.exact_read [--issues N] [--churn PERCENT] [--only NAMES]

Each reader runs as a process against the sandbox, which changes the tenant before each request: the
tap with one request at a time and with pages ahead, the source, and the declarative source of
Airbyte's CDK with the manifest of the benchmarks. Printed: which of the records that existed
throughout are missing, which were emitted twice, and the number of requests beside that of the same
read of an unchanged tenant. Exits with 1 if ours miss a record or emit one twice, or send more than
1.2 times the requests for 100,000 issues or more; of fewer, the pages that were requested ahead are
a larger share.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.commands import Job
from benchmarks.environments import MissingEnvironmentError, python_of
from benchmarks.measure import measure
from benchmarks.subjects import CDK_SOURCE, OUR_SOURCE, OUR_TAP
from benchmarks.tenant import Tenant as Token
from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from benchmarks.subjects import Subject
    from planhat_sandbox import Tenant

MOST_REQUESTS, MANY_ISSUES = 1.2, 100_000
READERS = ((OUR_TAP, 1), (OUR_TAP, 4), (OUR_SOURCE, 4), (CDK_SOURCE, 1))
"""Who reads, and how many requests are in flight."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One run of a reader: how often each record was emitted, its requests, and its seconds."""

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


def read(sandbox: Sandbox, token: Token, reader: Subject, concurrency: int) -> Reading:
    """Run a reader to its end."""
    before = len(sandbox.requests)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"concurrency": concurrency}
        cost = measure(reader.command(Job(sandbox.url, token, folder, settings=settings)), folder)
        emitted: Counter[str] = Counter()
        with (folder / "out").open("rb") as lines:
            for message in map(json.loads, lines):
                if message["type"] == "RECORD":
                    record = message["record"]
                    emitted[record.get("data", record)["_id"]] += 1
    return Reading(emitted, len(sandbox.requests) - before, cost.wall_seconds)


def compare(issues: int, churn_percent: float, reader: Subject, concurrency: int) -> bool:
    """Read a tenant unchanged, then while it changes, and print the comparison."""
    token = Token("exact", issues)
    with Sandbox({token.token: "alpha"}) as sandbox:
        tenant = sandbox.tenant(token.token)
        for number in range(issues):
            tenant.insert("issues", {"title": f"issue {number}", "custom": {"Number": number}})
        quiet = read(sandbox, token, reader, concurrency)
        churn = Churn(tenant, round(issues * churn_percent / 100), quiet.requests)
        before = {record["_id"] for record in tenant.records("issues")}
        sandbox.before_each_request.append(churn)
        busy = read(sandbox, token, reader, concurrency)
    missing = len(before - churn.deleted - busy.emitted.keys())
    twice = sum(count > 1 for count in busy.emitted.values())
    ratio = busy.requests / quiet.requests
    print(
        f"{reader.name:<15} {issues:>9,} {concurrency:>11} {churn.changes:>9,} {missing:>8} "
        f"{twice:>6} {quiet.requests:>6} {busy.requests:>6} {ratio:>6.2f} {busy.seconds:>8.1f}"
    )
    return not missing and not twice and (ratio <= MOST_REQUESTS or issues < MANY_ISSUES)


def main() -> None:
    """Compare all readers that can run here."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--issues", type=int, default=MANY_ISSUES)
    options.add_argument(
        "--churn", type=float, default=1.0, help="percent deleted, inserted, updated"
    )
    options.add_argument("--only", help="names of readers, with commas between")
    given = options.parse_args()
    names = given.only.split(",") if given.only else [reader.name for reader, _ in READERS]
    print(
        "reader             issues concurrency   changes  missing  twice  quiet   busy  ratio"
        "  seconds"
    )
    exact = True
    for reader, concurrency in READERS:
        if reader.name not in names:
            continue
        try:
            if reader.environment:
                python_of(reader.environment)
        except MissingEnvironmentError as error:
            print(f"without {reader.name}: {error}", file=sys.stderr)
            continue
        holds = compare(given.issues, given.churn, reader, concurrency)
        exact &= holds or reader is CDK_SOURCE
    sys.exit(not exact)


if __name__ == "__main__":
    main()
