"""Each fault, as a client sees it; a test fails if one is missing."""

from __future__ import annotations

import gzip
import json
import time
from email.utils import parsedate_to_datetime

import pytest
from under_way import until

from planhat_sandbox.faults.effects import EFFECTS

ON_THE_WIRE = {}


def on_the_wire(name):
    """Register a check for a fault; it gets the API client and the `_id` of a company."""

    def register(check):
        ON_THE_WIRE.setdefault(name, []).append(check)
        return check

    return register


def fill(api, count=3):
    return [api.tenant.insert("issues", {"title": str(n)})["_id"] for n in range(count)]


def put_one(api, company, title="t"):
    body = json.dumps([{"title": title, "companyIds": [company]}]).encode()
    return api.raw("PUT", "/issues", body)


@on_the_wire("status")
def status_does_not_perform_the_request(api, company):
    api.sandbox.fault("status", status=503, times=1)
    assert put_one(api, company).status == 503
    assert api.tenant.records("issues") == []
    assert put_one(api, company).status == 200


@on_the_wire("status")
def retry_after_can_be_seconds_a_date_or_invalid(api, company):
    for retry_after in ("2", "-5", "soon", "99999999999", "0.5", "dates"):
        api.sandbox.fault("status", status=429, retry_after=retry_after, times=1)
        answer = api.raw()
        assert (answer.status, answer.header("Retry-After")) == (429, retry_after)
    api.sandbox.fault("status", status=429, retry_after="date30", times=1)
    before = time.time()
    at = parsedate_to_datetime(api.raw().header("Retry-After"))
    assert before + 29 <= at.timestamp() <= time.time() + 31
    api.sandbox.fault("status", status=429, times=1)
    assert api.raw().header("Retry-After") is None


@on_the_wire("status")
def status_can_send_html(api, company):
    api.sandbox.fault("status", status=502, body="html", times=1)
    answer = api.raw()
    assert answer.header("Content-Type") == "text/html"
    assert answer.body.startswith(b"<!doctype html>")


@on_the_wire("status-after")
def the_request_is_performed_and_the_response_is_an_error(api, company):
    api.sandbox.fault("status-after", status=500)
    assert put_one(api, company).status == 500
    assert len(api.tenant.records("issues")) == 1


@on_the_wire("rate-limit")
def requests_are_limited_per_second_and_per_minute(api, company):
    fault = api.sandbox.fault("rate-limit", per_second=2, retry_after="1")
    answers = [api.raw(), api.raw()]
    # A busy machine can need more than a second for two requests, so a third may pass.
    while answers[-1].status == 200:
        answers.append(api.raw())
    assert [answer.status for answer in answers[:2]] == [200, 200]
    assert answers[-1].header("Retry-After") == "1"
    time.sleep(1.05)
    assert api.raw().status == 200
    api.sandbox.faults.remove(fault)
    api.sandbox.fault("rate-limit", per_minute=1)
    assert [api.raw().status for _ in range(3)] == [200, 429, 429]


@on_the_wire("reset-before")
def a_reset_before_the_request_is_performed(api, company):
    api.sandbox.fault("reset-before", method="PUT")
    answer = put_one(api, company)
    assert (answer.data, answer.end) == (b"", "reset")
    assert api.tenant.records("issues") == []


@on_the_wire("reset-after")
def a_reset_after_the_request_was_performed(api, company):
    api.sandbox.fault("reset-after", method="PUT")
    answer = put_one(api, company)
    assert (answer.data, answer.end) == (b"", "reset")
    assert len(api.tenant.records("issues")) == 1
    assert api.sandbox.requests[-1].status is None


@on_the_wire("cut-body")
def the_body_ends_early(api, company):
    fill(api)
    complete = api.raw().body
    for framing, header in (("length", "Content-Length"), ("chunked", "Transfer-Encoding")):
        api.sandbox.fault("cut-body", at=0.5, framing=framing, times=1)
        answer = api.raw()
        assert answer.header(header)
        assert answer.end == "closed"
        assert 0 < len(answer.body) < len(complete)
    api.sandbox.fault("cut-body", framing="close", times=1)
    answer = api.raw()
    assert answer.header("Content-Length") is None
    assert answer.body == complete[: len(complete) // 2]
    api.sandbox.fault("cut-body", reset=True, times=1)
    assert api.raw().end == "reset"


@on_the_wire("slow")
def the_request_is_performed_at_once_and_the_response_is_late(api, company):
    api.sandbox.fault("slow", seconds=120)
    body = json.dumps([{"title": "t", "companyIds": [company]}]).encode()
    early = api.raw("PUT", "/issues", body, timeout=1)
    assert (early.data, early.end) == (b"", "open")
    until(lambda: len(api.tenant.records("issues")) == 1)


@on_the_wire("slow-work")
def nothing_is_written_during_the_wait(api, company):
    api.sandbox.fault("slow-work", seconds=30)
    body = json.dumps([{"title": "t", "companyIds": [company]}]).encode()
    early = api.raw("PUT", "/issues", body, timeout=0.2)
    assert (early.data, early.end) == (b"", "open")
    assert api.tenant.records("issues") == []


@on_the_wire("stall")
def the_body_pauses_in_the_middle(api, company):
    fill(api)
    complete = api.raw().body
    fault = api.sandbox.fault("stall", at=0.5, seconds=30)
    answer = api.raw(timeout=3)
    assert answer.end == "open"
    assert answer.body == complete[: len(complete) // 2]
    api.sandbox.faults.remove(fault)
    api.sandbox.fault("stall", at=0.5, seconds=0.1)
    assert api.raw().body == complete


@on_the_wire("wrong-length")
def content_length_is_wrong(api, company):
    fill(api)
    for by in (10, -10):
        api.sandbox.faults.clear()
        api.sandbox.fault("wrong-length", by=by)
        answer = api.raw()
        assert int(answer.header("Content-Length")) == len(answer.body) + by
        assert answer.end == "closed"


@on_the_wire("chunked")
def the_response_is_chunked(api, company):
    fill(api)
    complete = api.get("issues")
    api.sandbox.fault("chunked")
    assert api.get("issues") == complete
    assert api.raw().header("Transfer-Encoding") == "chunked"


@on_the_wire("redirect")
def the_response_is_a_redirect(api, company):
    api.sandbox.fault("redirect", to="http://elsewhere.invalid", status=307)
    answer = api.raw(target="/issues?limit=3")
    assert answer.status == 307
    assert answer.header("Location") == "http://elsewhere.invalid/issues?limit=3"


@on_the_wire("body")
def the_body_is_replaced(api, company):
    fill(api)
    expected = {
        "empty": b"",
        "null": b"null",
        "string": b'""',
        "object": b'{"data":[]}',
        "not-json": b"OK",
    }
    for kind, body in expected.items():
        api.sandbox.fault("body", kind=kind, times=1)
        answer = api.raw()
        assert (answer.status, answer.body) == (200, body)
    api.sandbox.fault("body", kind="html", times=1)
    assert b"<h1>" in api.raw().body
    complete = api.raw().body
    api.sandbox.fault("body", kind="truncated", times=1)
    assert api.raw().body == complete[:-1]
    api.sandbox.fault("body", kind="huge", bytes=1_000_000, times=1)
    assert len(api.raw().body) > 1_000_000


@on_the_wire("refuse-connections")
def connections_are_refused_and_then_accepted_on_the_same_port(api, company):
    url = api.sandbox.url
    api.sandbox.fault("refuse-connections", seconds=3, times=1)
    assert api.raw().data == b""
    until(lambda: api.raw().end == "refused")
    until(lambda: api.raw().end == "closed")
    assert api.sandbox.url == url


@on_the_wire("churn")
def records_are_inserted_updated_and_deleted_before_a_list(api, company):
    before = set(fill(api, 20))
    api.sandbox.fault("churn", route="list", inserts=3, updates=2, deletes=5, times=1)
    after = {row["_id"] for row in api.get("issues")}
    assert len(after - before) == 3
    assert len(before - after) == 5
    actions = [write.action for write in api.tenant.writes[20 + 1 :]]
    assert sorted(set(actions)) == ["create", "delete", "update"]


@on_the_wire("short-page")
def the_page_is_short(api, company):
    identifiers = fill(api, 5)
    api.sandbox.fault("short-page", rows=2, times=1)
    assert [row["_id"] for row in api.get("issues", limit=4)] == identifiers[:2]
    assert len(api.get("issues", limit=4)) == 4


@on_the_wire("repeat-page")
def the_previous_page_is_repeated(api, company):
    identifiers = fill(api, 4)
    api.sandbox.fault("repeat-page", nth=2)
    read = [
        [r["_id"] for r in api.get("issues", limit=2, offset=at, sort="_id")] for at in (0, 2, 2)
    ]
    assert read == [identifiers[:2], identifiers[:2], identifiers[2:]]


@on_the_wire("rows-without-id")
def rows_lack_their_id(api, company):
    fill(api, 4)
    api.sandbox.fault("rows-without-id", each=2)
    assert ["_id" in row for row in api.get("issues")] == [True, False, True, False]


@on_the_wire("behave")
def a_behaviour_is_changed_for_matching_requests_only(api, company):
    fill(api, 5)
    api.sandbox.fault("behave", maximum_limit=2, model="issues", times=1)
    assert len(api.get("issues")) == 2
    assert len(api.get("issues")) == 5


@on_the_wire("apply-late")
def the_request_is_performed_after_the_reset(api, company):
    api.sandbox.fault("apply-late", seconds=3, times=1)
    answer = put_one(api, company)
    assert answer.end == "reset"
    assert api.tenant.records("issues") == []
    api.sandbox.settle()
    assert len(api.tenant.records("issues")) == 1


CASES = [(name, check) for name, checks in ON_THE_WIRE.items() for check in checks]


@pytest.mark.parametrize(("name", "check"), CASES, ids=[f"{n}: {c.__name__}" for n, c in CASES])
def test_each_fault_on_the_wire(api, company, name, check):
    check(api, company)


def test_every_fault_is_tested():
    assert set(ON_THE_WIRE) == set(EFFECTS)


def test_a_compressed_response_can_be_cut(api):
    fill(api, 30)
    api.sandbox.behave(gzip=True)
    packed = {"Accept-Encoding": "gzip"}
    assert len(json.loads(gzip.decompress(api.raw(headers=packed).body))) == 30
    api.sandbox.fault("cut-body", framing="close")
    with pytest.raises(EOFError):
        gzip.decompress(api.raw(headers=packed).body)
