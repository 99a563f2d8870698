"""Two tenants, a ledger in each kind of database, and an Airflow of each test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
for folder in (
    ".",
    "tests/support",
    "tests/platform/airflow",
    "examples/pipe",
    "examples/airflow/dags",
):
    sys.path.insert(0, str(ROOT / folder))

# They are on the path only now.
from jobs import Job  # noqa: E402 - see above
from postgres import postgres, postgres_server  # noqa: E402 - see above

from planhat_sandbox import Sandbox  # noqa: E402 - see above

__all__ = ["postgres", "postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """Return the SQLAlchemy URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    server = request.getfixturevalue("postgres").config
    return "postgresql+psycopg://{user}:{password}@{host}:{port}/{database}".format(**server)


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
