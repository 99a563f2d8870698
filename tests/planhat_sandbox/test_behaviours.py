"""Each value of each behaviour; a test fails if one is missing."""

from __future__ import annotations

import dataclasses

import pytest

from planhat_sandbox import Behaviours
from planhat_sandbox.planhat.model_behaviours import ModelBehaviours
from planhat_sandbox.planhat.switches import changed

CHECKS = {}


def with_setting(**setting):
    """Register a check of one value of one behaviour."""

    def register(check):
        CHECKS.setdefault(next(iter(setting.items())), check)
        return check

    return register


def issue(company, title="t", **more):
    return {"title": title, "companyIds": [company], **more}


def insert(api, **fields):
    return api.tenant.insert("issues", {"title": "t", **fields})["_id"]


def objective(api, company, **fields):
    return api.tenant.insert("objectives", {"name": "n", "companyId": company, **fields})["_id"]


def titles(api):
    return sorted(record["title"] for record in api.tenant.records("issues"))


@with_setting(default_limit=2)
def a_page_has_the_default_limit(api, company):
    for _ in range(3):
        insert(api)
    assert len(api.get("issues")) == 2
    assert len(api.get("issues", limit=3)) == 3


@with_setting(maximum_limit=2)
def a_page_is_clamped(api, company):
    for _ in range(3):
        insert(api)
    assert len(api.get("issues", limit=3)) == 2


@with_setting(above_maximum="clamp")
def too_high_a_limit_is_lowered(api, company):
    assert api.call("GET", "issues", limit=2001).status_code == 200


@with_setting(above_maximum="refuse")
def too_high_a_limit_is_an_error(api, company):
    assert api.call("GET", "issues", limit=2001).status_code == 400
    assert api.call("GET", "issues", limit=2000).status_code == 200


@with_setting(honours_sort=False)
def sort_is_ignored(api, company):
    ids = [insert(api) for _ in range(2)]
    assert [row["_id"] for row in api.get("issues", sort="-_id")] == ids


@with_setting(honours_select=False)
def select_is_ignored(api, company):
    insert(api)
    assert "title" in api.get("issues", select="_id")[0]


@with_setting(honours_offset=False)
def offset_is_ignored(api, company):
    insert(api)
    assert len(api.get("issues", offset=1)) == 1


@with_setting(without_select="all")
def all_properties_without_select(api, company):
    insert(api, status="Open")
    assert "status" in api.get("issues")[0]


@with_setting(without_select="documented")
def some_properties_of_companies_and_all_of_issues_without_select(api, company):
    insert(api, status="Open")
    assert "status" in api.get("issues")[0]
    assert "updatedAt" not in api.get("companies")[0]
    assert "updatedAt" in api.get(f"companies/{company}")


@with_setting(without_select="few")
def few_properties_without_select(api, company):
    insert(api, status="Open")
    assert set(api.get("issues")[0]) == {"_id", "title"}


@with_setting(company_filter="list")
def commas_separate_companies(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    for one in (company, other):
        insert(api, companyIds=[one])
    assert len(api.get("issues", companyId=f"{company},{other}")) == 2


@with_setting(company_filter="documented")
def commas_separate_companies_where_the_page_says_so(api, company):
    insert(api, companyIds=[company])
    api.tenant.insert("endusers", {"email": "a@b.example", "companyId": company})
    assert api.get("issues", companyId=f"{company},x") == []
    assert len(api.get("endusers", companyId=f"{company},x")) == 1


@with_setting(company_filter="one-id")
def commas_are_part_of_an_id(api, company):
    insert(api, companyIds=[company])
    assert api.get("issues", companyId=f"{company},x") == []
    assert len(api.get("issues", companyId=company)) == 1


def lean(api):
    """Three companies with keys, and what the list of all companies shows of them."""
    for at in "abc":
        api.tenant.insert("companies", {"name": at, "externalId": f"e{at}", "sourceId": f"s{at}"})
    return [
        (row["name"], row.get("externalId"), row.get("sourceId"))
        for row in api.get("leancompanies")
        if row["name"] in {"a", "b", "c"}
    ]


@with_setting(lean_companies="complete")
def all_companies_are_listed_at_once(api, company):
    assert lean(api) == [("a", "ea", "sa"), ("b", "eb", "sb"), ("c", "ec", "sc")]
    [row] = api.get("leancompanies", externalId="ea,eb", sourceId="sb,sc")
    assert set(row) == {"_id", "name", "externalId", "sourceId"}
    assert row["name"] == "b"
    assert api.call("PUT", "leancompanies", []).status_code == 404
    assert api.call("GET", f"leancompanies/{row['_id']}").status_code == 404


@with_setting(lean_companies="absent")
def there_is_no_list_of_all_companies(api, company):
    assert api.call("GET", "leancompanies").status_code == 404


@with_setting(lean_companies="forbidden")
def the_list_of_all_companies_is_forbidden(api, company):
    assert api.call("GET", "leancompanies").status_code == 403


@with_setting(lean_companies="refused")
def the_list_of_all_companies_is_refused(api, company):
    assert api.call("GET", "leancompanies").status_code == 400


@with_setting(lean_companies="object")
def the_list_of_all_companies_is_an_object(api, company):
    assert isinstance(api.get("leancompanies"), dict)


@with_setting(lean_companies="without-keys")
def the_list_of_all_companies_has_no_keys(api, company):
    assert lean(api) == [("a", None, None), ("b", None, None), ("c", None, None)]


@with_setting(lean_companies="partial")
def every_second_company_is_missing_from_the_list(api, company):
    assert lean(api) == [("b", "eb", "sb")]


@with_setting(lean_companies="duplicated")
def two_companies_have_the_same_keys_in_the_list(api, company):
    assert lean(api)[1:] == [("b", "eb", "sb"), ("c", "eb", "sb")]


@with_setting(lean_companies="swapped")
def every_company_has_the_keys_of_the_next_in_the_list(api, company):
    assert lean(api)[:2] == [("a", "eb", "sb"), ("b", "ec", "sc")]


@with_setting(lean_companies="odd-keys")
def the_keys_in_the_list_are_of_any_type(api, company):
    assert lean(api) == [("a", None, ""), ("b", "", "  "), ("c", "  ", ["x"])]


@with_setting(company_prefixes=True)
def a_path_names_a_company_by_its_source_id(api, company):
    api.tenant.update("companies", company, {"sourceId": "s"})
    assert api.get("companies/srcid-s")["_id"] == company


@with_setting(company_prefixes=False)
def a_path_names_a_company_by_its_id_only(api, company):
    api.tenant.update("companies", company, {"sourceId": "s"})
    insert(api, sourceId="s")
    assert api.call("GET", "companies/srcid-s").status_code == 404
    assert api.get(f"companies/{company}")["_id"] == company
    assert api.call("GET", "issues/srcid-s").status_code == 200


@with_setting(gzip=True)
def responses_are_compressed(api, company):
    insert(api, description="long " * 100)
    assert api.call("GET", "issues").headers["Content-Encoding"] == "gzip"


@with_setting(date_header=True)
def responses_carry_the_time_of_the_sandbox(api, company):
    api.sandbox.clock = lambda: 86400.0
    assert api.call("GET", "issues").headers["Date"] == "Fri, 02 Jan 1970 00:00:00 GMT"


@with_setting(date_header=False)
def responses_carry_no_time(api, company):
    assert "Date" not in api.call("GET", "issues").headers


@with_setting(error_body="object")
def errors_are_objects(api, company):
    assert isinstance(api.call("POST", "issues", {}).json(), dict)


@with_setting(error_body="string")
def errors_are_strings(api, company):
    assert isinstance(api.call("POST", "issues", {}).json(), str)


@with_setting(bulk_limit=1)
def more_items_than_the_limit_are_refused(api, company):
    assert api.bulk([issue(company)] * 2).status_code == 400
    assert titles(api) == []


@with_setting(body_limit_bytes=100)
def a_larger_body_is_refused(api, company):
    assert api.bulk([issue(company, "x" * 100)]).status_code == 413
    assert api.bulk([]).status_code == 200


UNKNOWN = "f" * 24


@with_setting(unknown_id="create")
def an_unknown_id_creates_with_a_new_id(api, company):
    (new,) = api.bulk([issue(company, _id=UNKNOWN)]).json()["upsertedIds"]
    assert new != UNKNOWN


@with_setting(unknown_id="create-with-id")
def an_unknown_id_creates_with_that_id(api, company):
    assert api.bulk([issue(company, _id=UNKNOWN)]).json()["upsertedIds"] == [UNKNOWN]


@with_setting(unknown_id="refuse")
def an_unknown_id_is_refused(api, company):
    assert api.bulk([issue(company, _id=UNKNOWN)]).status_code == 400
    assert titles(api) == []


@with_setting(unknown_id="fall-through")
def after_an_unknown_id_the_next_keyable_is_tried(api, company):
    known = insert(api, sourceId="s")
    answer = api.bulk([{"_id": UNKNOWN, "sourceId": "s", "status": "Done"}])
    assert answer.json()["modified"] == [known]


@with_setting(unmatched_key="next")
def after_an_unknown_source_id_the_next_keyable_is_tried(api, company):
    known = objective(api, company, externalId="e")
    item = {"sourceId": "s", "externalId": "e", "companyId": company}
    assert api.bulk([item], "objectives").json()["modified"] == [known]


@with_setting(unmatched_key="create")
def an_unknown_source_id_creates(api, company):
    objective(api, company, externalId="e")
    item = {"name": "n", "sourceId": "s", "externalId": "f", "companyId": company}
    assert api.bulk([item], "objectives").json()["created"] == 1
    assert api.bulk([{**item, "sourceId": "t"}], "objectives").status_code == 400


@with_setting(external_id="company")
def an_external_id_is_unique_inside_its_company(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    objective(api, company, externalId="e")
    item = {"name": "n", "externalId": "e", "companyId": other}
    assert api.bulk([item], "objectives").json()["created"] == 1


@with_setting(external_id="model")
def an_external_id_is_unique_in_the_model(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    known = objective(api, company, externalId="e")
    item = {"name": "n", "externalId": "e", "companyId": other}
    assert api.bulk([item], "objectives").json()["modified"] == [known]


@with_setting(custom="merge")
def custom_is_merged(api, company):
    known = insert(api, custom={"a": 1, "b": 2})
    api.bulk([{"_id": known, "custom": {"b": 3}}])
    assert api.tenant.get("issues", known)["custom"] == {"a": 1, "b": 3}


@with_setting(custom="replace")
def custom_is_replaced(api, company):
    known = insert(api, custom={"a": 1, "b": 2})
    api.bulk([{"_id": known, "custom": {"b": 3}}])
    assert api.tenant.get("issues", known)["custom"] == {"b": 3}


def twice(company):
    return [issue(company, title, sourceId="s") for title in "ab"] + [issue(company, "c")]


@with_setting(repeated_key="refuse-batch")
def a_repeated_key_refuses_the_batch(api, company):
    answer = api.bulk(twice(company))
    assert (answer.status_code, len(answer.json()["createdErrors"])) == (400, 1)
    assert titles(api) == []


@with_setting(repeated_key="refuse-later")
def a_repeated_key_refuses_the_later_item(api, company):
    answer = api.bulk(twice(company))
    assert (answer.status_code, answer.json()["created"]) == (206, 2)
    assert titles(api) == ["a", "c"]


@with_setting(repeated_key="last-wins")
def the_last_item_with_a_repeated_key_wins(api, company):
    answer = api.bulk(twice(company))
    assert (answer.status_code, answer.json()["updated"]) == (200, 1)
    assert titles(api) == ["b", "c"]


@with_setting(unknown_properties="drop")
def unknown_properties_are_dropped(api, company):
    api.bulk([issue(company, colour="red")])
    assert "colour" not in api.tenant.records("issues")[0]


@with_setting(unknown_properties="keep")
def unknown_properties_are_kept(api, company):
    api.bulk([issue(company, colour="red")])
    assert api.tenant.records("issues")[0]["colour"] == "red"


@with_setting(unknown_properties="refuse")
def unknown_properties_are_refused(api, company):
    assert api.bulk([issue(company, colour="red")]).status_code == 400


def update_without_changes(api):
    """Send a record unchanged; return the counts, and whether `updatedAt` has changed."""
    api.sandbox.clock = lambda: 1000.0
    known = insert(api, status="Open")
    api.sandbox.clock = lambda: 2000.0
    body = api.bulk([{"_id": known, "status": "Open"}]).json()
    record = api.tenant.get("issues", known)
    return body["updated"], body["nonupdates"], record["updatedAt"] != record["createdAt"]


@with_setting(unchanged="bump")
def a_no_op_changes_updated_at(api, company):
    assert update_without_changes(api) == (1, 0, True)


@with_setting(unchanged="nonupdate")
def a_no_op_changes_nothing(api, company):
    assert update_without_changes(api) == (0, 1, False)


@with_setting(unchanged="both")
def a_no_op_counts_as_both(api, company):
    assert update_without_changes(api) == (1, 1, False)


def invalid_in_the_middle(company):
    return [issue(company, "a"), {"title": "bad"}, issue(company, "c")]


@with_setting(batch="each")
def valid_items_are_applied(api, company):
    assert api.bulk(invalid_in_the_middle(company)).status_code == 206
    assert titles(api) == ["a", "c"]


@with_setting(batch="whole")
def no_item_is_applied(api, company):
    known = insert(api, title="before", sourceId="s")
    payload = [*invalid_in_the_middle(company), {"sourceId": "s", "title": "after"}]
    answer = api.bulk(payload)
    assert (answer.status_code, answer.json()["created"]) == (400, 0)
    assert titles(api) == ["before"]
    assert [write.action for write in api.tenant.history("issues", known)] == ["create"]


@with_setting(batch="until-bad")
def items_before_the_invalid_one_are_applied(api, company):
    assert api.bulk(invalid_in_the_middle(company)).status_code == 206
    assert titles(api) == ["a"]


@with_setting(failure_answer="arrays")
def a_failure_names_items(api, company):
    assert api.bulk(invalid_in_the_middle(company)).json()["createdErrors"]


@with_setting(failure_answer="string")
def a_failure_is_a_string(api, company):
    answer = api.bulk(invalid_in_the_middle(company))
    assert (answer.status_code, answer.json()) == (400, "companyIds is required")
    assert titles(api) == ["a", "c"]


@with_setting(failure_answer="empty")
def a_failure_has_no_body(api, company):
    answer = api.bulk(invalid_in_the_middle(company))
    assert (answer.status_code, answer.content) == (400, b"")


@with_setting(failure_answer="server-error")
def a_failure_is_a_500(api, company):
    assert api.bulk(invalid_in_the_middle(company)).status_code == 500
    assert api.bulk([issue(company, "d")]).status_code == 200


@with_setting(all_failed_status=206)
def status_when_all_failed(api, company):
    assert api.bulk([{"title": "bad"}]).status_code == 206


@with_setting(forbidden_status=206)
def status_when_one_was_forbidden(api, company):
    api.sandbox.behave(forbidden_marker="secret")
    assert api.bulk([issue(company), issue(company, "secret")]).status_code == 206


def entry(api, company):
    answer = api.bulk([issue(company), {"title": "bad", "sourceId": "s-1"}])
    assert answer.status_code == 206
    (one,) = answer.json()["createdErrors"]
    return one


BAD = {"title": "bad", "sourceId": "s-1"}
TEXT = "companyIds is required"


@with_setting(error_entries="index")
def an_entry_is_an_index(api, company):
    assert entry(api, company) == {"index": 1, "message": TEXT}


@with_setting(error_entries="keyables")
def an_entry_has_keyables(api, company):
    assert entry(api, company) == {"sourceId": "s-1", "message": TEXT}


@with_setting(error_entries="nested-keyables")
def an_entry_has_nested_keyables(api, company):
    keys = [{"keys": {"sourceId": "s-1"}}]
    assert entry(api, company) == {"error": {"message": TEXT, "where": keys}}


@with_setting(error_entries="text")
def an_entry_is_a_text_that_names_the_key(api, company):
    assert entry(api, company) == f"{TEXT} (sourceId s-1)"


@with_setting(error_entries="item")
def an_entry_is_the_item(api, company):
    assert entry(api, company) == {**BAD, "error": TEXT}


@with_setting(error_entries="nested-item")
def an_entry_contains_the_item(api, company):
    assert entry(api, company) == {"message": TEXT, "item": BAD}


@with_setting(error_entries="property")
def an_entry_names_the_property(api, company):
    assert entry(api, company) == {"el": "companyIds", "error": TEXT}


@with_setting(validation_errors="documented")
def only_time_entries_have_validation_errors(api, company):
    assert "validationErrors" not in api.bulk([BAD]).json()
    body = api.bulk([{"hours": 25, "date": "2025-01-30"}], "timeentries").json()
    assert (len(body["createdErrors"]), body["validationErrors"]) == (1, [])


@with_setting(validation_errors="absent")
def there_are_no_validation_errors(api, company):
    assert "validationErrors" not in api.bulk([BAD]).json()


@with_setting(validation_errors="empty")
def validation_errors_are_empty(api, company):
    body = api.bulk([BAD]).json()
    assert (body["validationErrors"], body["createdErrors"]) == ([], [TEXT])


@with_setting(validation_errors="filled")
def errors_are_validation_errors(api, company):
    body = api.bulk([BAD]).json()
    assert (body["validationErrors"], body["createdErrors"]) == ([TEXT], [])


@with_setting(error_entries="opaque")
def an_entry_is_a_text_without_keys(api, company):
    assert entry(api, company) == TEXT


@with_setting(error_entries="nothing")
def an_entry_is_empty(api, company):
    assert entry(api, company) == {}


@with_setting(error_entries="absent")
def there_is_no_entry(api, company):
    assert api.bulk([issue(company), BAD]).json()["createdErrors"] == []


def counts(api, company):
    body = api.bulk([issue(company), issue(company)]).json()
    return body.get("created"), body.get("updated"), body.get("nonupdates")


@with_setting(counts="right")
def counts_are_right(api, company):
    assert counts(api, company) == (2, 0, 0)


@with_setting(counts="short")
def counts_are_too_small(api, company):
    assert counts(api, company) == (1, 0, 0)


@with_setting(counts="long")
def counts_are_too_large(api, company):
    assert counts(api, company) == (3, 0, 0)


@with_setting(counts="absent")
def counts_are_missing(api, company):
    assert counts(api, company) == (None, None, None)


def arrays(api, company):
    body = api.bulk([issue(company)]).json()
    return {name for name, value in body.items() if isinstance(value, list)}


ALL = {
    "createdErrors",
    "insertsKeys",
    "updatedErrors",
    "updatesKeys",
    "modified",
    "upsertedIds",
    "permissionErrors",
}


@with_setting(absent_arrays="none")
def all_arrays_are_present(api, company):
    assert arrays(api, company) == ALL


@with_setting(absent_arrays="empty")
def empty_arrays_are_left_out(api, company):
    assert arrays(api, company) == {"insertsKeys", "upsertedIds"}


@with_setting(absent_arrays="permission")
def one_array_is_left_out(api, company):
    assert arrays(api, company) == ALL - {"permissionErrors"}


@with_setting(absent_arrays="successes")
def successes_are_left_out(api, company):
    assert arrays(api, company) == {"createdErrors", "updatedErrors", "permissionErrors"}


@with_setting(absent_arrays="all")
def all_arrays_are_left_out(api, company):
    assert arrays(api, company) == set()


def success_keys(api, company):
    objective(api, company, sourceId="s", externalId="e")
    (keys,) = api.bulk([{"sourceId": "s", "health": 1}], "objectives").json()["updatesKeys"]
    return set(keys)


@with_setting(success_keys="held")
def a_success_has_all_its_keys(api, company):
    assert success_keys(api, company) == {"_id", "sourceId", "externalId"}


@with_setting(success_keys="sent")
def a_success_has_the_keys_that_were_sent(api, company):
    assert success_keys(api, company) == {"_id", "sourceId"}


@with_setting(success_keys="id")
def a_success_has_its_id(api, company):
    assert success_keys(api, company) == {"_id"}


def order(api, company):
    body = api.bulk([issue(company, sourceId=key) for key in "abc"]).json()
    return "".join(keys["sourceId"] for keys in body["insertsKeys"])


@with_setting(success_order="input")
def successes_in_order(api, company):
    assert order(api, company) == "abc"


@with_setting(success_order="reversed")
def successes_in_reverse_order(api, company):
    assert order(api, company) == "cba"


@with_setting(refused_marker="poison")
def a_marker_is_refused(api, company):
    answer = api.bulk([issue(company), issue(company, custom={"deep": ["poisoned"]})])
    assert (answer.status_code, len(answer.json()["createdErrors"])) == (206, 1)
    assert len(titles(api)) == 1


@with_setting(forbidden_marker="poison")
def a_marker_is_forbidden(api, company):
    answer = api.bulk([issue(company), issue(company, "poison")])
    assert (answer.status_code, len(answer.json()["permissionErrors"])) == (403, 1)
    assert api.call("POST", "issues", issue(company, "poison")).status_code == 403


@with_setting(missing_delete="not-found")
def a_second_delete_is_404(api, company):
    assert api.call("DELETE", f"issues/{UNKNOWN}").status_code == 404


@with_setting(missing_delete="zero")
def a_second_delete_counts_nothing(api, company):
    answer = api.call("DELETE", f"issues/{UNKNOWN}")
    assert (answer.status_code, answer.json()) == (200, {"n": 0, "ok": 1, "deletedCount": 0})


def objectives_by_update(api, company):
    tenant = api.sandbox.tenant("token-a")
    for name in "abc":
        tenant.insert("objectives", {"name": name})
    first = tenant.records("objectives")[0]["_id"]
    later = "2999-01-01T00:00:00.000Z"
    tenant.update("objectives", first, {"name": "changed", "updatedAt": later})
    rows = api.call("GET", "objectives", sort="-updatedAt").json()
    return [row["name"] for row in rows], {"createdAt", "updatedAt"} <= rows[0].keys()


@with_setting(objective_times="absent")
def objectives_have_no_times(api, company):
    assert objectives_by_update(api, company) == (["changed", "b", "c"], False)


@with_setting(objective_times="present")
def objectives_have_times(api, company):
    names, have_times = objectives_by_update(api, company)
    assert (names[0], have_times) == ("changed", True)


@with_setting(objective_times="oldest-first")
def objectives_have_times_and_the_oldest_comes_first(api, company):
    assert objectives_by_update(api, company) == (["changed", "b", "c"], True)


@with_setting(objective_times="newest-first")
def objectives_have_times_and_the_newest_comes_first(api, company):
    assert objectives_by_update(api, company) == (["c", "b", "changed"], True)


IDS = [f"{name}={value}: {check.__name__}" for (name, value), check in CHECKS.items()]


@pytest.mark.parametrize(("setting", "check"), CHECKS.items(), ids=IDS)
def test_a_behaviour_can_be_changed(api, company, setting, check):
    name, value = setting
    api.sandbox.behave("token-a", **{name: value})
    check(api, company)


def test_every_behaviour_and_choice_is_tested():
    wanted = set()
    of_models = {field.name for field in dataclasses.fields(ModelBehaviours)}
    for field in dataclasses.fields(Behaviours):
        if field.name in of_models:  # tested in test_models.py
            continue
        choices = field.metadata["choices"]
        wanted |= {(field.name, choice) for choice in choices}
        if not choices:
            assert any(name == field.name for name, _ in CHECKS), field.name
    assert wanted - set(CHECKS) == set()


def test_each_tenant_has_its_own_behaviours(api):
    api.sandbox.behave("beta", default_limit=1)
    api.sandbox.behave(bulk_limit=3)
    tenancy = api.sandbox.tenancy
    assert tenancy.behaviours("alpha").default_limit == 0
    assert tenancy.behaviours("token-b").default_limit == 1
    assert {tenancy.behaviours(name).bulk_limit for name in ("alpha", "beta")} == {3}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weather": "fine"}, "no behaviour is called 'weather'"),
        ({"custom": "mix"}, "custom takes one of merge, replace"),
        ({"gzip": "perhaps"}, "gzip must be true or false"),
        ({"bulk_limit": "many"}, "bulk_limit must be a number"),
    ],
)
def test_an_invalid_behaviour_is_an_error(changes, message):
    with pytest.raises(ValueError, match=message):
        changed(Behaviours(), changes)


def test_behaviours_are_read_from_text():
    texts = {"gzip": "on", "bulk_limit": "7", "honours_sort": "false"}
    now = changed(Behaviours(), texts)
    assert (now.gzip, now.bulk_limit, now.honours_sort) == (True, 7, False)
