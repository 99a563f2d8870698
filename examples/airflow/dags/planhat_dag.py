"""An Airflow DAG that copies issues and objectives out of many Planhat tenants.

``copies.json`` beside this file (or the file that PLANHAT_COPIES names) says what is copied. Each
copy is a group of tasks: ``plan`` divides its streams into shards, and one mapped ``shard`` task
copies each of them as ``tap-planhat | target``. State and rejects are in the database of the
connection ``planhat_ledger``, tokens are in connections, and nothing that matters is on a worker's
disk.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, TaskGroup, task
from planhat_jobs import copies
from planhat_jobs.alerts import alert
from planhat_jobs.companies import list_companies
from planhat_jobs.ledger import create_tables, planned_companies
from planhat_jobs.operator import PlanhatShard, ledger_engine, secret

COPIES = Path(os.environ.get("PLANHAT_COPIES") or Path(__file__).with_name("copies.json"))


@task
def prepare() -> None:
    """Create the tables of the ledger if they do not exist."""
    create_tables(ledger_engine())


@task
def plan(name: str) -> list[dict[str, Any]]:
    """Divide the streams of one copy into shards."""
    copy = copies.read_copies(COPIES)[name]

    def listed(stream: str, shards: int) -> list[str]:
        url = copy.tap.config.get("api_url", "https://api.planhat.com")
        token = secret(copy.tap.secrets["TAP_PLANHAT_API_TOKEN"])
        return planned_companies(
            ledger_engine(), name, stream, shards, lambda: list_companies(url, token)
        )

    return copies.plan(copy, listed)


with DAG(
    "planhat",
    schedule=timedelta(hours=1),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    # Two runs of one shard must not overlap: Airflow starts no second run beside the first, and
    # the ledger's lease keeps out what Airflow does not see (a worker that it believes dead).
    max_active_runs=1,
    doc_md=__doc__,
    tags=["planhat", "singer"],
) as dag:
    prepared = prepare()
    for name, one in copies.read_copies(COPIES).items():
        with TaskGroup(name):
            planned = plan(name)
            prepared >> planned
            PlanhatShard.partial(
                task_id="shard",
                copies_file=str(COPIES),
                copy=name,
                max_active_tis_per_dagrun=one.at_once,
                map_index_template="{{ task.label }}",
                # A retry continues from the state that the try before it saved.
                retries=one.retries,
                retry_delay=timedelta(seconds=one.retry_seconds),
                retry_exponential_backoff=True,
                max_retry_delay=timedelta(minutes=15),
                execution_timeout=timedelta(hours=12),
                on_failure_callback=alert,
            ).expand_kwargs(planned)
