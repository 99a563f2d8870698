"""Every fault of the sandbox, for every kind of request: each is carried out exactly once."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from virtual_clock import VirtualClock

from planhat_sync import errors

FAULTS = {
    "429": ("status", {"status": 429}),
    "429 with Retry-After": ("status", {"status": 429, "retry_after": "3"}),
    "429 with a date": ("status", {"status": 429, "retry_after": "date5"}),
    "429 with nonsense": ("status", {"status": 429, "retry_after": "soon"}),
    "500": ("status", {"status": 500}),
    "502 with a page": ("status", {"status": 502, "body": "html"}),
    "503": ("status", {"status": 503, "retry_after": "1"}),
    "504": ("status", {"status": 504}),
    "500 after the work": ("status-after", {"status": 500}),
    "504 after the work": ("status-after", {"status": 504}),
    "reset before the work": ("reset-before", {}),
    "reset after the work": ("reset-after", {}),
    "body cut": ("cut-body", {}),
    "wrong length": ("wrong-length", {}),
    "empty 200": ("body", {"kind": "empty"}),
    "html 200": ("body", {"kind": "html"}),
    "null 200": ("body", {"kind": "null"}),
    "truncated 200": ("body", {"kind": "truncated"}),
    "no JSON 200": ("body", {"kind": "not-json"}),
}
HARMLESS = {name for name in FAULTS if name.startswith("429")}
COMPANY = "61006bc89a3e0b702ed8ea49"
ITEMS = [{"sourceId": f"s-{n}", "title": f"{n}", "companyIds": [COMPANY]} for n in range(3)]


class Calendar(VirtualClock):
    """A virtual clock whose date is that of the sandbox."""

    def epoch(self):
        return time.time()


@pytest.fixture
def clock():
    return Calendar()


@pytest.fixture(autouse=True)
def _company(sandbox):
    sandbox.tenant("token-a").insert("companies", {"_id": COMPANY, "name": "Tenet"})


@pytest.fixture(params=sorted(FAULTS))
def fault(request, sandbox):
    name, options = FAULTS[request.param]
    sandbox.fault(name, times=2, **options)
    return request.param


def read(client, model):
    return client.list_page(
        model, limit=100, offset=0, decode=msgspec.json.Decoder(list[dict]).decode
    )


def test_a_page_is_complete_in_spite_of(fault, sandbox, connect, issues):
    for item in ITEMS:
        sandbox.tenant("token-a").insert("issues", dict(item))
    client = connect(sandbox.url)
    assert {row["sourceId"] for row in read(client, issues)} == {"s-0", "s-1", "s-2"}
    assert client.transport.requests == 3


def test_keyed_items_are_written_once_in_spite_of(fault, sandbox, connect, issues):
    client = connect(sandbox.url)
    answer = client.bulk_upsert(issues, json.dumps(ITEMS).encode(), repeatable=True)
    assert answer.status == 200
    assert answer.repeated is (fault not in HARMLESS)
    stored = sandbox.tenant("token-a").records("issues")
    assert sorted(record["sourceId"] for record in stored) == ["s-0", "s-1", "s-2"]


def test_a_create_is_never_carried_out_twice_in_spite_of(fault, sandbox, connect, issues):
    client = connect(sandbox.url)
    unkeyed = json.dumps([{"title": "x", "companyIds": [COMPANY]}]).encode()
    if fault in HARMLESS:
        assert client.bulk_upsert(issues, unkeyed, repeatable=False).status == 200
        assert len(sandbox.tenant("token-a").records("issues")) == 1
    else:
        with pytest.raises(errors.UnknownOutcomeError):
            client.bulk_upsert(issues, unkeyed, repeatable=False)
        assert len(sandbox.requests) == 1
        assert len(sandbox.tenant("token-a").records("issues")) <= 1


def test_a_record_is_deleted_and_counted_in_spite_of(fault, sandbox, connect, issues):
    sandbox.faults.clear()
    stored = sandbox.tenant("token-a").insert("issues", {"title": "x"})
    name, options = FAULTS[fault]
    sandbox.fault(name, times=2, **options)
    assert connect(sandbox.url).delete(issues, stored["_id"]) is True
    assert sandbox.tenant("token-a").records("issues") == []


@pytest.mark.parametrize("token", ["token-x", "token-a "])
def test_a_wrong_token_stops_the_run_and_is_not_shown(sandbox, connect, issues, token):
    with pytest.raises(errors.StopError, match="api_token") as stop:
        read(connect(sandbox.url, api_token=token), issues)
    assert "token-" not in str(stop.value)


def test_a_rate_limit_is_respected_once_it_is_met(sandbox, connect, issues):
    sandbox.fault("rate-limit", per_minute=5, retry_after="2")
    client = connect(sandbox.url, retry_budget_seconds=10)
    for _ in range(5):
        assert read(client, issues) == []
    with pytest.raises(errors.GaveUpError, match="429"):
        read(client, issues)  # the sandbox's time does not pass, so the limit never ends
    assert 2 <= client.transport.retries <= 6
