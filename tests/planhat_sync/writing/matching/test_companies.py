"""Which company a reference means, over HTTP: what is believed, what it costs, what is unknown."""

from __future__ import annotations

import json
import logging
import threading
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import http

from planhat_sync.errors import AuthenticationError, GaveUpError, Interrupted
from planhat_sync.writing.matching.companies import Companies
from planhat_sync.writing.matching.existing import UNKNOWN

LOGGER = logging.getLogger("companies")
ABSENT = "f" * 24


@pytest.fixture
def companies(sandbox, connect):
    return Companies(connect(sandbox.url, retry_budget_seconds=0), LOGGER)


def insert(sandbox, number):
    tenant = sandbox.tenant("token-a")
    return [
        tenant.insert("companies", {"name": "n", "externalId": f"e{at}", "sourceId": f"s{at}"})[
            "_id"
        ]
        for at in range(number)
    ]


def paths(sandbox):
    return [request.path for request in sandbox.requests]


def test_a_company_is_known_by_each_of_its_names_for_two_requests(sandbox, companies):
    one, two, three = insert(sandbox, 3)
    names = {"extid-e1": two, "srcid-s0": one, "extid-e2": three, three: three, two.upper(): two}
    assert {name: companies.find(name) for name in names} == names
    assert paths(sandbox) == ["/leancompanies", "/companies/extid-e1"]


def test_nothing_is_requested_before_a_company_is(sandbox, companies):
    insert(sandbox, 1)
    assert sandbox.requests == []


@pytest.mark.parametrize("reference", ["extid-x", "srcid-x", ABSENT])
def test_a_company_that_does_not_exist_costs_one_request_once(sandbox, companies, reference):
    insert(sandbox, 2)
    companies.find("extid-e0")
    before = len(sandbox.requests)
    assert [companies.find(reference) for _ in range(3)] == [None] * 3
    # Another kind of name is tried on a company that exists, once.
    assert len(sandbox.requests) == before + 1 + (not reference.startswith("extid-"))


@pytest.mark.parametrize("reference", ["extid-a/b", "extid-a\\b", "extid-50%"])
def test_a_name_that_a_proxy_may_misread_is_not_said_not_to_exist(sandbox, companies, reference):
    insert(sandbox, 2)
    assert companies.find(reference) is UNKNOWN
    one = sandbox.tenant("token-a").insert("companies", {"name": "n", "externalId": "c/d"})["_id"]
    assert companies.find("extid-c/d") == one


def test_a_company_that_the_list_lacks_is_requested_once(sandbox, companies):
    ids = insert(sandbox, 6)
    sandbox.behave(lean_companies="partial")
    found = [companies.find(f"extid-e{at}") for at in (0, 1, 2, 3, 4, 5, 1, 3, 5)]
    assert found == [ids[at] for at in (0, 1, 2, 3, 4, 5, 1, 3, 5)]
    assert len(sandbox.requests) == 2 + 3


@pytest.mark.parametrize("number", [1, 5_000, 10_000])
@pytest.mark.parametrize("lean", ["complete", "absent"])
def test_the_list_costs_as_many_requests_as_promised(sandbox, companies, lean, number):
    ids = insert(sandbox, number)
    sandbox.behave(lean_companies=lean)
    assert companies.find(f"extid-e{number - 1}") == ids[-1]
    assert companies.find("srcid-s0") == ids[0]
    assert len(sandbox.requests) <= ceil(number / 5_000) + 3 + (lean == "absent")


@pytest.mark.parametrize("reference", ["extid-", "srcid-  ", "extid-\u200b"])
def test_a_blank_name_means_no_company_and_costs_nothing(sandbox, companies, reference):
    insert(sandbox, 1)
    companies.find("extid-e0")
    before = len(sandbox.requests)
    assert companies.find(reference) is UNKNOWN
    assert len(sandbox.requests) == before


def test_a_name_that_two_companies_have_means_neither(sandbox, companies):
    insert(sandbox, 1)
    sandbox.tenant("token-a").insert("companies", {"name": "again", "externalId": "e0"})
    assert companies.find("extid-e0") is UNKNOWN
    assert companies.find("srcid-s0") is not UNKNOWN


def test_a_list_that_swaps_names_is_not_used_at_all(sandbox, companies, caplog):
    insert(sandbox, 3)
    sandbox.behave(lean_companies="swapped")
    assert [companies.find(f"extid-e{at}") for at in range(3)] == [UNKNOWN] * 3
    assert companies.find("extid-x") is UNKNOWN
    assert len(sandbox.requests) == 2
    [warning] = caplog.records
    assert "contradicts what Planhat returns for one" in warning.getMessage()


def test_a_list_that_swaps_names_is_noticed_by_an_unknown_one(sandbox, companies):
    insert(sandbox, 3)
    sandbox.behave(lean_companies="swapped")
    assert companies.find("extid-x") is UNKNOWN
    assert companies.find("extid-e0") is UNKNOWN


def insert_wrongly_listed(sandbox, *companies):
    """Insert companies of which the list shows other keys: each is (keys as listed, real keys)."""
    tenant = sandbox.tenant("token-a")
    ids = [tenant.insert("companies", {"name": "n", **listed})["_id"] for listed, _ in companies]

    def correct(request):
        if request.route == "get":
            for identifier, (listed, real) in zip(ids, companies, strict=True):
                tenant.update("companies", identifier, {**dict.fromkeys(listed), **real})

    sandbox.before_each_request.append(correct)
    return ids


def test_a_list_that_swaps_one_of_two_keys_is_noticed_by_the_other(sandbox, companies):
    insert_wrongly_listed(
        sandbox,
        ({"externalId": "e0", "sourceId": "s1"}, {"externalId": "e0", "sourceId": "s0"}),
        ({"externalId": "e1", "sourceId": "s0"}, {"externalId": "e1", "sourceId": "s1"}),
    )
    assert companies.find("extid-e0") is UNKNOWN
    assert companies.find("srcid-s0") is UNKNOWN


@pytest.mark.parametrize("prefixes", [True, False])
def test_a_list_that_gives_a_key_to_a_company_without_one_is_noticed(sandbox, companies, prefixes):
    one, two = insert_wrongly_listed(sandbox, ({"externalId": "e"}, {}), ({}, {"externalId": "e"}))
    sandbox.behave(company_prefixes=prefixes)
    assert companies.find(one) == one
    assert companies.find("extid-e") is UNKNOWN
    assert companies.find(two) is UNKNOWN


def test_a_kind_of_name_is_not_believed_because_another_kind_was_right(sandbox, companies):
    insert_wrongly_listed(
        sandbox,
        ({"externalId": "e0"}, {"externalId": "e0", "sourceId": "s0"}),
        ({"externalId": "e1", "sourceId": "s2"}, {"externalId": "e1"}),
        ({"externalId": "e2"}, {"externalId": "e2", "sourceId": "s2"}),
    )
    assert companies.find("extid-e0") is not UNKNOWN
    assert companies.find("srcid-s2") is UNKNOWN


def test_where_nothing_may_be_read_nothing_is_known_and_one_warning_says_so(
    sandbox, companies, caplog
):
    insert(sandbox, 1)
    sandbox.fault("status", status=403, model="companies")
    references = ["extid-e0", "srcid-s0", "extid-x", ABSENT]
    assert [companies.find(reference) for reference in references * 2] == [UNKNOWN] * 8
    assert paths(sandbox) == ["/leancompanies", "/companies"]
    [warning] = caplog.records
    assert "api_token has no permission for GET /companies (403)" in warning.getMessage()


def test_where_no_single_company_may_be_read_nothing_is_known(sandbox, companies, caplog):
    insert(sandbox, 1)
    sandbox.fault("status", status=403, route="get")
    assert companies.find("extid-e0") is UNKNOWN
    assert companies.find("extid-x") is UNKNOWN
    assert len(caplog.records) == 1


@pytest.mark.parametrize("kind", ["extid-", "srcid-"])
def test_where_names_find_no_single_company_the_list_counts_and_nothing_is_refused(
    sandbox, companies, kind
):
    ids = insert(sandbox, 2)
    sandbox.behave(company_prefixes=False)
    assert companies.find(f"{kind}{kind[0]}1") == ids[1]
    assert companies.find(f"{kind}x") is UNKNOWN
    assert companies.find(ABSENT) is None
    assert companies.find(f"{kind}{kind[0]}0") == ids[0]


def test_a_404_is_not_believed_of_a_kind_of_name_that_no_company_has(sandbox, companies):
    sandbox.tenant("token-a").insert("companies", {"name": "n", "externalId": "e"})
    assert companies.find("extid-x") is None
    assert companies.find("srcid-x") is UNKNOWN


def test_a_tenant_without_companies_refuses_nothing(sandbox, companies):
    assert companies.find("extid-x") is UNKNOWN
    assert companies.find(ABSENT) is UNKNOWN


@pytest.mark.parametrize("reference", ["extid-/../x", "extid-" + "x" * 2000, "Acme"])
def test_a_name_that_planhat_cannot_be_asked_for_is_not_known(sandbox, companies, reference):
    insert(sandbox, 1)
    assert companies.find(reference) is UNKNOWN


@pytest.mark.parametrize(
    "answer",
    [
        {"_id": "b2", "externalId": "other"},
        {"_id": "b2", "externalId": "X"},
        {"_id": "b2", "externalId": None, "sourceId": "x"},
        {"_id": "b2", "externalId": 5},
        {"_id": "b2"},
    ],
)
def test_an_answer_with_another_company_is_not_believed(raw, connect, answer):
    known = {"_id": "b1", "externalId": "e"}
    replies = ([known], known, answer, answer)
    raw.answer_with(*[http(json.dumps(reply).encode()) for reply in replies])
    companies = Companies(connect(raw.url), LOGGER)
    assert companies.find("extid-e") == "b1"
    assert companies.find("extid-x") is UNKNOWN
    assert companies.find("extid-5") is UNKNOWN


def test_the_list_is_read_once_however_many_threads_ask(sandbox, connect):
    ids = insert(sandbox, 8)
    companies = Companies(connect(sandbox.url, width=8), LOGGER)
    found = {}
    start = threading.Barrier(8)

    def ask(at):
        start.wait()
        found[at] = companies.find(f"extid-e{at}")

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[at] for at in range(8)] == ids
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"status": 401}, AuthenticationError), ({"status": 503, "route": "get"}, GaveUpError)],
)
def test_an_outage_says_nothing_about_companies_and_is_asked_about_again(
    sandbox, companies, fault, error
):
    [identifier] = insert(sandbox, 1)
    sandbox.fault("status", times=1, **fault)
    with pytest.raises(error):
        companies.find("extid-e0")
    assert companies.find("extid-e0") == identifier


def test_a_run_that_is_stopped_reads_no_list(sandbox, connect):
    insert(sandbox, 1)
    stop = threading.Event()
    companies = Companies(connect(sandbox.url, stop=stop), LOGGER, stop=stop)
    stop.set()
    with pytest.raises(Interrupted):
        companies.find("extid-e0")


KEYS = st.sampled_from(["a", "b", "c", "A", None])
BEHAVIOURS = {
    "lean_companies": [
        "complete",
        "absent",
        "forbidden",
        "object",
        "without-keys",
        "partial",
        "duplicated",
        "swapped",
        "odd-keys",
    ],
    "company_prefixes": [True, True, False],
}
RIGHT = {"complete", "absent", "forbidden", "object", "without-keys"}


@given(
    rows=st.lists(st.fixed_dictionaries({"externalId": KEYS, "sourceId": KEYS}), max_size=5),
    references=st.lists(
        st.sampled_from([f"{kind}{key}" for kind in ("extid-", "srcid-") for key in "abcAx"])
        | st.integers(0, 5),
        min_size=1,
        max_size=12,
    ),
    behaviours=st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in BEHAVIOURS.items()}
    ),
    unreadable=st.sampled_from([None, None, None, "list", "get"]),
)
def test_no_company_is_mistaken_whatever_the_list_and_the_answers_are_like(
    sandbox, connect, rows, references, behaviours, unreadable
):
    sandbox.reset()
    tenant = sandbox.tenant("token-a")
    ids = [tenant.insert("companies", {"name": "n", **row})["_id"] for row in rows]
    sandbox.behave(**behaviours)
    if unreadable is not None:
        sandbox.fault("status", status=403, route=unreadable)
    companies = Companies(connect(sandbox.url), LOGGER)
    for each in references:
        reference = each if isinstance(each, str) else [*ids, ABSENT][min(each, len(ids))]
        name = {"extid-": "externalId", "srcid-": "sourceId"}.get(reference[:6])
        meant = [
            identifier
            for identifier, row in zip(ids, rows, strict=True)
            if reference == identifier or (name and row[name] == reference[6:])
        ]
        found = companies.find(reference)
        if isinstance(found, str):
            assert found in meant
        elif found is None:
            assert meant == []
        is_right = behaviours["lean_companies"] in RIGHT and unreadable is None
        if is_right and len(meant) == 1:
            assert found == meant[0]
        # A 404 is believed if a company of the list is found by the same kind of name.
        keys = [row[name] for row in rows] if name else ids
        is_one_unique = any(key is not None and keys.count(key) == 1 for key in keys)
        if is_right and not meant and behaviours["company_prefixes"] and is_one_unique:
            assert found is None
