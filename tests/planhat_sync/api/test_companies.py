"""All companies are read once each, from the one list or page by page, in few requests."""

from __future__ import annotations

from math import ceil

import pytest
from raw_server import http

from planhat_sync.api.companies import LEAN_BUDGET_SECONDS, read_companies
from planhat_sync.errors import NotPermittedError, ProtocolError

UNUSABLE = ["forbidden", "refused", "object", "without-keys"]


def insert(sandbox, number):
    tenant = sandbox.tenant("token-a")
    return {
        tenant.insert("companies", {"name": "n", "externalId": f"e{at}"})["_id"]: f"e{at}"
        for at in range(number)
    }


def read(client):
    pages = list(read_companies(client))
    companies = [company for page in pages for company in page]
    keys = {company.identifier: company.external_id for company in companies}
    assert len(keys) == len(companies)
    return keys


@pytest.mark.parametrize("number", [1, 101, 5_000, 10_001])
def test_one_request_reads_all_companies(sandbox, connect, number):
    expected = insert(sandbox, number)
    assert read(connect(sandbox.url)) == expected
    assert [request.path for request in sandbox.requests] == ["/leancompanies"]


@pytest.mark.parametrize(
    ("lean", "number"),
    [(lean, 3) for lean in UNUSABLE]
    + [("complete", 0)]
    + [("absent", number) for number in (0, 1, 4_999, 5_000, 10_001)],
)
def test_without_that_list_the_pages_are_read(sandbox, connect, number, lean):
    expected = insert(sandbox, number)
    sandbox.behave(lean_companies=lean)
    assert read(connect(sandbox.url)) == expected
    first, *others = sandbox.requests
    assert first.path == "/leancompanies"
    assert {request.path for request in others} == {"/companies"}
    assert len(others) <= ceil(number / 5_000) + 2


def test_a_server_that_ignores_select_is_read_nevertheless(sandbox, connect):
    expected = insert(sandbox, 30)
    sandbox.behave(lean_companies="absent", honours_select=False)
    assert read(connect(sandbox.url)) == expected


def test_a_server_that_ignores_sort_is_not_trusted(sandbox, connect):
    insert(sandbox, 30)
    sandbox.behave(lean_companies="absent", honours_sort=False)
    with pytest.raises(ProtocolError):
        read(connect(sandbox.url))


def test_companies_that_may_not_be_read_are_an_error(sandbox, connect):
    sandbox.fault("status", status=403, model="companies")
    with pytest.raises(NotPermittedError):
        read(connect(sandbox.url))
    assert [request.path for request in sandbox.requests] == ["/leancompanies", "/companies"]


@pytest.mark.parametrize(
    "body", [b'{"a": 1}', b"null", b"[1]", b'[{"name": "x"}]', b'[{"_id": 1}]']
)
def test_what_is_not_a_list_of_companies_is_not_requested_twice(raw, connect, body):
    row = b'[{"_id": "b1", "externalId": "e"}]'
    raw.answer_with(http(body), http(row), then=http(row))
    assert read(connect(raw.url)) == {"b1": "e"}
    assert [request.target.partition("?")[0] for request in raw.requests] == [
        "/leancompanies",
        "/companies",
        "/companies",
    ]


def test_an_outage_of_the_one_list_is_awaited_for_a_while_only(raw, connect, clock):
    began = clock.now()
    row = b'[{"_id": "b1", "externalId": "e"}]'

    def answer(sock):
        is_lean = b"/leancompanies" in raw.requests[-1].line
        status = "503 Busy" if is_lean else "200 OK"
        sock.sendall(http(row, status, connection="close"))

    raw.answer_with(then=answer)
    assert read(connect(raw.url)) == {"b1": "e"}
    assert clock.now() - began <= LEAN_BUDGET_SECONDS


def test_keys_of_any_type_are_read_as_they_are(raw, connect):
    rows = b'[{"_id":"a","externalId":7,"sourceId":"s"},{"_id":"b","externalId":{"x":[1]}}]'
    raw.answer_with(http(rows))
    [companies] = read_companies(connect(raw.url))
    found = [(each.identifier, each.external_id, each.source_id) for each in companies]
    assert found == [("a", 7, "s"), ("b", {"x": [1]}, None)]
