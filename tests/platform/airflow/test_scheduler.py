"""The DAG under Airflow's own scheduler, executor and supervisor: a task that is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from jobs import Job, fill
from planhat_jobs.ledger import SHARDS
from ports import free_port

AIRFLOW = Path(sys.executable).with_name("airflow")


def until(condition, what: str, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not come to pass: {what}"
        time.sleep(0.1)


@contextmanager
def scheduled(job: Job, metadata_url: str):
    """Run API server, scheduler and DAG processor, as an installation does."""
    port = free_port()
    job.environment |= {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of this test, and long enough for its signature "
        * 2,
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    }
    airflow(job, "db", "migrate")
    components = []
    try:
        for name in ("api-server", "dag-processor", "scheduler"):
            with (job.home / f"{name}.log").open("wb") as log:
                components.append(
                    subprocess.Popen(
                        [AIRFLOW, name],
                        env=job.environment,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        until(lambda: _healthy(port), "the API server answers")
        yield
    finally:
        for component in components:
            component.terminate()
        for component in components:
            _end(component)


def _end(component: subprocess.Popen) -> None:
    try:
        component.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(component.pid, signal.SIGKILL)
        component.wait()


def airflow(job: Job, *arguments: str) -> None:
    subprocess.run(
        [AIRFLOW, *arguments], env=job.environment, check=True, capture_output=True, timeout=240
    )


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/version", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def parent_of(program: str, home: Path) -> int | None:
    """Find the task process: the parent of a program that runs with our AIRFLOW_HOME."""
    parents = (_parent(process, program, home) for process in Path("/proc").glob("[0-9]*"))
    return next((parent for parent in parents if parent), None)


def _parent(process: Path, program: str, home: Path) -> int | None:
    try:
        names = [Path(os.fsdecode(a)).name for a in (process / "cmdline").read_bytes().split(b"\0")]
        ours = f"AIRFLOW_HOME={home}".encode() in (process / "environ").read_bytes().split(b"\0")
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None  # it has ended meanwhile
    return parent if ours and program in names[:3] else None


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_task_that_is_reported_to_end_stops_its_pipe_and_its_retry_goes_on(
    job, sandbox, database_url
):
    fill(sandbox, companies=2, issues=60)
    job.copies({"issues": {}, "objectives": {}})
    sandbox.fault("slow", tenant="beta", route="bulk", seconds=0.5)
    metadata = sa.create_engine(database_url)

    def runs() -> list[str]:
        with metadata.connect() as connection:
            return list(connection.execute(sa.text("select state from dag_run")).scalars())

    def tries() -> dict[str, int]:
        query = "select rendered_map_index, try_number from task_instance where map_index >= 0"
        with metadata.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(sa.text(query))}

    # One database for both: Airflow's tables and the ledger's do not meet.
    with scheduled(job, database_url):
        until(lambda: _known(metadata), "the DAG processor has found the DAG")
        airflow(job, "dags", "unpause", "planhat")
        airflow(job, "dags", "trigger", "planhat")
        until(lambda: len(sandbox.tenant("beta").records("issues")) >= 40, "issues arrive")
        task = parent_of("target-planhat", job.home)
        assert task is not None
        os.kill(task, signal.SIGTERM)  # what Airflow's supervisor does on its way out
        sandbox.faults.clear()
        until(lambda: "success" in runs() or "failed" in runs(), "the run ends")
        logs = "".join(path.read_text() for path in job.home.glob("logs/**/*.log"))
    assert "success" in runs(), logs[-6000:]
    assert max(tries().values()) == 2, "the task that was asked to end was tried again"
    assert "ended with exit code 143" in logs, "both sides ended in order"
    job.assert_equal("issues")
    job.assert_equal("objectives")
    assert all(row.holder is None for row in job.rows(SHARDS))
    assert "token-b" not in logs
    metadata.dispose()


def _known(metadata: sa.Engine) -> bool:
    with metadata.connect() as connection:
        return bool(connection.execute(sa.text("select 1 from dag where dag_id='planhat'")).all())
