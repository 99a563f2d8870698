"""A sandbox whose clock stands, and a warehouse beside it; nothing leaves this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from warehouse import Warehouse

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    """Planhat's clock, which advances when a test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def tick(self, hours: float = 1) -> None:
        self.now += hours * 3600


@pytest.fixture(autouse=True)
def _dlt_is_quiet(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock) -> Iterator[Sandbox]:
    with Sandbox({"token-a": "alpha", "token-b": "beta"}, clock=clock) as running:
        yield running


@pytest.fixture
def tenant(sandbox) -> Any:
    return sandbox.tenant("alpha")


@pytest.fixture
def company(tenant) -> str:
    return tenant.insert("companies", {"name": "Acme"})["_id"]


@pytest.fixture
def warehouse(sandbox, tmp_path) -> Warehouse:
    return Warehouse(sandbox.url, tmp_path)
