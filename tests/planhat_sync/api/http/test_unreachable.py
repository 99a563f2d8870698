"""An unknown host stops the run at once; a known host that does not answer is retried."""

from __future__ import annotations

import socket

import pytest
from ports import free_port

from planhat_sync import errors


def read(client, model):
    return client.list_page(model, limit=10, offset=0, decode=bytes)


def test_a_host_that_does_not_exist_stops_the_run_at_once(connect, issues, clock):
    with pytest.raises(socket.gaierror) as lookup:
        socket.getaddrinfo("nothing-here.invalid", 443)
    if lookup.value.errno == socket.EAI_AGAIN:
        pytest.skip("this machine has no name server that could say no")
    with pytest.raises(errors.UnreachableError, match=r"no host nothing-here\.invalid.*api_url"):
        read(connect("https://nothing-here.invalid"), issues)
    assert clock.waits == []


def test_a_refused_connection_is_retried_and_then_stops_the_run(connect, issues, clock):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(errors.UnreachableError, match=r"60 s.*refused.*api_url"):
        read(connect(url, retry_budget_seconds=60), issues)
    assert sum(clock.waits) == pytest.approx(60)


def test_a_write_that_was_not_sent_may_be_sent_again_whatever_it_is(raw, connect, issues, clock):
    url = f"http://127.0.0.1:{free_port()}"
    client = connect(url, retry_budget_seconds=20)
    with pytest.raises(errors.UnreachableError):
        client.bulk_upsert(issues, b"[{}]", repeatable=False)
    assert client.transport.requests > 2
