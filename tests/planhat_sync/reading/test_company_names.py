"""The companies are read once, and not for a run that is to end."""

from __future__ import annotations

import threading
import time

import pytest

from planhat_sync.errors import AuthenticationError, Interrupted
from planhat_sync.reading.company_names import CompanyNames

ANSWERED_AFTER = 50
"""Seconds; less than the timeout of a request."""


def test_a_run_that_is_asked_to_stop_does_not_wait_for_the_companies(sandbox, connect):
    stop = threading.Event()
    names = CompanyNames("externalId", lambda: connect(sandbox.url), stop)
    sandbox.fault("slow", seconds=ANSWERED_AFTER)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        names.read()
    assert time.monotonic() - began < ANSWERED_AFTER, "it waited for the answer"


def test_what_could_not_be_read_is_read_the_next_time(sandbox, connect):
    company = sandbox.tenant("token-a").insert("companies", {"name": "n", "externalId": "e"})
    names = CompanyNames("externalId", lambda: connect(sandbox.url), threading.Event())
    sandbox.fault("status", status=401, times=1)
    with pytest.raises(AuthenticationError):
        names.read()
    names.read()
    assert names.of(company["_id"]) == "extid-e"
    assert names.warning is None
