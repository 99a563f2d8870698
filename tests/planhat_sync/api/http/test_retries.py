"""How long a request is retried, and how many requests that takes, as the server sees it."""

from __future__ import annotations

import json
import threading
import time
from email.utils import formatdate

import msgspec
import pytest
from raw_server import http
from virtual_clock import VirtualClock

from planhat_sync import errors
from planhat_sync.runtime.clock import Clock

ITEMS = b'[{"sourceId":"a"}]'
OK = http(b"{}")


def read(client, model):
    return client.list_page(model, limit=10, offset=0, decode=msgspec.json.decode)


@pytest.mark.parametrize("random", [0.01, 0.5, 0.999])
def test_retries_of_a_persistent_503_end_with_the_budget(raw, connect, issues, random):
    raw.answer_with(then=http(b"", "503 X"))
    clock = VirtualClock(random)
    began = clock.now()
    with pytest.raises(errors.GaveUpError, match=r"503.*try again later"):
        read(connect(raw.url, clock=clock, retry_budget_seconds=120), issues)
    assert clock.now() - began == pytest.approx(120)


def test_a_persistent_503_causes_few_requests(sandbox, connect, issues):
    sandbox.fault("status", status=503)
    client = connect(sandbox.url, retry_budget_seconds=300)
    with pytest.raises(errors.GaveUpError):
        read(client, issues)
    # 0.25 + 0.5 + 1 + 2 + 4 + 8 + n x 15 seconds on average
    assert len(sandbox.requests) == client.transport.requests <= 30
    assert client.transport.retries == client.transport.requests - 1


def test_the_budget_holds_on_a_real_clock(sandbox, connect, issues):
    sandbox.fault("status", status=503)
    began = time.monotonic()
    with pytest.raises(errors.GaveUpError):
        read(connect(sandbox.url, clock=Clock(), retry_budget_seconds=1), issues)
    assert 0.9 <= time.monotonic() - began < 30


def test_retry_after_in_seconds_is_obeyed(raw, connect, issues, clock):
    raw.answer_with(http(b"", "429 X", retry_after="17"), http(b"[]"))
    read(connect(raw.url), issues)
    assert clock.now() - 1000 >= 17


def test_retry_after_as_a_date_is_obeyed(raw, connect, issues, clock):
    at = formatdate(clock.epoch() + 40, usegmt=True)
    raw.answer_with(http(b"", "503 X", retry_after=at), http(b"[]"))
    read(connect(raw.url), issues)
    assert 39 <= clock.now() - 1000 <= 42


@pytest.mark.parametrize(
    "absurd", ["99999999999999999999", "86400", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_an_absurd_retry_after_takes_no_more_than_the_budget(raw, connect, issues, clock, absurd):
    raw.answer_with(http(b"", "503 X", retry_after=absurd), http(b"[]"))
    assert read(connect(raw.url, retry_budget_seconds=60), issues) == []
    assert clock.now() - 1000 == pytest.approx(60)


def test_a_429_holds_all_threads_back(raw, connect, issues):
    class Meanwhile(VirtualClock):
        """While the first request waits, a second one is sent."""

        def wait(self, stop, seconds):
            if seconds > 0 and not self.waits:
                self.waits.append(seconds)
                read(client, issues)
                return False
            return super().wait(stop, seconds)

    clock = Meanwhile()
    raw.answer_with(http(b"", "429 X", retry_after="30"), then=http(b"[]"))
    client = connect(raw.url, clock=clock)
    read(client, issues)
    assert len(raw.requests) == 3
    assert clock.waits[0] >= 30
    assert clock.waits[1] >= 30


def test_a_503_holds_no_other_request_back(raw, connect, issues, clock):
    raw.answer_with(http(b"", "503 X", retry_after="30"), then=http(b"[]"))
    client = connect(raw.url, requests_per_minute=1)
    read(client, issues)
    assert clock.now() - 1000 == pytest.approx(60)  # the pace alone


def test_after_a_timeout_a_bulk_upsert_waits_as_long_as_the_first_one_ran(raw, connect, issues):
    class Stopwatch(VirtualClock):
        """Real time while requests run, virtual time while they wait."""

        def now(self):
            return time.monotonic() + sum(self.waits)

    clock = Stopwatch(random=0.0)
    hang = threading.Event()
    raw.answer_with(lambda _: hang.wait(60), OK)
    began = time.monotonic()
    client = connect(raw.url, clock=clock, request_timeout_seconds=1)
    answer = client.bulk_upsert(issues, ITEMS, repeatable=True)
    hang.set()
    ran = time.monotonic() - began
    assert answer.repeated
    assert ran >= 5  # a bulk upsert is given five times the timeout
    assert clock.waits[0] >= 5


def test_a_request_that_was_not_sent_needs_no_time_to_settle(connect, issues, clock):
    client = connect("http://127.0.0.1:1", retry_budget_seconds=20)
    with pytest.raises(errors.UnreachableError, match="refused"):
        client.bulk_upsert(issues, ITEMS, repeatable=False)
    assert clock.now() - 1000 == pytest.approx(20)


def test_a_server_that_comes_back_is_used_again(sandbox, connect, issues):
    client = connect(sandbox.url, clock=Clock(), retry_budget_seconds=30)
    read(client, issues)
    sandbox.refuse_connections(0.7)
    assert read(client, issues) == []
    assert client.transport.retries >= 1


def test_stop_ends_a_backoff_at_once(raw, connect, issues):
    raw.answer_with(then=http(b"", "503 X", retry_after="60"))
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(errors.Interrupted):
        read(connect(raw.url, stop=stop, clock=Clock()), issues)
    assert time.monotonic() - began < 30
    assert len(raw.requests) == 1


def test_stop_ends_pacing_at_once(raw, connect, issues):
    raw.answer_with(then=http(b"[]"))
    stop = threading.Event()
    client = connect(raw.url, stop=stop, clock=Clock(), requests_per_minute=1)
    read(client, issues)
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(errors.Interrupted):
        read(client, issues)
    assert time.monotonic() - began < 30
    assert len(raw.requests) == 1


def test_nothing_is_sent_once_the_run_is_asked_to_stop(raw, connect, issues):
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.Interrupted):
        read(connect(raw.url, stop=stop), issues)
    assert raw.requests == []


def test_every_attempt_counts_against_the_pace(raw, connect, issues, clock):
    raw.answer_with(then=http(b"[]"))
    client = connect(raw.url, requests_per_minute=60)
    for _ in range(75):
        read(client, issues)
    assert clock.now() - 1000 == pytest.approx(60)


def test_many_threads_keep_one_pace_and_all_get_their_answers(sandbox, connect, issues):
    for n in range(20):
        sandbox.tenant("token-a").insert("issues", {"title": f"{n}", "sourceId": f"{n}"})
    sandbox.fault("status", status=503, every=3)
    client = connect(sandbox.url, width=8, retry_budget_seconds=300)
    pages: list = []

    def read_row(offset: int) -> None:
        pages.append(
            client.list_page(issues, limit=1, offset=offset, sort="_id", decode=json.loads)
        )

    threads = [threading.Thread(target=read_row, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(page[0]["sourceId"]) for page in pages) == list(range(20))
    assert client.transport.requests == len(sandbox.requests)
