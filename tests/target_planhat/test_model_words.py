"""What the words of a model's file mean for the target, with the models that have them."""

from __future__ import annotations

import json
import time

import pytest

from planhat_sync.writing.matching.finder import MAX_LOOKUPS

GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
OTHERS = [0, MAX_LOOKUPS]
"""How many more records a run has: a few are requested one by one, more are found in the list."""


@pytest.fixture
def tenant(bench):
    return bench.sandbox.tenant("alpha")


@pytest.fixture
def write(bench):
    """Write records of one model."""

    def write(model, *records, **config):
        lines = [bench.schema(model), *(bench.record(model, **fields) for fields in records)]
        return bench.run([*lines, bench.state(1)], **{"on_reject": "continue", **config})

    return write


def paths(bench, method):
    return [each.path for each in bench.sandbox.requests if each.method == method]


@pytest.fixture
def email(tenant, bench):
    """A conversation that is an e-mail, by its `_id`."""
    fields = {"companyId": bench.company(), "externalId": "e", "type": "email", "subject": "mail"}
    return tenant.insert("conversations", fields)


def test_a_note_is_a_conversation_of_the_type_note(bench, tenant, write):
    company = bench.company()
    ran = write(
        "notes",
        {"externalId": "a", "companyId": company, "subject": "without"},
        {"externalId": "b", "companyId": company, "subject": "null", "type": None},
        {"externalId": "c", "companyId": company, "subject": "note", "type": "note"},
        {"externalId": "d", "companyId": company, "subject": "mail", "type": "email"},
    )
    assert ran.error is None
    assert ran.reject_codes == {5: "wrong_type"}
    assert ran.rejects[0]["reject"]["property"] == "type"
    assert "email" not in ran.rejects[0]["reject"]["message"]
    found = {each["externalId"]: each["type"] for each in tenant.records("conversations")}
    assert found == dict.fromkeys("abc", "note")
    requests = [each for each in bench.sandbox.requests if each.route == "bulk"]
    assert {each.path for each in requests} == {"/conversations"}
    assert {item["type"] for each in requests for item in json.loads(each.body)} == {"note"}


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("mode", ["upsert", "update"])
def test_a_conversation_of_another_type_does_not_become_a_note(
    bench, tenant, write, email, others, mode
):
    company = bench.company()
    made = [tenant.insert("conversations", {"companyId": company}) for _ in range(others)]
    ran = write(
        "notes",
        {"_id": email["_id"], "subject": "changed"},
        *[{"_id": each["_id"], "subject": "changed"} for each in made],
        write_mode=mode,
    )
    assert ran.error is None
    assert ran.reject_codes == {2: "ambiguous_key"}
    assert ran.counts["notes"]["updated"] == others
    found = {each["_id"]: each for each in tenant.records("conversations")}
    assert (found[email["_id"]]["type"], found[email["_id"]]["subject"]) == ("email", "mail")


@pytest.mark.parametrize("by", ["_id", "externalId"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_conversation_of_another_type_is_not_deleted_as_a_note(write, tenant, email, dry_run, by):
    record = {by: email[by], "companyId": email["companyId"], **GONE}
    ran = write("notes", record, deletes="delete", dry_run=dry_run)
    assert ran.error is None
    assert ran.counts["notes"]["rejected"] == 1
    assert len(tenant.records("conversations")) == 1


def test_the_mirror_of_notes_removes_only_notes(bench, tenant, write, email):
    company = email["companyId"]
    old = {"companyId": company, "type": "note"}  # by its _id: the first bytes are a time
    for key in "abc":
        tenant.insert("conversations", {**old, "_id": f"5e0be10{key}" * 3, "externalId": key})
    old_mail = {**old, "_id": "5e0be10f" * 3, "externalId": "old", "type": "email"}
    tenant.insert("conversations", old_mail)
    record, version = bench.record("notes", externalId="a", companyId=company), int(time.time())
    messages = [
        bench.schema("notes"),
        {**record, "version": version},
        {"type": "ACTIVATE_VERSION", "stream": "notes", "version": version},
    ]
    config = {"match_on": ["externalId"], "on_missing": "delete", "missing_scope": {}}
    ran = bench.run(messages, **config)
    assert ran.error is None
    assert {each["externalId"] for each in tenant.records("conversations")} == {
        "a",
        "e",
        "old",
    }


@pytest.mark.parametrize("others", OTHERS)
def test_an_invoice_is_found_by_its_extid_within_its_cid(bench, tenant, write, others):
    one, other = bench.company(externalId="one"), bench.company()
    for company in (one, other):
        tenant.insert("invoices", {"cId": company, "extId": "7", "currency": "USD"})
    more = [{"cId": other, "extId": f"x{at}", "currency": "EUR"} for at in range(others)]
    for fields in more:
        tenant.insert("invoices", fields)
    changed = {"extId": "7", "cId": "extid-one", "currency": "SEK", "invoiceDate": "2024-02-29"}
    ran = write("invoices", changed, *more, write_mode="update", skip_unchanged=True)
    assert ran.error is None
    assert (ran.counts["invoices"]["updated"], ran.counts["invoices"]["unchanged"]) == (1, others)
    found = {each["cId"]: each for each in tenant.records("invoices") if each["extId"] == "7"}
    assert (found[one]["currency"], found[one]["invoiceDate"]) == ("SEK", 19782)
    assert found[other]["currency"] == "USD"
    if not others:
        assert "/invoices/extid-7" in paths(bench, "GET")


def test_an_invoice_of_a_company_that_does_not_exist_is_a_reject(bench, write):
    bench.company(externalId="one")
    bench.company(externalId="two")
    ran = write(
        "invoices",
        {"extId": "1", "cId": "extid-three", "currency": "USD", "invoiceDate": 1},
        skip_unchanged=True,
    )
    assert ran.reject_codes == {2: "unknown_company"}
    assert ran.rejects[0]["reject"]["property"] == "cId"


def test_an_extid_without_a_cid_is_a_reject(write):
    ran = write("invoices", {"extId": "1", "currency": "USD", "invoiceDate": 1})
    assert ran.reject_codes == {2: "ambiguous_key"}
    assert "cId" in ran.rejects[0]["reject"]["message"]


def test_an_invoice_is_deleted_by_its_extid(bench, tenant, write):
    one, other = bench.company(), bench.company()
    for company in (one, other):
        tenant.insert("invoices", {"cId": company, "extId": "7", "currency": "USD"})
    ran = write("invoices", {"extId": "7", "cId": other, **GONE}, deletes="delete")
    assert (ran.error, ran.counts["invoices"]["deleted"]) == (None, 1)
    assert [each["cId"] for each in tenant.records("invoices")] == [one]


@pytest.mark.parametrize("others", OTHERS)
def test_a_user_is_found_by_email_in_the_list_since_no_url_has_it(bench, tenant, write, others):
    people = [f"u{at}@example.com" for at in range(1 + others)]
    for email in people:
        tenant.insert(
            "users", {"email": email, "firstName": "old", "lastName": "L", "nickName": "n"}
        )
    users = [{"email": email, "firstName": "new"} for email in [*people, "new@example.com"]]
    ran = write("users", *users, write_mode="update")
    assert ran.error is None
    assert (ran.counts["users"]["updated"], ran.counts["users"]["skipped"]) == (1 + others, 1)
    assert not [path for path in paths(bench, "GET") if path != "/users"]
    assert {each["firstName"] for each in tenant.records("users")} == {"new"}


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_user_is_deleted_by_email(bench, tenant, write, dry_run):
    ids = {}
    for email in ("a@example.com", "b@example.com"):
        fields = {"email": email, "firstName": "F", "lastName": "L", "nickName": "n"}
        ids[email] = tenant.insert("users", fields)["_id"]
    gone = [{"email": email, **GONE} for email in ("a@example.com", "nobody@example.com")]
    ran = write("users", *gone, deletes="delete", dry_run=dry_run)
    assert (ran.error, ran.counts["users"]["deleted"]) == (None, 1)
    assert len(tenant.records("users")) == 1 + dry_run
    expected = [] if dry_run else [f"/users/{ids['a@example.com']}"]
    assert paths(bench, "DELETE") == expected


def test_a_time_entry_whose_day_is_unchanged_is_not_sent_in_every_run(bench, tenant, write):
    fields = {"hours": 2, "companyId": bench.company(), "date": "2025-01-30T14:51:01.691+02:00"}
    ran = write("timeentries", fields, missing_key="create")
    assert (ran.error, ran.counts["timeentries"]["created"]) == (None, 1)
    (entry,) = tenant.records("timeentries")
    assert entry["date"] == "2025-01-30T00:00:00.000Z"
    again = {**fields, "_id": entry["_id"]}
    sent = len(paths(bench, "PUT"))
    ran = write("timeentries", again, skip_unchanged=True)
    assert ran.counts["timeentries"]["unchanged"] == 1
    assert len(paths(bench, "PUT")) == sent
    other = {**again, "date": "2025-01-31T00:30:00Z"}
    assert write("timeentries", other, skip_unchanged=True).counts["timeentries"]["updated"] == 1


def test_a_deleted_note_is_answered_with_the_note_and_counts_once(bench, tenant, write):
    fields = {"companyId": bench.company(), "externalId": "a", "type": "note"}
    identifier = tenant.insert("conversations", fields)["_id"]
    ran = write("notes", {"_id": identifier, **GONE}, deletes="delete")
    assert (ran.error, ran.counts["notes"]["deleted"]) == (None, 1)
    assert tenant.records("conversations") == []


@pytest.fixture
def tickets(bench, tenant):
    """Tickets in Planhat, and how their source has them."""
    company = bench.company()
    sources = [
        {"sourceId": f"t{at}", "email": "a@example.com", "title": "old", "companyId": company}
        for at in range(2)
    ]
    for fields in sources:
        tenant.insert("tickets", fields)
    return sources


def test_a_ticket_is_compared_under_the_names_that_planhat_returns(bench, write, tickets):
    changed = {**tickets[1], "title": "new", "description": "longer"}
    ran = write("tickets", tickets[0], changed, skip_unchanged=True)
    assert ran.error is None
    assert (ran.counts["tickets"]["unchanged"], ran.counts["tickets"]["updated"]) == (1, 1)
    (request,) = [each for each in bench.sandbox.requests if each.route == "bulk"]
    assert [item["sourceId"] for item in json.loads(request.body)] == ["t1"]
    assert set(paths(bench, "GET")) <= {"/tickets", "/companies", "/leancompanies"}


def test_the_write_modes_know_a_ticket_by_its_source_id(write, tickets):
    new = {**tickets[0], "sourceId": "new"}
    ran = write("tickets", {**tickets[0], "title": "new"}, new, write_mode="update")
    assert (ran.counts["tickets"]["updated"], ran.counts["tickets"]["skipped"]) == (1, 1)
    ran = write("tickets", tickets[0], new, write_mode="create")
    assert (ran.counts["tickets"]["created"], ran.counts["tickets"]["skipped"]) == (1, 1)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_ticket_is_deleted_by_its_source_id(tenant, write, tickets, dry_run):
    ran = write("tickets", {"sourceId": "t0", **GONE}, deletes="delete", dry_run=dry_run)
    assert (ran.error, ran.counts["tickets"]["deleted"]) == (None, 1)
    assert len(tenant.records("tickets")) == 1 + dry_run


def test_the_mirror_knows_a_ticket_by_its_source_id(bench, tenant, tickets):
    for at, key in enumerate(["kept", "gone"]):
        tenant.insert("tickets", {**tickets[0], "_id": f"5e0be10{at}" * 3, "sourceId": key})
    record, version = bench.record("tickets", **tickets[0]), int(time.time())
    messages = [
        bench.schema("tickets"),
        {**record, "version": version},
        {**record, "record": {**tickets[0], "sourceId": "kept"}, "version": version},
        {"type": "ACTIVATE_VERSION", "stream": "tickets", "version": version},
    ]
    config = {"match_on": ["sourceId"], "on_missing": "delete", "missing_scope": {}}
    assert bench.run(messages, **config).error is None
    assert {each["externalId"] for each in tenant.records("tickets")} == {"t0", "kept"}


def test_a_mapping_may_give_a_date_where_days_are_counted(bench, tenant):
    company = bench.company()
    bill = {"number": "7", "company": company, "due": "2024-02-29T23:30:00-01:00"}
    mapping = {
        "stream": "bills",
        "model": "invoices",
        "set": {"extId": "number", "cId": "company", "currency": {"value": "USD"}}
        | {"invoiceDate": {"value": "2024-02-29"}, "dueDate": "due"},
    }
    lines = [bench.schema("bills"), bench.record("bills", **bill)]
    assert bench.run(lines, mappings=[mapping]).error is None
    (invoice,) = tenant.records("invoices")
    assert (invoice["invoiceDate"], invoice["dueDate"]) == (19782, 19783)


def test_a_task_is_archived_by_its_own_flag_once(bench, tenant, write):
    fields = {"companyId": bench.company(), "sourceId": "a", "action": "call"}
    assert write("tasks", fields).counts["tasks"]["created"] == 1
    gone = {"sourceId": "a", **GONE}
    assert write("tasks", gone, deletes="archive").error is None
    (task,) = tenant.records("tasks")
    assert task["isArchived"] is True
    before = len(tenant.writes)
    write("tasks", gone, deletes="archive")
    assert len(tenant.writes) == before


@pytest.mark.parametrize("first", [True, False])
def test_a_user_that_is_created_and_deleted_in_one_run_is_gone(tenant, write, first):
    person = {"email": "new@example.com", "nickName": "N", "firstName": "F", "lastName": "L"}
    other = {"email": "other@example.com", **GONE}
    records = [*([other] if first else []), person, {"email": "new@example.com", **GONE}]
    ran = write("users", *records, match_on=["email"], deletes="delete", batch_size_rows=1)
    assert ran.error is None
    assert tenant.records("users") == []
    assert ran.counts["users"]["deleted"] == 1


def test_a_type_that_is_half_a_surrogate_pair_is_a_reject_like_any_other(bench, write):
    company = bench.company()
    ran = write("notes", {"externalId": "a", "companyId": company, "type": "\ud800"})
    (reject,) = ran.rejects
    assert (ran.error, reject["reject"]["property"]) == (None, "type")
