"""The companies are read once, and not for a run that is to end."""

from __future__ import annotations

import threading

import pytest

from planhat_sync.errors import AuthenticationError, Interrupted
from planhat_sync.reading.company_names import CompanyNames


def test_a_run_that_is_asked_to_stop_does_not_wait_for_the_companies(sandbox, connect):
    stop = threading.Event()
    names = CompanyNames("externalId", lambda: connect(sandbox.url), stop)
    sandbox.fault("stall", seconds=20)
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Interrupted):
        names.read()


def test_what_could_not_be_read_is_read_the_next_time(sandbox, connect):
    company = sandbox.tenant("token-a").insert("companies", {"name": "n", "externalId": "e"})
    names = CompanyNames("externalId", lambda: connect(sandbox.url), threading.Event())
    sandbox.fault("status", status=401, times=1)
    with pytest.raises(AuthenticationError):
        names.read()
    names.read()
    assert names.of(company["_id"]) == "extid-e"
    assert names.warning is None
