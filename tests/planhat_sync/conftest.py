"""A server that sends given bytes, a clock that does not wait, and clients that use both."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from raw_server import RawServer, raw_server
from virtual_clock import VirtualClock

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.bodies import LARGEST_BODY_BYTES
from planhat_sync.api.http.transport import Transport
from planhat_sync.api.http.wire import Wire
from planhat_sync.models import load_models

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from planhat_sync.runtime.clock import Clock


@pytest.fixture
def raw() -> Iterator[RawServer]:
    """A server on loopback that sends exactly the given bytes."""
    with raw_server() as server:
        yield server


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def connect(clock: VirtualClock) -> Iterator[Callable[..., PlanhatClient]]:
    """Make clients: ``connect(url, width=4, requests_per_minute=0, …)`` on the virtual clock."""
    with contextlib.ExitStack() as open_transports:

        def make(
            url: str,
            *,
            width: int = 1,
            stop: threading.Event | None = None,
            clock: Clock = clock,
            largest_body_bytes: int = LARGEST_BODY_BYTES,
            **settings: object,
        ) -> PlanhatClient:
            config = {"api_token": "token-a", "requests_per_minute": 0, **settings, "api_url": url}
            connection = Connection.from_config(config)
            wire = Wire(connection, width=width, largest_body_bytes=largest_body_bytes)
            transport = Transport(connection, wire=wire, clock=clock, stop=stop)
            return PlanhatClient(open_transports.enter_context(transport))

        yield make


@pytest.fixture(scope="session")
def issues():
    return load_models()["issues"]


@pytest.fixture(scope="session")
def objectives():
    return load_models()["objectives"]
