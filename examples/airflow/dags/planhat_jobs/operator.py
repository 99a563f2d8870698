"""The Airflow operator: one shard of one stream, from Airflow's connections to the pipe."""

from __future__ import annotations

import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, BaseOperator

from planhat_jobs.copies import Shard, read_copies
from planhat_jobs.ledger import Key, Ledger
from planhat_jobs.shard_run import ShardRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context
    from sqlalchemy.engine import Engine

    from planhat_jobs.copies import Side

LEDGER = "planhat_ledger"
"""Id of the Airflow connection to the database that holds state and rejects."""


def ledger_engine() -> Engine:
    """Return the database that the connection ``planhat_ledger`` names.

    Returns:
        An SQLAlchemy engine.
    """
    engine: Engine = BaseHook.get_hook(LEDGER).get_sqlalchemy_engine()
    return engine


def secret(where: str) -> str:
    """Read one field of an Airflow connection.

    Args:
        where: ``<connection id>.<field>``, such as ``planhat_acme.password``.

    Returns:
        What it holds.

    Raises:
        ValueError: The connection has no such field, or nothing in it.
    """
    connection_id, _, field = where.rpartition(".")
    value = getattr(BaseHook.get_connection(connection_id), field, None)
    if not value:
        raise ValueError(f"the Airflow connection {connection_id!r} has no {field!r}: set it")
    return str(value)


def secrets_of(side: Side) -> dict[str, str]:
    """Read the secrets of a tap or a target.

    Args:
        side: Names them.

    Returns:
        Environment variables.
    """
    return {variable: secret(where) for variable, where in side.secrets.items()}


class PlanhatShard(BaseOperator):
    """Copies one shard of one stream.

    Args:
        copies_file: The file that describes the copy.
        copy: Name of the copy that it is part of.
        stream: Name of the stream.
        shard: Name of the shard.
        companies: Planhat ids of its companies; of those left out, for ``rest``.
        **kwargs: Airflow's own.
    """

    def __init__(
        self,
        *,
        copies_file: str,
        copy: str,
        stream: str,
        shard: str,
        companies: Sequence[str] = (),
        **kwargs: Any,  # noqa: ANN401 - BaseOperator takes what it takes
    ) -> None:
        super().__init__(**kwargs)
        self.copies_file = copies_file
        self.copy = copy
        self.stream = stream
        self.shard = shard
        self.companies = companies
        self._run: ShardRun | None = None

    @property
    def label(self) -> str:
        """The name of this task for people: ``issues 2-of-4``."""
        return f"{self.stream} {self.shard}"

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the pipe once, from the state of the ledger.

        Args:
            context: Airflow's context.

        Returns:
            The target's counts, which become the task's XCom.
        """
        task_instance = context["task_instance"]
        attempt = (
            f"{task_instance.run_id} try {task_instance.try_number} on {socket.gethostname()}"
            f" ({uuid.uuid4()})"
        )
        copy = read_copies(Path(self.copies_file))[self.copy]
        key = Key(self.copy, self.stream, self.shard)
        ledger = Ledger(ledger_engine(), key, attempt, copy.lease_seconds)
        with ledger.held():
            self._run = ShardRun(
                copy,
                self.stream,
                Shard(self.shard, frozenset(self.companies)),
                ledger,
                {"tap": secrets_of(copy.tap), "target": secrets_of(copy.target)},
                beat_seconds=copy.lease_seconds / 4,
            )
            return self._run.run()

    def on_kill(self) -> None:
        """Stop the pipe: Airflow was asked to end this task, or its time is up."""
        if self._run is not None:
            self._run.stop()
