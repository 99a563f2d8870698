"""How many requests a read costs, by the sandbox's own log."""

from __future__ import annotations

import math
import random
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from under_way import wait_for_pages

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = [0, 1, 100, 2_000, 2_001, 14_000, pytest.param(60_000, marks=pytest.mark.slow)]
STREAMS = {"issues": {"title": "t"}, "objectives": {"name": "n"}}
CONCURRENCY = 4
PAGE = 2_000
HARDLY_ANY = 1
"""Up to so many rows, a short answer does not show that it is complete."""


@pytest.fixture(scope="module")
def planhat() -> Iterator[Sandbox]:
    """A sandbox whose clock moves by a second whenever it is read."""
    seconds = count(1_700_000_000)
    with Sandbox({"token-a": "alpha"}, clock=lambda: float(next(seconds))) as sandbox:
        yield sandbox


@pytest.fixture(scope="module", params=SIZES)
def size(request, planhat) -> int:
    """How many records of each stream there are; no test of this module may change them."""
    planhat.reset()
    tenant = planhat.tenant("token-a")
    for stream, fields in STREAMS.items():
        for _ in range(request.param):
            tenant.insert(stream, fields)
    return request.param


@pytest.fixture
def cost(planhat, read) -> Callable[..., tuple[int, Any]]:
    """``cost(catalog, state)``: how many requests one run costs, and what it printed."""

    def run(catalog, state=None, **more):
        config = {"api_token": "token-a", "api_url": planhat.url, "requests_per_minute": 0}
        wait_for_pages()
        before = len(planhat.requests)
        output = read({**config, **more}, catalog=catalog, state=state)
        wait_for_pages()
        return len(planhat.requests) - before, output

    return run


def in_full(catalog):
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["replication-method"] = "FULL_TABLE"
    return catalog


def allowed(size: int) -> int:
    """The requests of a quiet full read."""
    return math.ceil(size / PAGE) + 3


@pytest.mark.parametrize("stream", STREAMS)
def test_a_quiet_full_read_costs_its_pages_and_three_requests(size, cost, select, stream):
    catalog = in_full(select(**{stream: None}))
    first, output = cost(catalog)
    assert first <= allowed(size) + CONCURRENCY - 1
    assert len(set(output.ids(stream))) == len(output.ids(stream)) == size
    requests, again = cost(catalog, output.state)
    assert requests <= allowed(size)
    assert again.ids(stream) == output.ids(stream)


def test_a_quiet_incremental_run_costs_one_request(size, cost, select):
    catalog = select(issues=None)
    first, output = cost(catalog)
    assert first <= allowed(size) + CONCURRENCY - 1
    assert len(output.ids("issues")) == size
    requests, again = cost(catalog, output.state)
    assert requests <= (3 if size <= HARDLY_ANY else 1)
    assert len(again.ids("issues")) <= min(size, 61)  # those of the lookback
    third, _ = cost(catalog, again.state)
    assert third == requests


def test_a_full_read_after_incremental_ones_remembers_the_length(size, cost, select):
    catalog = select(issues=None)
    state = cost(catalog, cost(catalog)[1].state)[1].state
    requests, output = cost(in_full(catalog), state)
    assert requests <= allowed(size)
    assert len(output.ids("issues")) == size


class Churn:
    """Deletes, creates and updates some records before each request."""

    def __init__(self, sandbox: Sandbox, stream: str, each: int) -> None:
        self.tenant = sandbox.tenant("token-a")
        self.stream = stream
        self.each = each
        self.chance = random.Random(stream)
        self.ids = [record["_id"] for record in self.tenant.records(stream)]
        self.deleted: set[str] = set()

    def __call__(self, _: object) -> None:
        for _each in range(min(self.each, len(self.ids) // 2)):
            gone = self.ids.pop(self.chance.randrange(len(self.ids)))
            self.tenant.delete(self.stream, gone)
            self.deleted.add(gone)
            self.tenant.insert(self.stream, STREAMS[self.stream])
            self.tenant.update(self.stream, self.chance.choice(self.ids), {"custom": {"a": 1}})


@pytest.mark.parametrize("number", SIZES)
def test_a_full_read_of_what_changes_costs_wider_overlaps_and_a_few_pages_ahead(
    planhat, cost, select, number
):
    """20 records are deleted, created and updated before each request: 1 % of 60,000 in all."""
    planhat.reset()
    tenant, stream = planhat.tenant("token-a"), "objectives"
    for _ in range(number):
        tenant.insert(stream, STREAMS[stream])
    catalog = select(objectives=None)
    state = cost(catalog)[1].state
    churn = Churn(planhat, stream, each=20)
    before = set(churn.ids)
    planhat.before_each_request.append(churn)
    requests, output = cost(catalog, state)
    planhat.before_each_request.clear()
    emitted = output.ids(stream)
    assert before - churn.deleted <= set(emitted)
    assert len(emitted) == len(set(emitted))
    assert requests <= 1.2 * allowed(number) + 2 * CONCURRENCY


@pytest.mark.parametrize("length", [0, 1, 150, 299, 301, 5_000, 10**12, -1, "300", None, True])
def test_a_length_of_the_state_that_is_wrong_costs_requests_and_no_row(
    planhat, cost, select, length
):
    planhat.reset()
    tenant = planhat.tenant("token-a")
    wanted = {tenant.insert("objectives", {"name": "n"})["_id"] for _ in range(300)}
    state = {"bookmarks": {"objectives": {"rows": length}}}
    requests, output = cost(select(objectives=None), state, page_size=30)
    assert sorted(output.ids("objectives")) == sorted(wanted)
    assert output.state["bookmarks"]["objectives"]["rows"] == 300
    assert requests <= 1 + math.ceil(299 / 29) + CONCURRENCY - 1


def test_the_length_is_that_of_the_companies_that_were_read(planhat, cost, select):
    planhat.reset()
    tenant = planhat.tenant("token-a")
    companies = [tenant.insert("companies", {"name": "c"})["_id"] for _ in range(2)]
    for company in companies:
        for _ in range(100):
            tenant.insert("objectives", {"name": "n", "companyId": company})
    catalog, few = select(objectives=None), {"page_size": 10, "company_ids": companies[:1]}
    state = cost(catalog, page_size=10)[1].state
    assert state["bookmarks"]["objectives"]["rows"] == 200
    _, output = cost(catalog, state, **few)
    assert output.state["bookmarks"]["objectives"]["rows"] == len(output.ids("objectives")) == 100
    requests, _ = cost(catalog, output.state, **few)
    assert requests <= 1 + math.ceil(99 / 9)
