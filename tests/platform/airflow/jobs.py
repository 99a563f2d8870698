"""A DAG folder as a user makes it, the Airflow that runs it, and tenants with something in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from checkout import ROOT, copy_folder

if TYPE_CHECKING:
    from planhat_sandbox import Sandbox

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
        copy_folder(ROOT / "examples" / "airflow" / "dags", self.dags)
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
        """Write what the DAG copies."""
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
        """Assert that the copy holds each record of the source exactly once."""
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
