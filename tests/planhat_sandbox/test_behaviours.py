"""Each behaviour in each of its ways; none may be left out."""

from __future__ import annotations

import dataclasses

import pytest

from planhat_sandbox import Behaviours
from planhat_sandbox.planhat.switches import changed

WAYS = {}


def way(**setting):
    """Register a check of one way of one behaviour."""

    def register(check):
        WAYS.setdefault(next(iter(setting.items())), check)
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


@way(default_limit=2)
def a_page_is_so_long_by_default(api, company):
    for _ in range(3):
        insert(api)
    assert len(api.get("issues")) == 2
    assert len(api.get("issues", limit=3)) == 3


@way(maximum_limit=2)
def a_page_is_clamped(api, company):
    for _ in range(3):
        insert(api)
    assert len(api.get("issues", limit=3)) == 2


@way(above_maximum="clamp")
def too_high_a_limit_is_lowered(api, company):
    assert api.call("GET", "issues", limit=2001).status_code == 200


@way(above_maximum="refuse")
def too_high_a_limit_is_an_error(api, company):
    assert api.call("GET", "issues", limit=2001).status_code == 400
    assert api.call("GET", "issues", limit=2000).status_code == 200


@way(honours_sort=False)
def sort_is_ignored(api, company):
    ids = [insert(api) for _ in range(2)]
    assert [row["_id"] for row in api.get("issues", sort="-_id")] == ids


@way(honours_select=False)
def select_is_ignored(api, company):
    insert(api)
    assert "title" in api.get("issues", select="_id")[0]


@way(honours_offset=False)
def offset_is_ignored(api, company):
    insert(api)
    assert len(api.get("issues", offset=1)) == 1


@way(without_select="all")
def all_properties_without_select(api, company):
    insert(api, status="Open")
    assert "status" in api.get("issues")[0]


@way(without_select="few")
def few_properties_without_select(api, company):
    insert(api, status="Open")
    assert set(api.get("issues")[0]) == {"_id", "title"}


@way(company_filter="list")
def commas_separate_companies(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    for one in (company, other):
        insert(api, companyIds=[one])
    assert len(api.get("issues", companyId=f"{company},{other}")) == 2


@way(company_filter="one-id")
def commas_are_part_of_an_id(api, company):
    insert(api, companyIds=[company])
    assert api.get("issues", companyId=f"{company},x") == []
    assert len(api.get("issues", companyId=company)) == 1


@way(gzip=True)
def answers_are_compressed(api, company):
    insert(api, description="long " * 100)
    assert api.call("GET", "issues").headers["Content-Encoding"] == "gzip"


@way(error_body="object")
def errors_are_objects(api, company):
    assert isinstance(api.call("POST", "issues", {}).json(), dict)


@way(error_body="string")
def errors_are_strings(api, company):
    assert isinstance(api.call("POST", "issues", {}).json(), str)


@way(bulk_limit=1)
def so_many_items(api, company):
    assert api.bulk([issue(company)] * 2).status_code == 400
    assert titles(api) == []


@way(body_limit_bytes=100)
def so_many_bytes(api, company):
    assert api.bulk([issue(company, "x" * 100)]).status_code == 413
    assert api.bulk([]).status_code == 200


UNKNOWN = "f" * 24


@way(unknown_id="create")
def an_unknown_id_creates_another(api, company):
    (new,) = api.bulk([issue(company, _id=UNKNOWN)]).json()["upsertedIds"]
    assert new != UNKNOWN


@way(unknown_id="create-with-id")
def an_unknown_id_is_taken_over(api, company):
    assert api.bulk([issue(company, _id=UNKNOWN)]).json()["upsertedIds"] == [UNKNOWN]


@way(unknown_id="refuse")
def an_unknown_id_is_refused(api, company):
    assert api.bulk([issue(company, _id=UNKNOWN)]).status_code == 400
    assert titles(api) == []


@way(unknown_id="fall-through")
def an_unknown_id_gives_way_to_the_next_keyable(api, company):
    known = insert(api, sourceId="s")
    answer = api.bulk([{"_id": UNKNOWN, "sourceId": "s", "status": "Done"}])
    assert answer.json()["modified"] == [known]


@way(unmatched_key="next")
def an_unknown_source_id_gives_way_to_the_next_keyable(api, company):
    known = objective(api, company, externalId="e")
    item = {"sourceId": "s", "externalId": "e", "companyId": company}
    assert api.bulk([item], "objectives").json()["modified"] == [known]


@way(unmatched_key="create")
def an_unknown_source_id_creates(api, company):
    objective(api, company, externalId="e")
    item = {"name": "n", "sourceId": "s", "externalId": "f", "companyId": company}
    assert api.bulk([item], "objectives").json()["created"] == 1
    assert api.bulk([{**item, "sourceId": "t"}], "objectives").status_code == 400


@way(external_id="company")
def an_external_id_counts_inside_its_company(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    objective(api, company, externalId="e")
    item = {"name": "n", "externalId": "e", "companyId": other}
    assert api.bulk([item], "objectives").json()["created"] == 1


@way(external_id="model")
def an_external_id_counts_everywhere(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    known = objective(api, company, externalId="e")
    item = {"name": "n", "externalId": "e", "companyId": other}
    assert api.bulk([item], "objectives").json()["modified"] == [known]


@way(custom="merge")
def custom_is_merged(api, company):
    known = insert(api, custom={"a": 1, "b": 2})
    api.bulk([{"_id": known, "custom": {"b": 3}}])
    assert api.tenant.get("issues", known)["custom"] == {"a": 1, "b": 3}


@way(custom="replace")
def custom_is_replaced(api, company):
    known = insert(api, custom={"a": 1, "b": 2})
    api.bulk([{"_id": known, "custom": {"b": 3}}])
    assert api.tenant.get("issues", known)["custom"] == {"b": 3}


def twice(company):
    return [issue(company, title, sourceId="s") for title in "ab"] + [issue(company, "c")]


@way(repeated_key="refuse-batch")
def a_repeated_key_refuses_all(api, company):
    answer = api.bulk(twice(company))
    assert (answer.status_code, len(answer.json()["createdErrors"])) == (400, 1)
    assert titles(api) == []


@way(repeated_key="refuse-later")
def a_repeated_key_refuses_the_later(api, company):
    answer = api.bulk(twice(company))
    assert (answer.status_code, answer.json()["created"]) == (206, 2)
    assert titles(api) == ["a", "c"]


@way(repeated_key="last-wins")
def of_a_repeated_key_the_last_wins(api, company):
    answer = api.bulk(twice(company))
    assert (answer.status_code, answer.json()["updated"]) == (200, 1)
    assert titles(api) == ["b", "c"]


@way(unknown_properties="drop")
def unknown_properties_are_dropped(api, company):
    api.bulk([issue(company, colour="red")])
    assert "colour" not in api.tenant.records("issues")[0]


@way(unknown_properties="keep")
def unknown_properties_are_kept(api, company):
    api.bulk([issue(company, colour="red")])
    assert api.tenant.records("issues")[0]["colour"] == "red"


@way(unknown_properties="refuse")
def unknown_properties_are_refused(api, company):
    assert api.bulk([issue(company, colour="red")]).status_code == 400


def moved(api):
    """Write a record as it is; tell what the answer counts and whether its time moved."""
    api.sandbox.clock = lambda: 1000.0
    known = insert(api, status="Open")
    api.sandbox.clock = lambda: 2000.0
    body = api.bulk([{"_id": known, "status": "Open"}]).json()
    record = api.tenant.get("issues", known)
    return body["updated"], body["nonupdates"], record["updatedAt"] != record["createdAt"]


@way(unchanged="bump")
def a_no_op_moves_the_time(api, company):
    assert moved(api) == (1, 0, True)


@way(unchanged="nonupdate")
def a_no_op_does_not(api, company):
    assert moved(api) == (0, 1, False)


def bad_in_the_middle(company):
    return [issue(company, "a"), {"title": "bad"}, issue(company, "c")]


@way(batch="each")
def the_good_ones_are_applied(api, company):
    assert api.bulk(bad_in_the_middle(company)).status_code == 206
    assert titles(api) == ["a", "c"]


@way(batch="whole")
def none_is_applied(api, company):
    known = insert(api, title="before", sourceId="s")
    payload = [*bad_in_the_middle(company), {"sourceId": "s", "title": "after"}]
    answer = api.bulk(payload)
    assert (answer.status_code, answer.json()["created"]) == (400, 0)
    assert titles(api) == ["before"]
    assert [write.action for write in api.tenant.history("issues", known)] == ["create"]


@way(batch="until-bad")
def those_before_it_are_applied(api, company):
    assert api.bulk(bad_in_the_middle(company)).status_code == 206
    assert titles(api) == ["a"]


@way(failure_answer="arrays")
def a_failure_names_items(api, company):
    assert api.bulk(bad_in_the_middle(company)).json()["createdErrors"]


@way(failure_answer="string")
def a_failure_is_a_string(api, company):
    answer = api.bulk(bad_in_the_middle(company))
    assert (answer.status_code, answer.json()) == (400, "companyIds is required")
    assert titles(api) == ["a", "c"]


@way(failure_answer="empty")
def a_failure_has_no_body(api, company):
    answer = api.bulk(bad_in_the_middle(company))
    assert (answer.status_code, answer.content) == (400, b"")


@way(failure_answer="server-error")
def a_failure_is_a_500(api, company):
    assert api.bulk(bad_in_the_middle(company)).status_code == 500
    assert api.bulk([issue(company, "d")]).status_code == 200


@way(all_failed_status=206)
def status_when_all_failed(api, company):
    assert api.bulk([{"title": "bad"}]).status_code == 206


@way(forbidden_status=206)
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


@way(error_entries="index")
def an_entry_is_an_index(api, company):
    assert entry(api, company) == {"index": 1, "message": TEXT}


@way(error_entries="keyables")
def an_entry_has_keyables(api, company):
    assert entry(api, company) == {"sourceId": "s-1", "message": TEXT}


@way(error_entries="nested-keyables")
def an_entry_has_keyables_deep_inside(api, company):
    keys = [{"keys": {"sourceId": "s-1"}}]
    assert entry(api, company) == {"error": {"message": TEXT, "where": keys}}


@way(error_entries="text")
def an_entry_is_a_text_that_names_the_key(api, company):
    assert entry(api, company) == f"{TEXT} (sourceId s-1)"


@way(error_entries="item")
def an_entry_is_the_item(api, company):
    assert entry(api, company) == {**BAD, "error": TEXT}


@way(error_entries="nested-item")
def an_entry_holds_the_item(api, company):
    assert entry(api, company) == {"message": TEXT, "item": BAD}


@way(error_entries="opaque")
def an_entry_is_a_text_that_names_nothing(api, company):
    assert entry(api, company) == TEXT


@way(error_entries="nothing")
def an_entry_is_empty(api, company):
    assert entry(api, company) == {}


@way(error_entries="absent")
def there_is_no_entry(api, company):
    assert api.bulk([issue(company), BAD]).json()["createdErrors"] == []


def counts(api, company):
    body = api.bulk([issue(company), issue(company)]).json()
    return body.get("created"), body.get("updated"), body.get("nonupdates")


@way(counts="right")
def counts_are_right(api, company):
    assert counts(api, company) == (2, 0, 0)


@way(counts="short")
def counts_are_short(api, company):
    assert counts(api, company) == (1, 0, 0)


@way(counts="long")
def counts_are_long(api, company):
    assert counts(api, company) == (3, 0, 0)


@way(counts="absent")
def there_are_no_counts(api, company):
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


@way(absent_arrays="none")
def all_arrays_are_there(api, company):
    assert arrays(api, company) == ALL


@way(absent_arrays="empty")
def empty_arrays_are_left_out(api, company):
    assert arrays(api, company) == {"insertsKeys", "upsertedIds"}


@way(absent_arrays="permission")
def one_array_is_left_out(api, company):
    assert arrays(api, company) == ALL - {"permissionErrors"}


@way(absent_arrays="successes")
def successes_are_left_out(api, company):
    assert arrays(api, company) == {"createdErrors", "updatedErrors", "permissionErrors"}


@way(absent_arrays="all")
def all_arrays_are_left_out(api, company):
    assert arrays(api, company) == set()


def named(api, company):
    objective(api, company, sourceId="s", externalId="e")
    (keys,) = api.bulk([{"sourceId": "s", "health": 1}], "objectives").json()["updatesKeys"]
    return set(keys)


@way(success_keys="held")
def a_success_has_all_its_keys(api, company):
    assert named(api, company) == {"_id", "sourceId", "externalId"}


@way(success_keys="sent")
def a_success_has_the_keys_that_were_sent(api, company):
    assert named(api, company) == {"_id", "sourceId"}


@way(success_keys="id")
def a_success_has_its_id(api, company):
    assert named(api, company) == {"_id"}


def order(api, company):
    body = api.bulk([issue(company, sourceId=key) for key in "abc"]).json()
    return "".join(keys["sourceId"] for keys in body["insertsKeys"])


@way(success_order="input")
def successes_in_order(api, company):
    assert order(api, company) == "abc"


@way(success_order="reversed")
def successes_in_another_order(api, company):
    assert order(api, company) == "cba"


@way(refused_marker="poison")
def a_marker_is_refused(api, company):
    answer = api.bulk([issue(company), issue(company, custom={"deep": ["poisoned"]})])
    assert (answer.status_code, len(answer.json()["createdErrors"])) == (206, 1)
    assert len(titles(api)) == 1


@way(forbidden_marker="poison")
def a_marker_is_forbidden(api, company):
    answer = api.bulk([issue(company), issue(company, "poison")])
    assert (answer.status_code, len(answer.json()["permissionErrors"])) == (403, 1)
    assert api.call("POST", "issues", issue(company, "poison")).status_code == 403


@way(missing_delete="not-found")
def a_second_delete_is_404(api, company):
    assert api.call("DELETE", f"issues/{UNKNOWN}").status_code == 404


@way(missing_delete="zero")
def a_second_delete_counts_nothing(api, company):
    answer = api.call("DELETE", f"issues/{UNKNOWN}")
    assert (answer.status_code, answer.json()) == (200, {"n": 0, "ok": 1, "deletedCount": 0})


@pytest.mark.parametrize(
    ("setting", "check"), WAYS.items(), ids=[f"{n}={v}: {c.__name__}" for (n, v), c in WAYS.items()]
)
def test_a_behaviour_can_be_switched(api, company, setting, check):
    name, value = setting
    api.sandbox.behave("token-a", **{name: value})
    check(api, company)


def test_no_behaviour_and_no_choice_is_left_out():
    wanted = set()
    for field in dataclasses.fields(Behaviours):
        choices = field.metadata["choices"]
        wanted |= {(field.name, choice) for choice in choices}
        if not choices:
            assert any(name == field.name for name, _ in WAYS), field.name
    assert wanted - set(WAYS) == set()


def test_a_tenant_behaves_in_its_own_way(api):
    api.sandbox.behave("beta", default_limit=1)
    api.sandbox.behave(bulk_limit=3)
    tenancy = api.sandbox.tenancy
    assert tenancy.behaviours("alpha").default_limit == 100
    assert tenancy.behaviours("token-b").default_limit == 1
    assert {tenancy.behaviours(name).bulk_limit for name in ("alpha", "beta")} == {3}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weather": "fine"}, "no behaviour is called 'weather'"),
        ({"custom": "mend"}, "custom takes one of merge, replace"),
        ({"gzip": "perhaps"}, "gzip must be true or false"),
        ({"bulk_limit": "many"}, "bulk_limit must be a number"),
    ],
)
def test_a_behaviour_that_does_not_exist_is_said(changes, said):
    with pytest.raises(ValueError, match=said):
        changed(Behaviours(), changes)


def test_a_behaviour_may_come_as_text():
    texts = {"gzip": "on", "bulk_limit": "7", "honours_sort": "false"}
    now = changed(Behaviours(), texts)
    assert (now.gzip, now.bulk_limit, now.honours_sort) == (True, 7, False)
