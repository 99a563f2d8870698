"""A PostgreSQL server for as long as a test process takes: its fixtures, for any conftest."""

from __future__ import annotations

import csv
import io
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ports import free_port

__all__ = ["Postgres", "postgres", "postgres_server"]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database of a server that listens on loopback."""

    binaries: Path
    port: int
    password: str
    database: str = "postgres"

    @property
    def config(self) -> dict[str, object]:
        """Settings of tap-postgres and target-postgres, which use the same names."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "planhat",
            "password": self.password,
            "database": self.database,
        }

    @property
    def environment(self) -> dict[str, str]:
        """Names this database for psql and everything else built on libpq."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "planhat",
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
        }

    def run(self, sql: str) -> list[list[str]]:
        """Run SQL with psql and return rows of text."""
        done = subprocess.run(
            [
                *(self.binaries / "psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only"),
                *("-v", "ON_ERROR_STOP=1", "-f", "-"),
            ],
            input=sql,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(csv.reader(io.StringIO(done.stdout)))

    def new_database(self) -> Postgres:
        """Make an empty database, so that tests do not see each other."""
        name = f"d{secrets.token_hex(6)}"
        self.run(f"create database {name}")
        return Postgres(self.binaries, self.port, self.password, name)


def _binaries() -> Path | None:
    """Where initdb is: Debian keeps it out of PATH, one directory for each version."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda d: float(d.parent.name))
    on_path = [Path(found).parent for found in [shutil.which("initdb")] if found]
    for directory in [*reversed(newest), *on_path]:
        if (directory / "initdb").exists() and (directory / "psql").exists():
            return directory
    return None


def _unprivileged() -> dict[str, object]:
    """Whom to start the server as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


def _answers(binaries: Path, port: int, server: subprocess.Popen) -> bool:
    """Wait until the server accepts connections; return False if it has ended instead."""
    # A socket that is open is not enough: on a busy machine the server is still starting up.
    probe = [binaries / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        if subprocess.run(probe, check=False, timeout=60).returncode == 0:
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _server(home: Path, binaries: Path, account: dict[str, object]):
    data, log = home / "data", home / "log"
    password = secrets.token_urlsafe(12)
    (home / "password").write_text(password)
    if account:
        for path in (home, home / "password"):
            os.chown(path, account["user"], account["group"])
    subprocess.run(
        [
            *(binaries / "initdb", "--pgdata", data, "--username", "planhat", "--no-sync"),
            *("--auth", "scram-sha-256", "--pwfile", home / "password"),
            *("--encoding", "UTF8", "--locale", "C"),
        ],
        check=True,
        capture_output=True,
        timeout=120,
        cwd=home,
        **account,
    )
    # A test run that is killed takes its server with it.
    leash = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    for _attempt in range(5):  # another program may take the port between the check and the start
        port = free_port()
        with log.open("wb") as output:
            server = subprocess.Popen(
                [
                    *leash,
                    *(binaries / "postgres", "-D", data, "-p", str(port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                    *("-c", "fsync=off", "-c", "synchronous_commit=off"),
                    *("-c", "full_page_writes=off", "-c", "timezone=UTC"),
                ],
                stdout=output,
                stderr=output,
                cwd=home,
                **account,
            )
        try:
            if _answers(binaries, port, server):
                yield Postgres(binaries, port, password)
                return
        finally:
            server.send_signal(signal.SIGINT)  # close connections, then end
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server of this test process; its cluster is gone afterwards."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    account = _unprivileged()
    # Not pytest's own directory: that one is closed to every user but ours.
    home = Path(tempfile.mkdtemp(prefix="planhat-postgres-"))
    try:
        with _server(home, binaries, account) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server) -> Postgres:
    """An empty database."""
    return postgres_server.new_database()
