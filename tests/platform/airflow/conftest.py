"""A ledger in each kind of database; the example's modules and the test support on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
for folder in (".", "tests/support", "examples/pipe", "examples/airflow/dags"):
    sys.path.insert(0, str(ROOT / folder))

from postgres import postgres, postgres_server  # noqa: E402 - it is on the path only now

__all__ = ["postgres", "postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """Give the SQLAlchemy URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    server = request.getfixturevalue("postgres").config
    return "postgresql+psycopg://{user}:{password}@{host}:{port}/{database}".format(**server)
