"""The mirror of objectives whose companies are given by name: each is kept in its own company."""

from __future__ import annotations

import logging
import time

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

EXTERNAL_IDS = ["adoption", "renewal"]
FORMS = ["_id", "extid-", "srcid-"]


@pytest.fixture
def tenant(bench):
    return bench.sandbox.tenant("alpha")


@pytest.fixture
def companies(bench):
    return insert_companies(bench)


def insert_companies(bench):
    return [
        bench.company(_id=f"{at + 1:024x}", externalId=f"e{at}", sourceId=f"s{at}")
        for at in range(3)
    ]


def insert(bench, companies, objectives):
    """Insert objectives, each a position in `companies` and an `externalId`."""
    for at, external_id in objectives:
        fields = {"name": "n", "companyId": companies[at], "externalId": external_id, "health": 1}
        bench.sandbox.tenant("alpha").insert("objectives", fields)


def reference(companies, at, form):
    return {"_id": companies[at], "extid-": f"extid-e{at}", "srcid-": f"srcid-s{at}"}[form]


def mirror(bench, companies, came, **config):
    """Run a mirror; `came` has a position in `companies`, an `externalId` and a form for each."""
    version = int(time.time())
    records = []
    for at, external_id, form in came:
        company = reference(companies, at, form)
        fields = {"externalId": external_id, "companyId": company, "name": "n", "health": 9}
        records.append({**bench.record("objectives", **fields), "version": version})
    activate = {"type": "ACTIVATE_VERSION", "stream": "objectives", "version": version}
    settings = {"on_missing": "delete", "missing_scope": {}, "match_on": ["externalId"], **config}
    return bench.run([bench.schema("objectives"), *records, activate], **settings)


def objectives(bench, companies):
    return {
        (companies.index(each["companyId"]), each["externalId"])
        for each in bench.sandbox.tenant("alpha").records("objectives")
    }


def removed(ran):
    return ran.target.run.pipeline.counts.removed.get("objectives")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dry_run", [False, True])
def test_an_external_id_of_another_company_goes(bench, companies, form, dry_run):
    before = [(at, each) for at in range(3) for each in EXTERNAL_IDS]
    insert(bench, companies, before)
    came = [(0, "adoption", form), (1, "adoption", form), (1, "renewal", form)]
    ran = mirror(bench, companies, came, dry_run=dry_run)
    assert (ran.error, removed(ran)) == (None, 3)
    left = {key[:2] for key in came}
    assert objectives(bench, companies) == (set(before) if dry_run else left)


def test_only_the_companies_of_what_would_be_removed_are_asked_for(bench, companies):
    insert(bench, companies, [(at, each) for at in range(3) for each in EXTERNAL_IDS])
    came = [(0, "adoption", "extid-"), (0, "renewal", "extid-"), (1, "adoption", "extid-")]
    ran = mirror(bench, companies, came)
    assert (ran.error, removed(ran)) == (None, 3)
    asked = [each.path for each in bench.sandbox.requests if "companies" in each.path]
    checked = [f"/companies/{companies[at]}" for at in (1, 2)]
    assert asked == ["/leancompanies", "/companies/extid-e0", *checked]


def test_more_uncertain_records_than_may_be_removed_ask_for_no_company(bench, companies, caplog):
    caplog.set_level(logging.INFO, "target-planhat")
    insert(bench, companies, [(0, "adoption"), *((2, f"o{at}") for at in range(6))])
    came = [(0, "adoption", "extid-"), *((1, f"o{at}", "extid-") for at in range(6))]
    ran = mirror(bench, companies, came, dry_run=True)
    assert "the source does not have 6 of the 7 objectives" in str(ran.error)
    line = "would delete 6 records of objectives: o0, o1, o2, o3, o4, o5"
    assert line in caplog.messages
    ran = mirror(bench, companies, came)
    assert "the source does not have 6 of the 13 objectives" in str(ran.error)
    assert f"/companies/{companies[2]}" not in [each.path for each in bench.sandbox.requests]


@pytest.mark.parametrize("route", ["list", "get"])
def test_where_companies_may_not_be_read_an_external_id_is_kept_in_all(bench, companies, route):
    before = {(0, "adoption"), (1, "adoption"), (2, "renewal")}
    insert(bench, companies, before)
    bench.sandbox.behave(lean_companies="forbidden")
    bench.sandbox.fault("status", status=403, model="companies", route=route)
    ran = mirror(bench, companies, [(0, "adoption", "extid-")])
    assert ran.error is None
    assert objectives(bench, companies) == {(0, "adoption"), (1, "adoption")}


def test_a_company_that_gets_another_name_meanwhile_keeps_its_objectives(bench, tenant, companies):
    insert(bench, companies, [(0, "adoption"), (1, "adoption")])

    def rename(request):
        if request.method == "PUT":
            tenant.update("companies", companies[0], {"externalId": "another"})

    bench.sandbox.after_each_request.append(rename)
    ran = mirror(bench, companies, [(0, "adoption", "extid-")])
    assert (ran.error, removed(ran)) == (None, 1)
    assert objectives(bench, companies) == {(0, "adoption")}


KEYS = st.tuples(st.integers(0, 2), st.sampled_from(EXTERNAL_IDS))


@given(
    before=st.frozensets(KEYS),
    came=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(EXTERNAL_IDS), st.sampled_from(FORMS)),
        unique_by=lambda record: record[:2],
        min_size=1,
    ),
    lean=st.sampled_from(
        ["complete", "absent", "without-keys", "partial", "duplicated", "swapped", "odd-keys"]
    ),
    company_prefixes=st.booleans(),
    forbidden=st.sampled_from([None, None, "list", "get"]),
    concurrency=st.sampled_from([1, 3]),
)
def test_what_came_stays_whatever_companies_planhat_lists(
    bench, before, came, lean, company_prefixes, forbidden, concurrency
):
    bench.sandbox.reset()
    companies = insert_companies(bench)
    insert(bench, companies, before)
    bench.sandbox.behave(lean_companies=lean, company_prefixes=company_prefixes)
    if forbidden is not None:
        bench.sandbox.fault("status", status=403, model="companies", route=forbidden)
    ran = mirror(bench, companies, came, concurrency=concurrency, batch_size_rows=1)
    event(f"removed {removed(ran)}")
    assert ran.error is None
    keys = {record[:2] for record in came}
    left = objectives(bench, companies)
    assert keys <= left <= keys | before
    assert {external_id for _, external_id in left} == {external_id for _, external_id in keys}
    if lean == "complete" and forbidden is None:
        assert left == keys
