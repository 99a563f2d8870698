"""What is peculiar to other models than issues and objectives."""

from __future__ import annotations

import jsonschema
import pytest

from planhat_sync.models import load_models

DAY = 18_836


@pytest.fixture
def company(planhat):
    return planhat.company()["_id"]


def test_a_model_that_a_tenant_lacks_is_answered_with_404_or_403(planhat):
    assert planhat.call("GET", "deals", params={"limit": 1}).status_code in {200, 403, 404}


def test_custom_fields_have_no_bulk_upsert_and_a_ticket_no_path(planhat):
    planhat.skip_live("a tenant's custom fields are its own")
    assert planhat.bulk("customfields", []).status_code >= 400
    assert planhat.call("GET", f"tickets/{'0' * 24}").status_code >= 400


def test_a_default_list_leaves_archived_records_out(planhat, company):
    address = f"{planhat.word}@example.com"
    made = planhat.create("endusers", companyId=company, email=address, archived=True)["_id"]
    assert planhat.get("endusers", companyId=company) == []
    assert [row["_id"] for row in planhat.get("endusers", companyId=company, archived="true")] == [
        made
    ]
    task = planhat.create("tasks", companyId=company, action=planhat.word, isArchived=True)["_id"]
    assert planhat.get("tasks", companyId=company) == []
    assert [row["_id"] for row in planhat.get("tasks", companyId=company, isArchived="true")] == [
        task
    ]


def test_churn_is_filtered_by_its_date(planhat, company):
    made = planhat.create("churn", companyId=company, value=1, churnDate="2021-07-28")["_id"]
    for query, found in (({"to": "2021-07-27"}, []), ({"from": "2021-07-28"}, [made])):
        assert [row["_id"] for row in planhat.get("churn", companyId=company, **query)] == found


def test_an_asset_has_no_times(planhat, company):
    made = planhat.create("assets", companyId=company, name=planhat.word)["_id"]
    assert not {"createdAt", "updatedAt"} & planhat.get(f"assets/{made}").keys()


def test_an_owner_need_not_exist(planhat, company):
    owner = {"ownerId": "0" * 24}
    made = planhat.create("workspaces", companyId=company, name=planhat.word, **owner)
    assert made["ownerId"] == "0" * 24


def test_a_ticket_without_address_is_dropped_silently(planhat, company):
    ticket = {"sourceId": planhat.word, "companyId": company, "domains": ["example.com"]}
    answer = planhat.bulk("tickets", [ticket])
    assert answer.status_code == 200
    assert answer.json()["created"] == 0
    assert answer.json()["createdErrors"] == []


def test_dates_of_an_invoice_are_numbers_of_days(planhat, company):
    made = planhat.create("invoices", cId=company, currency="USD", invoiceDate=DAY)
    assert made["invoiceDate"] == DAY


def test_line_items_of_an_invoice_are_written_with_it(planhat, company):
    items = [{"relatedId": f"sale-{'a' * 24}", "saleId": "a" * 24, "product": "One", "amount": 3}]
    made = planhat.create("invoices", cId=company, lineItems=items)
    (item,) = made["lineItems"]
    assert item.pop("_id")
    assert item == {"saleId": "a" * 24, "product": "One", "amount": 3}


def test_the_date_of_a_time_entry_is_a_day(planhat):
    made = planhat.create("timeentries", hours=5, date="2025-01-30T14:51:01.691Z")
    assert made["date"] == "2025-01-30T00:00:00.000Z"


def test_time_entries_have_validation_errors(planhat):
    answer = planhat.bulk("timeentries", [{"hours": 5, "date": "2025-01-30"}]).json()
    assert answer["validationErrors"] == []


def test_time_entries_can_be_duplicated(planhat):
    planhat.skip_live("the answer may not name what it created")
    made = planhat.create("timeentries", hours=5, date="2025-01-30")["_id"]
    answer = planhat.call("POST", "timeentries/duplicate", json={"ids": [made]})
    assert answer.json()["created"] == 1


def test_a_ticket_comes_back_under_other_names(planhat, company):
    ticket = {
        "sourceId": planhat.word,
        "companyId": company,
        "email": f"{planhat.word}@example.com",
        "domains": ["example.com"],
        "title": "Title",
        "description": "Text",
    }
    assert planhat.bulk("tickets", [ticket]).json()["created"] == 1
    (row,) = planhat.get("tickets", companyId=company)
    assert (row["externalId"], row["subject"], row["snippet"]) == (planhat.word, "Title", "Text")


def test_a_conversation_without_external_id_is_updated(planhat, company):
    made = planhat.create("conversations", companyId=company, subject="Old")["_id"]
    answer = planhat.call("PUT", f"conversations/{made}", json={"subject": "New"})
    assert answer.json()["subject"] == "New"


def test_a_note_is_a_conversation(planhat, company):
    note = {"companyId": company, "type": "note", "subject": planhat.word}
    made = planhat.bulk("conversations", [note]).json()["insertsKeys"][0]["_id"]
    answer = planhat.bulk("conversations", [{"_id": made, "subject": "New"}])
    assert answer.json()["created"] == 0
    assert planhat.call("DELETE", f"conversations/{made}").json()["subject"] == "New"


def test_a_description_is_stored_with_or_without_its_tags(planhat, company):
    sent = "<p>Text</p>"
    made = planhat.create("conversations", companyId=company, type="note", description=sent)
    assert made["description"] in {sent, "Text"}
    assert made["snippet"] == "Text"


def test_an_unknown_type_of_conversation_becomes_a_note(planhat, company):
    made = planhat.create("conversations", companyId=company, type=planhat.word)
    assert made["type"] == "note"


def test_roles_of_a_user_are_objects_in_one_answer(planhat):
    sandbox = planhat.skip_live("a user of a real tenant would be invited")
    names = {"nickName": "N", "firstName": "F", "lastName": "L", "email": "n@example.com"}
    user = sandbox.tenant("contract").insert(
        "users", {**names, "roles": ["57e2b92ff795575a5b8c4659"]}
    )
    assert planhat.get(f"users/{user['_id']}")["roles"][0]["_id"] == "57e2b92ff795575a5b8c4659"
    assert planhat.get("users", select="roles")[0]["roles"] == ["57e2b92ff795575a5b8c4659"]


def test_records_have_the_types_of_their_files(planhat, company):
    planhat.issue({"_id": company}, custom={"Field": 1})
    planhat.create("objectives", name=planhat.word, companyId=company, health=3)
    planhat.create("tasks", companyId=company)
    for name in ("companies", "issues", "objectives", "tasks"):
        model = load_models()[name]
        rows = planhat.get(name, limit=100, select=",".join(model.properties))
        assert rows
        for row in rows:
            jsonschema.validate(row, model.record_schema, jsonschema.Draft202012Validator)
