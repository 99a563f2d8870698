"""The DAG, run by Airflow against two sandbox tenants."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from jobs import company, fill, lonely
from planhat_jobs.ledger import REJECTS, SHARDS
from served import served

if TYPE_CHECKING:
    from planhat_sandbox import Sandbox

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


SHARDED = {
    "issues": {"shards": 2, "companies": "listed"},
    "objectives": {"shards": 2, "companies": "listed"},
}


@sqlite_only
def test_a_sharded_copy_in_which_one_shard_fails_and_is_retried_ends_equal(job, sandbox):
    fill(sandbox)
    sandbox.behave("beta", refused_marker="poison")
    sandbox.tenant("alpha").insert("issues", {"title": "poison", "sourceId": "p", "companyIds": []})
    sandbox.fault("status", tenant="beta", model="issues", route="bulk", status=401, nth=2)
    job.copies(SHARDED)
    run = job.run()
    assert run.state == "success", run.output[-6000:]
    tries = run.tries()
    assert sorted(tries.values()) == [1, 1, 1, 1, 1, 2], "one shard was tried twice"
    assert set(tries) == {
        f"{stream} {shard}"
        for stream in ("issues", "objectives")
        for shard in ("1-of-2", "2-of-2", "rest")
    }
    rejects = [row for row in job.rows(REJECTS) if '"RECORD"' in row.line]
    assert len(rejects) == 1, rejects
    (reject,) = rejects
    assert (reject.stream, reject.shard) == ("issues", "rest")
    assert '"poison"' in reject.line
    sandbox.tenant("alpha").delete("issues", _find(sandbox, "alpha", "p"))
    job.assert_equal("issues")
    job.assert_equal("objectives")
    assert all(row.holder is None for row in job.rows(SHARDS))

    # The next run continues from its states: new records arrive, also those of a new company.
    source = sandbox.tenant("alpha")
    new = company(sandbox, "A new one")
    for n in range(3):
        source.insert("issues", {"title": "new", "sourceId": f"n{n}", "companyIds": [new]})
    lonely(sandbox, "lonely-new")
    source.update("issues", _find(sandbox, "alpha", "1-1"), {"title": "changed"})
    before = len(sandbox.requests)
    again = job.run()
    assert again.state == "success", again.output[-6000:]
    job.assert_equal("issues")
    job.assert_equal("objectives")
    writes = sum(
        request.items or 0
        for request in sandbox.requests[before:]
        if request.route == "bulk" and request.model == "issues"
    )
    assert writes < 60, "the second run wrote the changes, not everything"


def _find(sandbox: Sandbox, tenant: str, source_id: str) -> str:
    records = sandbox.tenant(tenant).records("issues")
    return next(record["_id"] for record in records if record.get("sourceId") == source_id)


@sqlite_only
def test_a_worker_that_is_killed_outright_loses_nothing_and_the_shard_is_taken_over(job, sandbox):
    fill(sandbox, companies=2, issues=60)
    job.copies({"issues": {}, "objectives": {}})
    sandbox.fault("slow", tenant="beta", route="bulk", seconds=0.3)
    with job.start() as process:
        while len(sandbox.tenant("beta").records("issues")) < 40:
            assert process.poll() is None, process.stdout.read()[-3000:]
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    sandbox.faults.clear()
    held = [row for row in job.rows(SHARDS) if row.holder]
    assert held, "nobody let go of the shard"
    began = len(sandbox.requests)
    run = job.run()
    assert run.state == "success", run.output[-6000:]
    job.assert_equal("issues")
    job.assert_equal("objectives")
    assert len(sandbox.requests) > began
    assert all(row.holder is None for row in job.rows(SHARDS))


@sqlite_only
def test_a_company_that_changes_its_shard_brings_along_what_its_old_one_had_not_read(job, sandbox):
    first, second = fill(sandbox, companies=2, issues=10)
    job.copies({"issues": {"shards": 2, "companies": [first, second]}})
    assert job.run().state == "success"
    job.assert_equal("issues")
    # Changed long ago by its clock, read by nobody yet: the bookmark of every shard is beyond it.
    sandbox.tenant("alpha").insert(
        "issues",
        {
            "title": "late",
            "sourceId": "late",
            "companyIds": [second],
            "updatedAt": "2020-01-01T00:00:00.000Z",
        },
    )
    job.copies({"issues": {"shards": 2, "companies": [first]}})
    assert job.run().state == "success"
    job.assert_equal("issues")


@contextmanager
def webhook():
    """Listen for alerts."""
    heard: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as address:
        yield f"{address}/alerts", heard


@sqlite_only
def test_a_shard_that_fails_for_good_alerts_and_fails_the_run_but_not_its_neighbours(job, sandbox):
    fill(sandbox, companies=1, issues=5)
    sandbox.fault("status", tenant="beta", model="issues", status=403)
    job.copies({"issues": {}, "objectives": {}}, retries=1)
    with webhook() as (address, heard):
        job.environment["AIRFLOW_CONN_PLANHAT_ALERTS"] = json.dumps(
            {"conn_type": "http", "host": address}
        )
        run = job.run()
    assert run.state == "failed"
    assert run.tries() == {"issues all": 2, "objectives all": 1}
    job.assert_equal("objectives")
    (message,) = heard
    assert message["shard"] == "issues all"
    assert "the target ended with exit code 1" in message["reason"]
    assert "token" not in json.dumps(message).replace("api_token", "")
