"""The DAG, run by Airflow against two sandbox tenants."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa
from planhat_jobs.ledger import REJECTS, SHARDS

from planhat_sandbox import Sandbox

ROOT = Path(__file__).parents[3]
PLUGINS = ROOT / ".venv" / "bin"
RUN_DAG = Path(__file__).with_name("run_dag.py")
BOTH = ("title", "sourceId", "companyIds", "status", "custom", "name", "companyId", "health")


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the DAG ended."""

    state: str
    tasks: list[dict]
    output: str

    def tries(self) -> dict[str, int]:
        return {task["label"]: task["tries"] for task in self.tasks if task["label"]}


class Job:
    """A DAG folder with one copy, and the Airflow that runs it."""

    def __init__(self, home: Path, sandbox: Sandbox, database_url: str) -> None:
        self.home = home
        self.sandbox = sandbox
        self.engine = sa.create_engine(database_url)
        self.dags = home / "dags"
        shutil.copytree(ROOT / "examples" / "airflow" / "dags", self.dags)
        shutil.copy(ROOT / "examples" / "pipe" / "singer_pipe.py", self.dags)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("TAP_", "TARGET_"))},
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_PLANHAT_SOURCE": json.dumps({"conn_type": "http", "password": "token-a"}),
            "AIRFLOW_CONN_PLANHAT_COPY": json.dumps({"conn_type": "http", "password": "token-b"}),
            "AIRFLOW_CONN_PLANHAT_LEDGER": _as_connection(database_url),
        }

    def copies(self, streams: dict, **more: object) -> None:
        """Say what the DAG copies."""
        url = {"api_url": self.sandbox.url}
        tap = {
            "command": str(PLUGINS / "tap-planhat"),
            "config": {**url, "requests_per_minute": 0},
            "secrets": {"TAP_PLANHAT_API_TOKEN": "planhat_source.password"},
        }
        target = {
            "command": str(PLUGINS / "target-planhat"),
            "config": {
                **url,
                "requests_per_minute": 0,
                "match_on": ["sourceId"],
                "batch_size_rows": 20,
                "on_reject": "continue",
                "max_rejects": 5,
            },
            "secrets": {"TARGET_PLANHAT_API_TOKEN": "planhat_copy.password"},
        }
        entry = {"tap": tap, "target": target, "streams": streams, "at_once": 2}
        entry |= {"retry_seconds": 1, "lease_seconds": 2, **more}
        (self.dags / "copies.json").write_text(json.dumps({"source-to-copy": entry}))

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, RUN_DAG],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self) -> Run:
        with self.start() as process:
            output, _ = process.communicate(timeout=240)
        assert process.returncode == 0, output[-4000:]
        last = json.loads(output.rstrip().rpartition("\n")[2])
        assert "token-a" not in output, "a token is in the log"
        assert "token-b" not in output, "a token is in the log"
        return Run(last["state"], last["tasks"], output)

    def rows(self, table: sa.Table) -> list:
        with self.engine.connect() as connection:
            return connection.execute(sa.select(table)).all()

    def assert_equal(self, model: str) -> None:
        """The copy holds what the source holds, once."""
        source, copy = (
            sorted(
                json.dumps({k: record.get(k) for k in BOTH}, sort_keys=True, default=str)
                for record in self.sandbox.tenant(alias).records(model)
            )
            for alias in ("alpha", "beta")
        )
        assert copy == source


def _as_connection(database_url: str) -> str:
    url = sa.make_url(database_url)
    if url.drivername == "sqlite":
        return json.dumps({"conn_type": "sqlite", "host": url.database})
    parts = {"login": url.username, "password": url.password, "host": url.host, "port": url.port}
    return json.dumps({"conn_type": "postgres", "schema": url.database, **parts})


@pytest.fixture(scope="session")
def metadata(tmp_path_factory) -> Path:
    """Airflow's own database, migrated once and copied for every test."""
    home = tmp_path_factory.mktemp("airflow")
    subprocess.run(
        [Path(sys.executable).with_name("airflow"), "db", "migrate"],
        env={**os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        check=True,
        capture_output=True,
        timeout=240,
    )
    return home / "airflow.db"


@pytest.fixture
def sandbox() -> Sandbox:
    with Sandbox({"token-a": "alpha", "token-b": "beta"}) as running:
        yield running


@pytest.fixture
def job(tmp_path, metadata, sandbox, database_url) -> Job:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(metadata, home / "airflow.db")
    made = Job(home, sandbox, database_url)
    yield made
    made.engine.dispose()


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def company(sandbox: Sandbox, name: str) -> str:
    """Make a company that both tenants have."""
    made = sandbox.tenant("alpha").insert("companies", {"name": name})["_id"]
    sandbox.tenant("beta").insert("companies", {"name": name, "_id": made})
    return made


def fill(sandbox: Sandbox, companies: int = 6, issues: int = 25) -> list[str]:
    """Issues and objectives of some companies; issues of two companies, and of none."""
    source = sandbox.tenant("alpha")
    made = [company(sandbox, f"Company {n}") for n in range(companies)]
    for place, one in enumerate(made):
        for n in range(issues):
            key = f"{place}-{n}"
            companies_of = [one] if n % 5 else [one, made[(place + 1) % len(made)]]
            source.insert(
                "issues",
                {
                    "title": key,
                    "sourceId": key,
                    "companyIds": companies_of,
                    "custom": {"n": n},
                    # Far apart, so that the tap's lookback of a minute meets few of them again.
                    "updatedAt": f"2026-01-{place + 1:02}T{n % 24:02}:{n:02}:00.000Z",
                },
            )
            source.insert(
                "objectives", {"name": key, "sourceId": key, "companyId": one, "health": n / 2}
            )
    for n in range(7):
        lonely(sandbox, f"lonely-{n}")
    return made


def lonely(sandbox: Sandbox, key: str) -> None:
    """Make an issue without a company. A bulk upsert cannot create one, but it can update one."""
    issue = {"title": "nobody's", "sourceId": key, "companyIds": []}
    sandbox.tenant("alpha").insert("issues", issue)
    sandbox.tenant("beta").insert("issues", {**issue, "title": "an older title"})


SHARDED = {
    "issues": {"shards": 2, "companies": "listed"},
    "objectives": {"shards": 2, "companies": "listed"},
}


def test_a_sharded_copy_in_which_one_shard_fails_and_is_retried_ends_equal(job, sandbox):
    fill(sandbox)
    sandbox.behave("beta", refused_marker="poison")
    sandbox.tenant("alpha").insert("issues", {"title": "poison", "sourceId": "p", "companyIds": []})
    sandbox.fault("status", tenant="beta", model="issues", route="bulk", status=403, nth=2)
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

    # The next run reads on from its states: what is new arrives, also of a company nobody knew.
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

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/alerts", heard
        finally:
            server.shutdown()
            thread.join()


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
