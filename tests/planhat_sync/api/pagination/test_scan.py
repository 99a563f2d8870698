"""read_pages over HTTP: every record once, and clear errors for what is not a list."""

from __future__ import annotations

import pytest

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.api.pagination.rows import read_pages
from planhat_sync.errors import GaveUpError, ProtocolError
from planhat_sync.models import load_models

MODELS = load_models()


@pytest.fixture
def client(sandbox):
    connection = Connection.from_config(
        {
            "api_token": "token-a",
            "api_url": sandbox.url,
            "requests_per_minute": 0,
            "retry_budget_seconds": 0,
        }
    )
    return PlanhatClient(Transport(connection, width=4))


@pytest.fixture
def tenant(sandbox):
    return sandbox.tenant("token-a")


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("page_size", [1, 7, None])
def test_every_record_comes_once_in_the_order_of_ids(client, tenant, page_size, concurrency):
    ids = [tenant.insert("issues", {"title": str(number)})["_id"] for number in range(50)]
    pages = read_pages(
        client, MODELS["issues"], page_size=page_size, concurrency=concurrency, select=["title"]
    )
    rows = [row for page in pages for row in page]
    assert [row["_id"] for row in rows] == ids
    assert [row["title"] for row in rows] == [str(number) for number in range(50)]


def test_only_what_is_selected_comes_and_the_id_always_does(client, tenant):
    tenant.insert("issues", {"title": "a", "status": "Open"})
    [page] = read_pages(client, MODELS["issues"], select=["status"])
    assert page == [{"_id": page[0]["_id"], "status": "Open"}]


def test_only_records_of_the_given_companies_come(client, tenant):
    company = tenant.insert("companies", {"name": "Acme"})["_id"]
    mine = tenant.insert("objectives", {"name": "a", "companyId": company})["_id"]
    tenant.insert("objectives", {"name": "b"})
    pages = list(read_pages(client, MODELS["objectives"], company_ids=[company]))
    assert [[row["_id"] for row in page] for page in pages] == [[mine]]


def test_an_empty_collection_has_no_pages(client, tenant):
    assert list(read_pages(client, MODELS["issues"])) == []


def test_deletions_during_the_read_lose_nothing(client, tenant, sandbox):
    ids = [tenant.insert("issues", {"title": str(number)})["_id"] for number in range(60)]
    gone = ids[:12]

    def churn(_):
        if len(sandbox.requests) > 2 and gone:
            tenant.delete("issues", gone.pop())

    sandbox.before_each_request.append(churn)
    rows = [row for page in read_pages(client, MODELS["issues"], page_size=5) for row in page]
    alive = {record["_id"] for record in tenant.records("issues")}
    assert alive <= {row["_id"] for row in rows}
    assert len(rows) == len({row["_id"] for row in rows})


@pytest.mark.parametrize("kind", ["empty", "html", "null", "string", "object", "not-json"])
def test_a_body_that_is_not_a_list_is_retried_and_then_an_error(client, tenant, sandbox, kind):
    tenant.insert("issues", {"title": "a"})
    sandbox.fault("body", route="list", kind=kind)
    with pytest.raises(GaveUpError):
        list(read_pages(client, MODELS["issues"]))


def test_a_row_without_an_id_is_an_error_and_never_skipped(client, tenant, sandbox):
    for number in range(4):
        tenant.insert("issues", {"title": str(number)})
    sandbox.fault("rows-without-id", route="list", each=3)
    with pytest.raises(ProtocolError, match="without an _id"):
        list(read_pages(client, MODELS["issues"]))
