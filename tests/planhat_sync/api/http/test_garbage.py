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


# In a process of their own: what an earlier test left may become garbage at any time.
UPSERT = """
import contextlib, gc, logging, sys
from planhat_sync.errors import UnknownOutcomeError
from planhat_sync.models import load_models
from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.exchange import Answer, Request
from planhat_sync.api.http.transport import Transport

logging.disable()  # a record that is kept would keep the error
model = load_models()["issues"]
gc.disable()
gc.set_debug(gc.DEBUG_SAVEALL)
item = b'[{"sourceId":"a","title":"a","companyIds":["x"]}]'
for line in sys.stdin:
    url, kind = line.split()
    connection = Connection(api_token="token-a", api_url=url, requests_per_minute=0)
    client = PlanhatClient(Transport(connection))
    gc.collect()
    gc.garbage.clear()
    with contextlib.suppress(UnknownOutcomeError):
        client.bulk_upsert(model, item, repeatable=kind == "keyed")
    gc.collect()
    print([left for left in gc.garbage if isinstance(left, (Answer, Request))], flush=True)
"""


@pytest.fixture(scope="module")
def process():
    """A process that makes a bulk upsert for each line that it reads."""
    command, pipe = [sys.executable, "-c", UPSERT], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as running:
        yield running
        running.stdin.close()


@pytest.fixture
def left_by(process, sandbox):
    """Return what a bulk upsert leaves to the garbage collector: ``left_by("keyed")``."""

    def upsert(kind):
        process.stdin.write(f"{sandbox.url} {kind}\n")
        process.stdin.flush()
        return process.stdout.readline()

    return upsert


@pytest.mark.parametrize(
    "fault", [None, "reset-before", "reset-after", "status", "cut-body", "wrong-length"]
)
def test_what_was_sent_and_answered_is_in_no_cycle(sandbox, left_by, fault):
    if fault:
        sandbox.fault(fault, times=1)
    assert left_by("keyed") == "[]\n"
    assert len(sandbox.requests) == (2 if fault else 1)


@pytest.mark.parametrize("fault", ["reset-after", "status", "cut-body", "wrong-length"])
def test_a_create_whose_answer_is_lost_is_in_no_cycle(sandbox, left_by, fault):
    sandbox.fault(fault, times=1)
    assert left_by("unkeyed") == "[]\n"
    assert len(sandbox.requests) == 1
