"""Lists: pages, order, selection, filters."""

from __future__ import annotations

import pytest


@pytest.fixture
def issues(planhat):
    """Three issues of a company of their own, the oldest first."""
    company = planhat.company()
    return [planhat.issue(company, title=title, status=title) for title in ("b", "a", "c")]


def listed(planhat, issues, **params):
    """The titles of the fixture's issues as a list shows them."""
    company = issues[0]["companyIds"][0]
    rows = planhat.get("issues", **{"companyId": company, **params})
    return [row.get("title") for row in rows]


def test_a_list_is_a_bare_array(planhat, issues):
    assert isinstance(planhat.get("issues"), list)
    assert isinstance(planhat.get("objectives"), list)


def test_a_page_has_100_rows_by_default_and_as_many_as_documented_at_most(planhat):
    sandbox = planhat.skip_live("it would create 2,001 records")
    for number in range(2001):
        sandbox.tenant("contract").insert("objectives", {"name": str(number)})
    assert len(planhat.get("objectives")) == 100
    assert len(planhat.get("objectives", limit=2000)) == 2000
    for number in range(5001):
        sandbox.tenant("contract").insert("companies", {"name": str(number)})
    assert len(planhat.get("companies")) == 100
    assert len(planhat.get("companies", limit=5000)) == 5000
    assert len(planhat.get("companies", limit=5001)) == 5000


def test_all_companies_are_listed_at_once_with_their_keys(planhat):
    keys = {"externalId": f"ext {planhat.word}", "sourceId": f"src {planhat.word}"}
    company = planhat.company(**keys)
    other = planhat.company()
    rows = {row["_id"]: row for row in planhat.get("leancompanies")}
    assert other["_id"] in rows
    assert rows[company["_id"]].items() >= keys.items()
    for name, value in keys.items():
        [row] = planhat.get("leancompanies", **{name: f"{value},none"})
        assert row["_id"] == company["_id"]


def test_a_limit_above_the_maximum_is_clamped(planhat):
    if planhat.sandbox is not None:
        for number in range(2001):
            planhat.sandbox.tenant("contract").insert("objectives", {"name": str(number)})
    rows = planhat.get("objectives", limit=5000)
    assert len(rows) <= 2000
    if planhat.sandbox is not None:
        assert len(rows) == 2000


def test_offset_skips_rows_and_ends_with_an_empty_page(planhat, issues):
    assert listed(planhat, issues, sort="title", limit=2, offset=0) == ["a", "b"]
    assert listed(planhat, issues, sort="title", limit=2, offset=2) == ["c"]
    assert listed(planhat, issues, sort="title", limit=2, offset=3) == []


def test_sort_orders_by_a_property_and_minus_reverses_it(planhat, issues):
    assert listed(planhat, issues, sort="title") == ["a", "b", "c"]
    assert listed(planhat, issues, sort="-title") == ["c", "b", "a"]
    assert listed(planhat, issues, sort="_id") == ["b", "a", "c"]
    assert listed(planhat, issues, sort="-updatedAt")[0] in {"a", "b", "c"}


def test_records_without_a_value_come_first_in_ascending_order(planhat, issues):
    company = {"_id": issues[0]["companyIds"][0]}
    keyed = planhat.issue(company, title="keyed", sourceId=f"key-{planhat.word}")
    assert listed(planhat, issues, sort="sourceId")[-1] == keyed["title"]
    assert listed(planhat, issues, sort="-sourceId")[0] == keyed["title"]


def test_a_list_without_sort_has_an_order(planhat, issues):
    assert listed(planhat, issues) == ["b", "a", "c"]


def test_a_newer_record_has_a_greater_id(planhat, issues):
    identifiers = [issue["_id"] for issue in issues]
    assert identifiers == sorted(set(identifiers))
    assert all(len(identifier) == 24 for identifier in identifiers)


def test_select_leaves_out_other_properties_but_never_the_id(planhat, issues):
    rows = planhat.get("issues", companyId=issues[0]["companyIds"][0], select="title")
    assert [set(row) for row in rows] == [{"_id", "title"}] * 3


def test_without_select_all_properties_are_sent(planhat, issues):
    rows = planhat.get("issues", companyId=issues[0]["companyIds"][0], sort="_id")
    assert rows == issues


def test_company_id_keeps_the_records_of_a_company(planhat, issues):
    other = planhat.company(name=f"Other {planhat.word}")
    planhat.issue(other, title="of another")
    assert sorted(listed(planhat, issues)) == ["a", "b", "c"]
    objective = planhat.create("objectives", name="theirs", companyId=other["_id"])
    rows = planhat.get("objectives", companyId=other["_id"])
    assert [row["_id"] for row in rows] == [objective["_id"]]


def test_several_company_ids_are_separated_by_commas(planhat, issues):
    other = planhat.company(name=f"Other {planhat.word}")
    planhat.issue(other, title="of another")
    both = f"{issues[0]['companyIds'][0]},{other['_id']}"
    assert sorted(listed(planhat, issues, companyId=both)) == ["a", "b", "c", "of another"]


def test_an_unknown_parameter_is_ignored(planhat, issues):
    assert len(listed(planhat, issues, updatedAfter="2999-01-01")) == 3
