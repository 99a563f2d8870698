"""Where the state is kept: tables in a database, and a lease so that one task writes a shard.

The state and the rejects that it covers are saved in one transaction. A worker that dies at any
instant leaves the last safe state behind, and no reject is only on its disk.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy.engine import Engine

METADATA = sa.MetaData()
SHARDS = sa.Table(
    "planhat_shards",
    METADATA,
    sa.Column("copy", sa.String(200), primary_key=True),
    sa.Column("stream", sa.String(200), primary_key=True),
    sa.Column("shard", sa.String(50), primary_key=True),
    sa.Column("companies", sa.Text, nullable=False, server_default="[]"),
    sa.Column("state", sa.Text),
    sa.Column("holder", sa.String(500)),
    sa.Column("beat", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("saved_at", sa.DateTime(timezone=True)),
)
REJECTS = sa.Table(
    "planhat_rejects",
    METADATA,
    sa.Column("copy", sa.String(200), primary_key=True),
    sa.Column("stream", sa.String(200), primary_key=True),
    sa.Column("shard", sa.String(50), primary_key=True),
    sa.Column("attempt", sa.String(300), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.Text, nullable=False),
)
PLANS = sa.Table(
    "planhat_plans",
    METADATA,
    sa.Column("copy", sa.String(200), primary_key=True),
    sa.Column("stream", sa.String(200), primary_key=True),
    sa.Column("shards", sa.Integer, primary_key=True),
    sa.Column("companies", sa.Text, nullable=False),
)


class LeaseError(Exception):
    """Another task holds this shard, or has taken it over; the text names it."""


@dataclass(frozen=True, slots=True)
class Key:
    """Names one shard of one stream of one copy."""

    copy: str
    stream: str
    shard: str


def create_tables(engine: Engine) -> None:
    """Create the tables if they do not exist.

    Args:
        engine: The database.
    """
    METADATA.create_all(engine)


def planned_companies(
    engine: Engine, copy: str, stream: str, shards: int, listed: Callable[[], Iterable[str]]
) -> list[str]:
    """Return the companies that a stream was divided by; list them the first time.

    Args:
        engine: The database.
        copy: Name of the copy.
        stream: Name of the stream.
        shards: Number of shards; another number is another division.
        listed: Lists the companies.

    Returns:
        Planhat ids, the same for as long as the division stays.
    """
    key = {"copy": copy, "stream": stream, "shards": shards}
    ours = [PLANS.c[name] == value for name, value in key.items()]
    with engine.begin() as connection:
        found = connection.execute(sa.select(PLANS.c.companies).where(*ours)).scalar_one_or_none()
        if found is None:
            found = json.dumps(sorted(set(listed())))
            connection.execute(sa.insert(PLANS).values(**key, companies=found))
    companies: list[str] = json.loads(found)
    return companies


class Ledger:
    """The row of one shard, held by one attempt of one task.

    Args:
        engine: The database.
        key: The shard.
        attempt: Names this attempt: unique among all attempts, and readable.
        lease_seconds: A holder that has not advanced its heartbeat for this long is considered
            dead.
    """

    def __init__(self, engine: Engine, key: Key, attempt: str, lease_seconds: float = 60) -> None:
        self._engine = engine
        self._key = key
        self._attempt = attempt
        self._lease_seconds = lease_seconds
        self._rejects = 0
        self.state: str | None = None
        self.companies: frozenset[str] = frozenset()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the shard: read its row, keep others from writing it, release it at the end.

        A task that finds it held watches the heartbeat for `lease_seconds` by its own clock (clocks
        of different machines are never compared). If it advances, the holder is alive. If not, the
        task takes the row over, and the next save of the old holder fails.

        Yields:
            Nothing; `state` and `companies` are as the row has them.

        Raises:
            LeaseError: Another task holds the shard and is alive.
        """
        holder, beat = self._row()
        if holder is not None:
            self._watch(holder, beat)
        same = SHARDS.c.holder.is_(None) if holder is None else SHARDS.c.holder == holder
        taken = sa.update(SHARDS).where(self._ours(), same, SHARDS.c.beat == beat)
        with self._engine.begin() as connection:
            if connection.execute(self._beaten(taken, holder=self._attempt)).rowcount != 1:
                raise LeaseError(f"{self._key}: another task took it first")
        self._row()
        try:
            yield
        finally:
            # An unreachable database must not hide why the run ends; the lease expires by itself.
            with suppress(sa.exc.SQLAlchemyError), self._engine.begin() as connection:
                connection.execute(self._beaten(self._held(), holder=None))

    def cover(self, companies: frozenset[str], rejects: Sequence[str] = ()) -> None:
        """Save which companies the state is about.

        Args:
            companies: The companies of the shard from now on.
            rejects: Lines of the reject file that are not saved yet.

        Raises:
            LeaseError: Another task has taken the shard over.
        """
        with self._engine.begin() as connection:
            self._save(connection, companies=json.dumps(sorted(companies)))
            self._keep(connection, rejects)
        self.companies = companies

    def save(self, state: str | None, rejects: Sequence[str] = ()) -> None:
        """Save a state together with the rejects that came before it: both, or neither.

        Without either it still advances the heartbeat.

        Args:
            state: As the target printed it; None keeps the one there is.
            rejects: Lines of the reject file that are not saved yet.

        Raises:
            LeaseError: Another task has taken the shard over.
        """
        values = {} if state is None else {"state": state, "saved_at": sa.func.now()}
        with self._engine.begin() as connection:
            self._save(connection, **values)
            self._keep(connection, rejects)
        self.state = state or self.state

    def _ours(self) -> sa.ColumnElement[bool]:
        return sa.and_(
            SHARDS.c.copy == self._key.copy,
            SHARDS.c.stream == self._key.stream,
            SHARDS.c.shard == self._key.shard,
        )

    def _held(self) -> sa.Update:
        return sa.update(SHARDS).where(self._ours(), SHARDS.c.holder == self._attempt)

    @staticmethod
    def _beaten(update: sa.Update, **values: object) -> sa.Update:
        return update.values(beat=SHARDS.c.beat + 1, **values)

    def _save(self, connection: sa.Connection, **values: object) -> None:
        if connection.execute(self._beaten(self._held(), **values)).rowcount != 1:
            raise LeaseError(f"{self._key}: another task has taken it over from {self._attempt}")

    def _keep(self, connection: sa.Connection, rejects: Sequence[str]) -> None:
        rows = [
            {
                "copy": self._key.copy,
                "stream": self._key.stream,
                "shard": self._key.shard,
                "attempt": self._attempt,
                "number": self._rejects + n,
                "line": line,
            }
            for n, line in enumerate(rejects, 1)
        ]
        if rows:
            connection.execute(sa.insert(REJECTS), rows)
        self._rejects += len(rows)

    def _row(self) -> tuple[str | None, int]:
        """Read the row, and make it when it is not there."""
        columns = (SHARDS.c.holder, SHARDS.c.beat, SHARDS.c.state, SHARDS.c.companies)
        while True:
            with self._engine.begin() as connection:
                row = connection.execute(sa.select(*columns).where(self._ours())).one_or_none()
            if row is not None:
                self.state = row.state
                self.companies = frozenset(json.loads(row.companies))
                return row.holder, row.beat
            key = {"copy": self._key.copy, "stream": self._key.stream, "shard": self._key.shard}
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(SHARDS).values(**key))
            except sa.exc.IntegrityError:
                pass  # another task made it between the two statements

    def _watch(self, holder: str, beat: int) -> None:
        end = time.monotonic() + self._lease_seconds
        while time.monotonic() < end:
            time.sleep(min(1.0, self._lease_seconds / 10))
            now = self._row()
            if now != (holder, beat):
                raise LeaseError(f"{self._key}: held by {now[0] or holder}, which is at work")
