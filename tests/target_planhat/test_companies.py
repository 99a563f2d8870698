"""A company by any name is the same company: for matching, comparing, deleting and a dry run."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

EXTERNAL_IDS = ["o1", "o2"]
FORMS = ["_id", "extid", "srcid"]


def insert_companies(bench, number=3):
    return [
        bench.company(_id=f"{at + 1:024x}", externalId=f"e{at}", sourceId=f"s{at}")
        for at in range(number)
    ]


def names_of(identifier, at):
    return {"_id": identifier, "extid": f"extid-e{at}", "srcid": f"srcid-s{at}"}


def insert_objective(bench, company, external_id="o1", **more):
    fields = {"name": "n", "companyId": company, "externalId": external_id, "health": 1, **more}
    return bench.sandbox.tenant("alpha").insert("objectives", fields)["_id"]


def objectives(bench):
    return {
        (record["companyId"], record.get("externalId")): record.get("health")
        for record in bench.sandbox.tenant("alpha").records("objectives")
    }


def sent(bench):
    return [
        item
        for request in bench.sandbox.requests
        if request.method == "PUT"
        for item in json.loads(request.body)
    ]


def company_requests(bench):
    paths = [request.path for request in bench.sandbox.requests]
    return [path for path in paths if "companies" in path]


def health_of(bench, number):
    """Objectives of as many companies, and the rows of a warehouse with a new health for each."""
    for company in insert_companies(bench, number):
        insert_objective(bench, company)
    return [
        bench.record("objectives", externalId="o1", companyId=f"extid-e{at}", health=at)
        for at in range(number)
    ]


@pytest.mark.parametrize("number", [3, 40])
def test_every_health_is_written_by_external_id_and_nothing_is_created(bench, number, caplog):
    caplog.set_level(logging.INFO)
    rows = health_of(bench, number)
    messages = [bench.schema("objectives"), *rows]
    settings = {"write_mode": "update", "match_on": ["externalId"], "skip_unchanged": True}
    predicted = bench.run(messages, dry_run=True, **settings)
    # The health of the second one is as it was.
    assert predicted.counts["objectives"]["updated"] == number - 1
    assert sent(bench) == []
    assert "health: 1 -> 0" in caplog.text
    assert "companyId" not in caplog.text
    ran = bench.run(messages, **settings)
    assert ran.error is None
    assert (ran.counts["objectives"]["updated"], ran.counts["objectives"]["unchanged"]) == (
        number - 1,
        1,
    )
    assert list(objectives(bench).values()) == list(range(number))
    assert all("_id" in item for item in sent(bench))
    again = bench.run(messages, **settings)
    assert again.counts["objectives"]["unchanged"] == number


def test_what_is_written_by_name_is_known_without_reading_the_list_of_objectives_again(bench):
    [company] = insert_companies(bench, 1)
    names = [f"o{at}" for at in range(12)]
    for name in names:
        insert_objective(bench, company, name)
    rows = [
        bench.record("objectives", externalId=name, companyId="extid-e0", health=health)
        for health in (2, 3, 3)
        for name in names
    ]
    settings = {"skip_unchanged": True, "batch_size_rows": len(names)}
    ran = bench.run([bench.schema("objectives"), *rows], **settings)
    assert (ran.counts["objectives"]["updated"], ran.counts["objectives"]["unchanged"]) == (24, 12)
    lists = [each for each in bench.sandbox.requests if each.method == "GET"]
    # The newest objective and one page, and so for companies: the list and one of them.
    assert len(lists) == 2 + 2


@pytest.mark.parametrize("padding", [0, 20])
def test_the_same_companies_by_other_names_do_not_differ(bench, padding, caplog):
    companies = insert_companies(bench)
    tenant = bench.sandbox.tenant("alpha")
    rows = []
    for at in range(1 + padding):
        fields = {"title": "t", "sourceId": f"i{at}"}
        tenant.insert("issues", {**fields, "companyIds": companies})
        names = ["extid-e0", companies[1], "srcid-s2"]
        rows.append(bench.record(**fields, companyIds=names))
    messages = [bench.schema(), *rows, bench.record(sourceId="i0", companyIds=["extid-e1"])]
    caplog.set_level(logging.INFO)
    predicted = bench.run(messages, dry_run=True)
    assert predicted.counts["issues"]["unchanged"] == len(rows)
    assert "extid-e1" in caplog.text
    ran = bench.run(messages, skip_unchanged=True)
    assert ran.counts["issues"]["unchanged"] == len(rows)
    # It is sent with the name that it came with.
    assert sent(bench) == [{"sourceId": "i0", "companyIds": ["extid-e1"]}]


@pytest.mark.parametrize(
    "settings",
    [{"skip_unchanged": True}, {"dry_run": True}, {"write_mode": "create"}],
    ids=lambda settings: next(iter(settings)),
)
@pytest.mark.parametrize("company", ["extid-secret", "srcid-secret"])
def test_an_unknown_company_is_a_reject_before_anything_is_sent(bench, settings, company, caplog):
    [known] = insert_companies(bench, 1)
    records = [
        bench.record(sourceId="good", title="t", companyIds=["extid-e0"]),
        bench.record(sourceId="bad", title="t", companyIds=[known, company]),
        bench.record(sourceId="also bad", title="t", companyIds=[company]),
        bench.record(title="without a key", companyIds=[company]),
    ]
    ran = bench.run(
        [bench.schema(), *records], on_reject="continue", missing_key="create", **settings
    )
    counts = ran.counts["issues"]
    assert (counts["created"], counts["rejected"]) == (1, 3)
    assert [item["sourceId"] for item in sent(bench)] == ["good"] * ("dry_run" not in settings)
    assert company_requests(bench).count(f"/companies/{company}") == 1
    assert "unknown_company" in caplog.text
    assert "secret" not in caplog.text
    if "dry_run" not in settings:
        assert ran.reject_codes == dict.fromkeys([3, 4, 5], "unknown_company")
        assert {line["reject"]["property"] for line in ran.rejects} == {"companyIds"}


def test_a_dry_run_also_checks_companies_by_their_id(bench):
    [known] = insert_companies(bench, 1)
    unknown = known[:-1] + "f"
    records = [
        bench.record(sourceId=company, title="t", companyIds=[company])
        for company in (known, unknown)
    ]
    messages = [bench.schema(), *records]
    ran = bench.run(messages, dry_run=True, on_reject="continue")
    assert (ran.counts["issues"]["created"], ran.counts["issues"]["rejected"]) == (1, 1)
    bench.sandbox.faults.clear()
    before = len(company_requests(bench))
    bench.run(messages, skip_unchanged=True, on_reject="continue")
    assert len(company_requests(bench)) == before


@pytest.mark.parametrize("write_mode", ["upsert", "update", "create"])
def test_an_objective_of_an_unknown_company_is_rejected_in_every_mode(bench, write_mode):
    insert_objective(bench, insert_companies(bench)[0])
    row = bench.record("objectives", externalId="o1", companyId="extid-x", name="n", health=5)
    ran = bench.run([bench.schema("objectives"), row], write_mode=write_mode, on_reject="continue")
    assert ran.reject_codes == {2: "unknown_company"}
    assert sent(bench) == []


def test_a_run_that_fails_looks_up_no_more_unknown_companies(bench):
    insert_companies(bench, 1)
    rows = [
        bench.record(sourceId=f"i{at}", title="t", companyIds=[f"extid-x{at}"]) for at in range(50)
    ]
    settings = {"write_mode": "create", "on_reject": "continue", "max_rejects": 3}
    ran = bench.run([bench.schema(), *rows], **settings)
    assert "4 records were rejected, more than max_rejects (3) allows" in str(ran.error)
    unknown = [path for path in company_requests(bench) if path.startswith("/companies/extid-x")]
    assert len(unknown) == 4
    assert ran.counts["issues"]["rejected"] == 4


def test_an_upsert_asks_for_companies_only_if_an_external_id_depends_on_them(bench):
    insert_companies(bench)
    issue = bench.record(sourceId="i", title="t", companyIds=["extid-e0"])
    by_source = bench.record("objectives", sourceId="s", name="n", companyId="extid-e0")
    by_id = bench.record("objectives", externalId="o1", name="n", companyId="extid-e0")
    both = [bench.schema(), bench.schema("objectives")]
    bench.run([*both, issue, by_source])
    assert company_requests(bench) == []
    ran = bench.run([*both, issue, by_id, by_source])
    assert ran.error is None
    assert company_requests(bench) == ["/leancompanies", "/companies/extid-e0"]
    assert sent(bench)[-1]["companyId"] == "extid-e0"


def test_archives_alone_ask_for_no_company(bench):
    company = insert_companies(bench)[0]
    for at in range(8):  # more than are looked up one by one, so that the list of issues is read
        issue = {"sourceId": f"s{at}", "title": "t", "companyIds": [company]}
        bench.sandbox.tenant("alpha").insert("issues", issue)
    gone = [bench.record(sourceId=f"s{at}", _sdc_deleted_at="2026-01-01") for at in range(8)]
    new = bench.record(sourceId="new", title="t", companyIds=["extid-e0"])
    ran = bench.run([bench.schema(), *gone, new], deletes="archive")
    assert (ran.error, ran.counts["issues"]["updated"]) == (None, 8)
    assert company_requests(bench) == []


def test_all_models_of_a_run_share_the_list(bench):
    insert_companies(bench)
    issue = bench.record(sourceId="i", title="t", companyIds=["extid-e0"])
    objective = bench.record("objectives", sourceId="s", name="n", companyId="extid-e1")
    both = [bench.schema(), bench.schema("objectives")]
    ran = bench.run([*both, issue, objective], skip_unchanged=True, concurrency=4)
    assert ran.error is None
    assert len(company_requests(bench)) == 2


def test_where_no_company_may_be_read_records_are_written_as_before(bench, caplog):
    company = insert_companies(bench)[0]
    insert_objective(bench, company)
    bench.sandbox.fault("status", status=403, model="companies")
    row = bench.record("objectives", externalId="o1", companyId="extid-e0", health=7, name="n")
    issue = bench.record(sourceId="i", title="t", companyIds=["extid-e0"])
    messages = [bench.schema("objectives"), bench.schema(), row, issue]
    ran = bench.run(messages, skip_unchanged=True, on_reject="continue")
    assert ran.rejects == []
    assert objectives(bench) == {(company, "o1"): 7}
    assert caplog.text.count("compared as text") == 1
    ran = bench.run(messages, write_mode="update", on_reject="continue")
    assert ran.reject_codes == {3: "ambiguous_key"}
    assert ran.rejects[0]["reject"]["message"] == (
        "cannot tell whether this objective exists, because its company is given as extid-…; "
        "send _id, sourceId, or the company's _id"
    )


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_objective_is_deleted_by_any_name_of_its_company(bench, dry_run):
    one, two, _ = insert_companies(bench)
    for company in (one, two):
        insert_objective(bench, company)
    rows = [
        bench.record("objectives", externalId="o1", companyId=company, _sdc_deleted_at="2026-01-01")
        for company in ("srcid-s1", "extid-e2", "extid-x")
    ]
    settings = {"deletes": "delete", "dry_run": dry_run}
    ran = bench.run([bench.schema("objectives"), *rows], **settings)
    assert ran.error is None
    counts = ran.counts["objectives"]
    assert (counts["deleted"], counts["skipped"]) == (1, 2)
    assert set(objectives(bench)) == {(one, "o1")} | ({(two, "o1")} if dry_run else set())


RECORDS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(EXTERNAL_IDS),
        st.sampled_from(FORMS),
        st.integers(1, 3),
        st.booleans(),
    ),
    unique_by=lambda record: record[:2],
    min_size=1,
    max_size=6,
)
SETTINGS = st.fixed_dictionaries(
    {
        "write_mode": st.sampled_from(["upsert", "update", "create"]),
        "skip_unchanged": st.booleans(),
        "deletes": st.sampled_from(["ignore", "delete"]),
    }
)


def prepare(bench, existing):
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    companies = insert_companies(bench)
    for at, external_id, health in existing:
        insert_objective(bench, companies[at], external_id, health=health)
    return companies


def run(bench, companies, records, settings, *, with_names):
    messages = [bench.schema("objectives")]
    for at, external_id, form, health, is_deleted in records:
        company = names_of(companies[at], at)[form if with_names else "_id"]
        deleted = {"_sdc_deleted_at": "2026-01-01"} if is_deleted else {}
        fields = {"externalId": external_id, "companyId": company, "health": health, "name": "n"}
        messages.append(bench.record("objectives", **fields, **deleted))
    return bench.run(messages, on_reject="continue", **settings)


EXISTING = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(EXTERNAL_IDS), st.integers(1, 3)),
    unique_by=lambda record: record[:2],
    max_size=6,
)


@given(existing=EXISTING, records=RECORDS, settings=SETTINGS, dry_run=st.booleans())
def test_records_have_the_same_outcome_by_whichever_name_their_company_comes(
    bench, existing, records, settings, dry_run
):
    results = []
    for with_names in (False, True):
        companies = prepare(bench, existing)
        settings["dry_run"] = dry_run
        ran = run(bench, companies, records, settings, with_names=with_names)
        assert ran.error is None
        assert ran.rejects == []
        results.append((ran.counts, objectives(bench)))
    assert results[0] == results[1]


@given(
    existing=EXISTING,
    records=RECORDS,
    settings=SETTINGS,
    lean=st.sampled_from(
        ["absent", "forbidden", "without-keys", "partial", "duplicated", "swapped", "odd-keys"]
    ),
    company_prefixes=st.booleans(),
    forbidden=st.sampled_from([None, "list", "get"]),
)
def test_no_wrong_objective_is_written_whatever_the_list_of_companies_is_like(
    bench, existing, records, settings, lean, company_prefixes, forbidden
):
    companies = prepare(bench, existing)
    before = objectives(bench)
    run(bench, companies, records, settings, with_names=False)
    right = objectives(bench)
    companies = prepare(bench, existing)
    bench.sandbox.behave(lean_companies=lean, company_prefixes=company_prefixes)
    if forbidden is not None:
        bench.sandbox.fault("status", status=403, model="companies", route=forbidden)
    ran = run(bench, companies, records, settings, with_names=True)
    assert ran.error is None
    assert set(ran.reject_codes.values()) <= {"ambiguous_key"}
    if settings["write_mode"] == "upsert" and settings["deletes"] == "ignore":
        assert ran.rejects == []
    rejected = {records[line - 2][:2] for line in ran.reject_codes}
    for at, company in enumerate(companies):
        for external_id in EXTERNAL_IDS:
            key = (company, external_id)
            expected = before if (at, external_id) in rejected else right
            assert objectives(bench).get(key) == expected.get(key)
