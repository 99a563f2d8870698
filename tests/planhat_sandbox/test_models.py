"""What is peculiar to a model, and each value of each behaviour of models."""

from __future__ import annotations

import dataclasses

import pytest

from planhat_sandbox.planhat.model_behaviours import ModelBehaviours
from planhat_sandbox.planhat.models import MODELS

CHECKS = {}
USER = {"email": "a@b.example", "nickName": "Al", "firstName": "A", "lastName": "B"}


def with_setting(**setting):
    """Register a check of one value of one behaviour."""

    def register(check):
        CHECKS.setdefault(next(iter(setting.items())), check)
        return check

    return register


def status(api, method, path, body=None, **params):
    return api.call(method, path, body, **params).status_code


def ids(rows):
    return [row["_id"] for row in rows]


@with_setting(absent_models="deals, products")
def absent_models_are_not_found(api, company):
    assert status(api, "GET", "deals") == status(api, "PUT", "products", []) == 404
    assert status(api, "GET", "lineitems") == 200


@with_setting(forbidden_models="deals products")
def forbidden_models_are_forbidden(api, company):
    assert status(api, "GET", "deals") == status(api, "PUT", "products", []) == 403
    assert status(api, "GET", "lineitems") == 200


@with_setting(undocumented_routes="not-found")
def undocumented_routes_are_not_found(api, company):
    ticket = api.tenant.insert("tickets", {"sourceId": "1"})["_id"]
    assert status(api, "GET", f"tickets/{ticket}") == 404
    assert status(api, "POST", "tickets", {"sourceId": "2"}) == 404
    assert status(api, "PUT", "customfields", []) == 404
    assert status(api, "DELETE", f"tickets/{ticket}") == 200


@with_setting(undocumented_routes="refused")
def undocumented_routes_are_refused(api, company):
    assert status(api, "PUT", "customfields", []) == 400


@with_setting(undocumented_routes="served")
def undocumented_routes_are_served(api, company):
    ticket = api.tenant.insert("tickets", {"sourceId": "1"})["_id"]
    assert api.get(f"tickets/{ticket}")["_id"] == ticket
    assert status(api, "PUT", "customfields", []) == 200


def two_conversations(api):
    """Make two conversations, and return their ids in the order of creation and of dates."""
    return [
        api.tenant.insert("conversations", {"date": f"202{year}-01-01T00:00:00.000Z"})["_id"]
        for year in (5, 6)
    ]


@with_setting(order_without_sort="documented")
def conversations_are_newest_first_and_others_oldest_first(api, company):
    older, newer = two_conversations(api)
    assert ids(api.get("conversations")) == [newer, older]
    first, second = (api.tenant.insert("issues", {"title": "t"})["_id"] for _ in "ab")
    assert ids(api.get("issues")) == [first, second]


@with_setting(order_without_sort="oldest-first")
def every_list_is_in_the_order_of_creation(api, company):
    made = two_conversations(api)
    assert ids(api.get("conversations")) == made
    two_issues = [api.tenant.insert("issues", {"title": "t"})["_id"] for _ in "ab"]
    assert ids(api.get("issues")) == two_issues


@with_setting(order_without_sort="newest-first")
def every_list_is_in_the_reverse_order_of_creation(api, company):
    first, second = (api.tenant.insert("issues", {"title": "t"})["_id"] for _ in "ab")
    assert ids(api.get("issues")) == [second, first]


def archived_ones(api, company):
    enduser = {"email": "a@b.example", "companyId": company, "archived": True}
    api.tenant.insert("endusers", enduser)
    api.tenant.insert("endusers", {**enduser, "archived": False})
    api.tenant.insert("tasks", {"isArchived": True})
    api.tenant.insert("tasks", {})
    api.tenant.insert("nps", {"score": 1, "dateAnswered": "2001-01-01T00:00:00.000Z"})
    api.tenant.insert("nps", {"score": 2})
    return "endusers", "tasks", "nps"


@with_setting(default_lists="documented")
def default_lists_leave_some_out(api, company):
    for model in archived_ones(api, company):
        assert len(api.get(model)) == 1
    assert len(api.get("endusers", archived="true")) == 2
    assert [row["isArchived"] for row in api.get("tasks", isArchived="true")] == [True]
    assert len(api.get("nps", npsExpiryDay="36500")) == 2
    assert [row["score"] for row in api.get("nps", npsExpiryDay="1")] == [2]


@with_setting(default_lists="complete")
def default_lists_are_complete(api, company):
    for model in archived_ones(api, company):
        assert len(api.get(model)) == 2


def asset(api, company):
    return api.tenant.insert("assets", {"name": "a", "companyId": company})["_id"]


@with_setting(model_times="absent")
def undocumented_times_are_absent(api, company):
    assert "updatedAt" not in api.get(f"assets/{asset(api, company)}")


@with_setting(model_times="present")
def undocumented_times_are_present(api, company):
    assert {"createdAt", "updatedAt"} <= api.get(f"assets/{asset(api, company)}").keys()


@with_setting(model_times="oldest-first")
def undocumented_times_do_not_sort(api, company):
    made = [asset(api, company), asset(api, company)]
    assert ids(api.get("assets", sort="-updatedAt")) == made


@with_setting(model_times="newest-first")
def undocumented_times_sort_one_way(api, company):
    made = [asset(api, company), asset(api, company)]
    assert ids(api.get("assets", sort="updatedAt")) == made[::-1]


def deleted(api, company, model="conversations"):
    fields = {"companyId": company, "subject": "s", "name": "n"}
    return api.call("DELETE", f"{model}/{api.tenant.insert(model, fields)['_id']}")


COUNTS = {"n": 1, "ok": 1, "deletedCount": 1}


@with_setting(delete_answer="documented")
def a_deleted_conversation_is_the_answer(api, company):
    assert deleted(api, company).json()["subject"] == "s"
    assert deleted(api, company, "assets").json() == COUNTS


@with_setting(delete_answer="counts")
def counts_are_the_answer_to_every_delete(api, company):
    assert deleted(api, company).json() == COUNTS


@with_setting(delete_answer="record")
def a_record_is_the_answer_to_every_delete(api, company):
    assert deleted(api, company, "assets").json()["name"] == "n"


@with_setting(delete_answer="empty")
def a_delete_has_no_body(api, company):
    assert deleted(api, company).content == b""


@with_setting(references="companies")
def only_companies_must_exist(api, company):
    item = {"name": "w", "companyId": company, "ownerId": "f" * 24}
    assert status(api, "POST", "workspaces", item) == 200
    assert status(api, "POST", "workspaces", {**item, "companyId": "f" * 24}) == 400
    assert status(api, "POST", "invoices", {"cId": "f" * 24}) == 400


@with_setting(references="all")
def every_reference_must_exist(api, company):
    item = {"name": "w", "companyId": company, "ownerId": "f" * 24}
    assert status(api, "POST", "workspaces", item) == 400
    owner = api.tenant.insert("users", USER)["_id"]
    assert status(api, "POST", "workspaces", {**item, "ownerId": owner}) == 200
    issue = {"title": "t", "companyIds": [company], "enduserIds": ["f" * 24]}
    assert status(api, "POST", "issues", issue) == 400


@with_setting(silently_dropped=True)
def incomplete_items_are_dropped_silently(api, company):
    for model, item in (
        ("endusers", {"email": "a@nowhere.example"}),
        ("tickets", {"sourceId": "1"}),
    ):
        answer = api.bulk([item], model)
        assert answer.status_code == 200
        body = answer.json()
        assert body["created"] == body["updated"] == body["nonupdates"] == 0
        assert body["createdErrors"] == []
        assert api.tenant.records(model) == []


@with_setting(silently_dropped=False)
def incomplete_items_are_refused(api, company):
    answer = api.bulk([{"sourceId": "1"}], "tickets")
    assert answer.json()["createdErrors"] == ["email is required"]


@with_setting(days_as_text="refuse")
def a_date_is_not_taken_for_a_number_of_days(api, company):
    item = {"cId": company, "currency": "USD", "invoiceDate": "2021-07-28"}
    assert api.bulk([item], "invoices").status_code == 400
    assert api.bulk([{**item, "invoiceDate": 18_836}], "invoices").status_code == 200


@with_setting(days_as_text="convert")
def a_date_becomes_a_number_of_days(api, company):
    item = {"cId": company, "currency": "USD", "invoiceDate": "2021-07-28T23:00:00-02:00"}
    assert api.call("POST", "invoices", item).json()["invoiceDate"] == 18_837


def ticket(api):
    api.tenant.insert("tickets", {"sourceId": "1", "title": "t", "description": "d"})
    return api.get("tickets")[0]


@with_setting(ticket_names="renamed")
def properties_of_a_ticket_are_renamed(api, company):
    shown = ticket(api)
    assert (shown["externalId"], shown["subject"], shown["snippet"]) == ("1", "t", "d")
    assert not {"sourceId", "title", "description"} & shown.keys()
    row = {"_id": shown["_id"], "subject": "t"}
    assert api.get("tickets", select="subject", sort="-subject") == [row]


@with_setting(ticket_names="as-sent")
def properties_of_a_ticket_keep_their_names(api, company):
    shown = ticket(api)
    assert (shown["sourceId"], shown["title"], shown["description"]) == ("1", "t", "d")
    assert "externalId" not in shown


@with_setting(ticket_names="both")
def properties_of_a_ticket_have_both_names(api, company):
    shown = ticket(api)
    assert shown["sourceId"] == shown["externalId"] == "1"


@with_setting(updates_need_external_id=False)
def a_conversation_without_external_id_can_be_updated(api, company):
    record = api.tenant.insert("conversations", {"subject": "s"})["_id"]
    assert status(api, "PUT", f"conversations/{record}", {"subject": "t"}) == 200


@with_setting(updates_need_external_id=True)
def a_conversation_without_external_id_refuses_updates(api, company):
    without = api.tenant.insert("conversations", {"subject": "s"})["_id"]
    having = api.tenant.insert("conversations", {"subject": "s", "externalId": "x"})["_id"]
    assert status(api, "PUT", f"conversations/{without}", {"externalId": "y"}) == 400
    assert status(api, "PUT", f"conversations/{having}", {"subject": "t"}) == 200


def note_twice(api, company):
    note = {"type": "note", "companyId": company, "externalId": "n-1"}
    return [api.bulk([note], "conversations").json()["created"] for _ in "ab"]


@with_setting(note_keyables="id")
def a_note_is_matched_by_its_id_only(api, company):
    assert note_twice(api, company) == [1, 1]


@with_setting(note_keyables="external-id")
def a_note_is_matched_by_its_external_id(api, company):
    assert note_twice(api, company) == [1, 0]


def churn_twice(api, company):
    item = {"companyId": company, "value": 1, "sourceId": "c-1"}
    return [api.bulk([item], "churn").json()["created"] for _ in "ab"]


@with_setting(undocumented_keyables="matched")
def an_undocumented_keyable_is_matched(api, company):
    assert churn_twice(api, company) == [1, 0]


@with_setting(undocumented_keyables="ignored")
def an_undocumented_keyable_is_ignored(api, company):
    assert churn_twice(api, company) == [1, 1]
    assert note_twice(api, company) == [1, 1]


def of_an_unknown_type(api, company):
    item = {"companyId": company, "type": "seance"}
    return api.call("POST", "conversations", item).json()["type"]


@with_setting(unknown_conversation_type="note")
def an_unknown_type_becomes_a_note(api, company):
    assert of_an_unknown_type(api, company) == "note"


@with_setting(unknown_conversation_type="keep")
def an_unknown_type_is_kept(api, company):
    assert of_an_unknown_type(api, company) == "seance"


def described(api, company):
    item = {"companyId": company, "description": "<p>x</p>"}
    return api.call("POST", "conversations", item).json()["description"]


@with_setting(conversation_descriptions="as-sent")
def a_description_keeps_its_tags(api, company):
    assert described(api, company) == "<p>x</p>"


@with_setting(conversation_descriptions="plain")
def a_description_loses_its_tags(api, company):
    assert described(api, company) == "x"


def roles(api):
    """Roles in the answers to a create, a get and a list."""
    created = api.call("POST", "users", {**USER, "roles": ["57e2b92ff795575a5b8c4659"]}).json()
    row = api.get("users", select="roles")[0]
    answers = (created, api.get(f"users/{created['_id']}"), row)
    return [isinstance(answer["roles"][0], dict) for answer in answers]


@with_setting(user_roles="by-id")
def roles_are_objects_in_a_get(api, company):
    assert roles(api) == [False, True, False]


@with_setting(user_roles="nowhere")
def roles_are_ids(api, company):
    assert roles(api) == [False, False, False]


@with_setting(user_roles="everywhere")
def roles_are_objects_in_gets_and_lists(api, company):
    assert roles(api) == [False, True, True]


@pytest.mark.parametrize("setting", list(CHECKS), ids=lambda setting: f"{setting[0]}={setting[1]}")
def test_a_behaviour_of_models(api, company, setting):
    name, value = setting
    api.sandbox.behave("token-a", **{name: value})
    CHECKS[setting](api, company)


def test_every_behaviour_of_models_and_choice_is_tested():
    for field in dataclasses.fields(ModelBehaviours):
        tested = {value for name, value in CHECKS if name == field.name}
        assert tested, field.name
        assert set(field.metadata["choices"]) - tested == set()


def test_every_model_is_served(api):
    assert len(MODELS) == 25  # notes are conversations
    for model in MODELS:
        assert api.get(model.name) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_list_has_the_documented_default_and_maximum(api, model):
    collection = api.tenant.store.collection(model.name)
    for number in range(model.maximum_limit + 1):
        collection.put({"_id": f"{number:024x}", "dateAnswered": "9"})
    assert len(api.get(model.name, select="_id")) == model.default_limit
    assert len(api.get(model.name, select="_id", limit=99_999)) == model.maximum_limit


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_create_needs_what_is_required_and_a_bulk_create_what_it_requires(api, model):
    bulk = api.tenant.store.collection(model.name)
    if model.bulk_required and "bulk" not in model.undocumented_routes:
        body = api.bulk([{"custom": {"a": 1}}], model.name).json()
        assert body["created"] == 0
    if model.required and "create" not in model.undocumented_routes:
        assert status(api, "POST", model.name, {"custom": {"a": 1}}) == 400
    assert not bulk.records


def test_a_bulk_create_of_an_invoice_needs_more_than_a_create(api, company):
    assert status(api, "POST", "invoices", {"cId": company}) == 200
    assert api.bulk([{"cId": company}], "invoices").status_code == 400


def test_an_invoice_is_found_by_its_ext_id_and_has_the_next_number(api):
    company = api.tenant.insert("companies", {"name": "C", "externalId": "c"})["_id"]
    invoices = [
        api.call("POST", "invoices", {"cId": "extid-c", "extId": f"i-{n}"}).json() for n in (1, 2)
    ]
    assert [(each["cId"], each["cName"]) for each in invoices] == [(company, "C")] * 2
    assert api.get("invoices/extid-i-2")["_id"] == invoices[1]["_id"]
    assert api.get("invoices", companyId=f"{company},x") == api.get("invoices")
    api.call("DELETE", f"invoices/{invoices[1]['_id']}")
    assert api.call("POST", "invoices", {"cId": company}).json()["invoiceNo"] == 3


def test_a_path_takes_the_prefixes_of_the_model_only(api, company):
    user = api.tenant.insert("users", {**USER, "externalId": "u"})["_id"]
    assert api.get("users/extid-u")["_id"] == user
    assert status(api, "GET", "users/a@b.example") == 400
    opportunity = {"companyId": company, "sourceId": "s"}
    made = api.call("POST", "opportunities", opportunity).json()["_id"]
    assert api.get("opportunities/srcid-s")["_id"] == made
    assert api.bulk([opportunity], "opportunities").json()["created"] == 1


def test_lists_have_the_filters_of_their_pages(api, company):
    for day, only in (("2021-07-28", True), ("2021-08-01", False)):
        churn = {"companyId": company, "value": 1, "churnDate": day, "onlyDowngrade": only}
        assert status(api, "POST", "churn", churn) == 200
    for query, days in (
        ({"from": "2021-07-29"}, ["2021-08-01"]),
        ({"to": "2021-07-28"}, ["2021-07-28"]),
        ({"downgrades": "only"}, ["2021-07-28"]),
        ({"downgrades": "excluded"}, ["2021-08-01"]),
        ({"from": "2021-07-28", "to": "2021-08-01"}, ["2021-07-28", "2021-08-01"]),
    ):
        assert [row["churnDate"][:10] for row in api.get("churn", **query)] == days
    for kind in ("note", "email"):
        api.tenant.insert("conversations", {"type": kind, "companyId": company})
    assert [row["type"] for row in api.get("conversations", type="email", cId=company)] == ["email"]
    for number in ("1", "2"):
        fields = {
            "status": f"s{number}",
            "email": f"{number}@x.example",
            "description": f"D{number}",
        }
        api.tenant.insert("tickets", {"sourceId": number, **fields})
    for query in ({"status": "s2"}, {"s": "s2"}, {"email": "2@x.example"}, {"search": "d2"}):
        assert [row["externalId"] for row in api.get("tickets", **query)] == ["2"]


def test_tasks_and_endusers_are_found_by_people(api, company):
    enduser = api.tenant.insert("endusers", {"email": "a@b.example", "companyId": company})["_id"]
    api.tenant.insert("endusers", {"email": "c@d.example", "companyId": company})
    assert ids(api.get("endusers", email="a@b.example")) == [enduser]
    assert ids(api.get("endusers", euId=enduser)) == [enduser]
    task = api.tenant.insert("tasks", {"endusers": [{"id": enduser}]})["_id"]
    api.tenant.insert("tasks", {})
    assert ids(api.get("tasks", enduserIds=f"x,{enduser}")) == [task]


def test_an_enduser_without_company_gets_that_of_its_domain(api):
    company = api.tenant.insert("companies", {"name": "C", "domains": ["tenet.example"]})["_id"]
    made = api.call("POST", "endusers", {"email": "a@Tenet.example"}).json()
    assert (made["companyId"], made["companyName"]) == (company, "C")
    assert status(api, "POST", "endusers", {"companyId": company}) == 400


def test_an_answer_to_a_survey_has_its_enduser_and_company(api, company):
    enduser = api.tenant.insert("endusers", {"email": "a@b.example", "companyId": company})["_id"]
    made = api.call("POST", "nps", {"email": "a@b.example", "score": 7}).json()
    assert (made["euId"], made["cId"], made["cName"]) == (enduser, company, "Tenet")


def test_people_of_a_note_are_named_however_they_were_sent(api, company):
    user = api.tenant.insert("users", USER)["_id"]
    note = {
        "companyId": company,
        "users": [{"_id": user, "isOwner": True}],
        "description": "<p>x</p>",
    }
    made = api.call("POST", "conversations", note).json()
    assert made["users"] == [{"id": user, "name": "Al", "isOwner": True}]
    assert (made["type"], made["snippet"]) == ("note", "x")
    assert api.get(f"conversations/{made['_id']}")["userIds"] == [user]


def test_a_time_entry_is_of_a_day_and_has_totals(api):
    item = {"hours": 5, "date": "2025-01-30T23:51:01.691-02:00", "billableRate": 10}
    made = api.call("POST", "timeentries", item).json()
    assert (made["date"], made["totalBilled"]) == ("2025-01-31T00:00:00.000Z", 50)
    assert status(api, "POST", "timeentries", {"hours": 0.05, "date": "2025-01-30"}) == 400


def test_time_entries_are_duplicated_and_sheets_show_their_ids(api):
    entry = api.call("POST", "timeentries", {"hours": 5, "date": "2025-01-30"}).json()["_id"]
    body = api.call("POST", "timeentries/duplicate", {"ids": [entry]}).json()
    assert (body["created"], body["validationErrors"]) == (1, [])
    assert [row["hours"] for row in api.get("timeentries")] == [5, 5]
    assert status(api, "POST", "timeentries/other", {"ids": [entry]}) == 404
    assert status(api, "POST", "issues/duplicate", {"ids": [entry]}) == 404
    sheet = api.call("POST", "timesheets", {"timeEntries": [{"_id": entry}]}).json()
    assert (sheet["timeEntries"], sheet["status"]) == ([entry], "submitted")


def test_a_new_user_is_inactive_and_listed_with_some_properties(api):
    made = api.call("POST", "users", USER).json()
    assert made["inactive"] is True
    assert "updatedAt" not in made
    (row,) = api.get("users")
    assert "roles" not in row
    assert {"nickName", "updatedAt"} <= row.keys()
    assert api.get(f"users/{made['_id']}")["permissions"] == {}


def test_times_are_kept_in_utc_with_milliseconds(api, company):
    task = api.call(
        "POST", "tasks", {"companyId": company, "startTime": "2021-07-29T02:00:00+02:00"}
    )
    assert task.json()["startTime"] == "2021-07-29T00:00:00.000Z"
    assert task.json()["mainType"] == "task"
    assert status(api, "POST", "tasks", {"companyId": company, "startTime": "soon"}) == 400


@pytest.mark.parametrize(
    ("date", "kept"),
    [
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T00:00:00.000Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_the_first_and_last_days_are_kept_or_refused(api, date, kept):
    answer = api.call("POST", "timeentries", {"hours": 1, "date": date})
    assert answer.status_code == (200 if kept else 400)
    assert answer.json().get("date") == kept
