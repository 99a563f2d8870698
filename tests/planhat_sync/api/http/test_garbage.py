"""An exchange leaves nothing behind that only the garbage collector could release.

Bodies are megabytes: with reference cycles around them the memory of a run would grow, since the
collector counts objects and not bytes.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.models import load_models


class Page:
    """A decoded body whose release can be observed."""


@pytest.fixture
def client(sandbox):
    connection = Connection(api_token="token-a", api_url=sandbox.url, requests_per_minute=0)  # noqa: S106
    return PlanhatClient(Transport(connection))


def test_a_page_is_released_as_soon_as_nothing_refers_to_it(client):
    gone = []

    def decode(_: bytes) -> Page:
        page = Page()
        weakref.finalize(page, gone.append, 1)
        return page

    model = load_models()["issues"]
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            client.list_page(model, limit=2, offset=0, decode=decode)
        assert len(gone) == 3
    finally:
        gc.enable()


# In a process of its own: what an earlier test left may become garbage at any time.
UPSERT = """
import contextlib, gc, logging, sys
from planhat_sync.errors import UnknownOutcomeError
from planhat_sync.models import load_models
from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.exchange import Answer, Request
from planhat_sync.api.http.transport import Transport

logging.disable()  # a record that is kept would keep the error
connection = Connection(api_token="token-a", api_url=sys.argv[1], requests_per_minute=0)
client, model = PlanhatClient(Transport(connection)), load_models()["issues"]
gc.collect()
gc.disable()
gc.set_debug(gc.DEBUG_SAVEALL)
item = b'[{"sourceId":"a","title":"a","companyIds":["x"]}]'
with contextlib.suppress(UnknownOutcomeError):
    client.bulk_upsert(model, item, repeatable=sys.argv[2] == "keyed")
gc.collect()
print([left for left in gc.garbage if isinstance(left, (Answer, Request))])
"""


def left_by(sandbox, kind):
    """Return what a bulk upsert leaves to the garbage collector, in a process of its own."""
    command = [sys.executable, "-c", UPSERT, sandbox.url, kind]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    "fault", [None, "reset-before", "reset-after", "status", "cut-body", "wrong-length"]
)
def test_what_was_sent_and_answered_is_in_no_cycle(sandbox, fault):
    if fault:
        sandbox.fault(fault, times=1)
    assert left_by(sandbox, "keyed") == "[]\n"
    assert len(sandbox.requests) == (2 if fault else 1)


@pytest.mark.parametrize("fault", ["reset-after", "status", "cut-body", "wrong-length"])
def test_a_create_whose_answer_is_lost_is_in_no_cycle(sandbox, fault):
    sandbox.fault(fault, times=1)
    assert left_by(sandbox, "unkeyed") == "[]\n"
    assert len(sandbox.requests) == 1
