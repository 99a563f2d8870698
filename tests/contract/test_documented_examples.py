"""Every example request of the vendor's pages “Issue” and “Objective”, and its answer.

Ids and times are another's, and so are the names of what is referred to; all else is compared.
"""

from __future__ import annotations

import re

import pytest

OBJECT_ID = re.compile(r"[0-9a-f]{24}")
TITLE = "Problem with integration"
DESCRIPTION = "There is a problem with our integration settings that is affecting some users."
DELETED = {"n": 1, "ok": 1, "deletedCount": 1}


@pytest.fixture
def company(planhat):
    return planhat.company()


@pytest.fixture
def enduser(planhat, company):
    return planhat.create(
        "endusers",
        firstName="Lara",
        lastName="Croft",
        email=f"{planhat.word}@example.com",
        companyId=company["_id"],
    )


def without_own(record):
    """A record without the properties that Planhat sets anew for each."""
    own = {"_id", "createdAt", "updatedAt"}
    return {name: value for name, value in record.items() if name not in own}


def issue_as_documented(company, enduser=None, **more):
    return {
        "companyMatchingValue": [],
        "companyIds": [company["_id"]],
        "enduserIds": [enduser["_id"]] if enduser else [],
        "conversationIds": [],
        "archived": False,
        "title": TITLE,
        "description": DESCRIPTION,
        "companies": [{"id": company["_id"], "name": company["name"]}],
        "endusers": [{"id": enduser["_id"], "name": "Lara Croft"}] if enduser else [],
        "__v": 0,
        **more,
    }


def test_create_issue_as_documented(planhat, company, enduser):
    answer = planhat.create(
        "issues",
        companyIds=[company["_id"]],
        enduserIds=[enduser["_id"]],
        title=TITLE,
        description=DESCRIPTION,
        status="Open",
    )
    assert OBJECT_ID.fullmatch(answer["_id"])
    assert without_own(answer) == issue_as_documented(company, enduser, status="Open")
    assert answer["updatedAt"] == answer["createdAt"]


def test_update_issue_as_documented(planhat, company):
    issue = planhat.issue(company, title=TITLE, description=DESCRIPTION, status="Open")
    answer = planhat.call("PUT", f"issues/{issue['_id']}", json={"status": "In Progress"})
    assert answer.status_code == 200
    assert answer.json()["_id"] == issue["_id"]
    assert without_own(answer.json()) == issue_as_documented(company, status="In Progress")


def test_get_issue_as_documented(planhat, company):
    issue = planhat.issue(company, title="There is a problem with the sites", status="Done")
    answer = planhat.get(f"issues/{issue['_id']}")
    expected = issue_as_documented(company, title=issue["title"], status="Done")
    del expected["description"]
    assert without_own(answer) == expected


def test_list_issues_as_documented(planhat, company):
    planhat.issue(company, title="New issue", status="Done")
    planhat.issue(company, title=TITLE, status="In Progress")
    rows = planhat.get(
        "issues", limit=2, offset=0, sort="-createdAt", select="_id,title,status,companyIds"
    )
    assert [{name: row[name] for name in row if name != "_id"} for row in rows] == [
        {"companyIds": [company["_id"]], "title": TITLE, "status": "In Progress"},
        {"companyIds": [company["_id"]], "title": "New issue", "status": "Done"},
    ]


@pytest.mark.parametrize("model", ["issues", "objectives"])
def test_delete_as_documented(planhat, company, model):
    if model == "issues":
        record = planhat.issue(company)
    else:
        record = planhat.create("objectives", name=planhat.word, companyId=company["_id"])
    answer = planhat.call("DELETE", f"{model}/{record['_id']}")
    assert (answer.status_code, answer.json()) == (200, DELETED)
    assert planhat.call("GET", f"{model}/{record['_id']}").status_code == 404


def test_bulk_upsert_issues_as_documented(planhat, company, enduser):
    issue = planhat.issue(company)
    answer = planhat.bulk(
        "issues",
        [
            {"_id": issue["_id"], "status": "Done"},
            {
                "companyIds": [company["_id"]],
                "enduserIds": [enduser["_id"]],
                "title": TITLE,
                "description": DESCRIPTION,
                "status": "Open",
            },
        ],
    )
    assert answer.status_code == 200
    body = answer.json()
    (new,) = body["upsertedIds"]
    assert body == {
        "created": 1,
        "createdErrors": [],
        "insertsKeys": [{"_id": new}],
        "updated": 1,
        "updatedErrors": [],
        "updatesKeys": [{"_id": issue["_id"]}],
        "nonupdates": 0,
        "modified": [issue["_id"]],
        "upsertedIds": [new],
        "permissionErrors": [],
    }
    assert planhat.get(f"issues/{issue['_id']}")["status"] == "Done"
    expected = issue_as_documented(company, enduser, status="Open")
    assert without_own(planhat.get(f"issues/{new}")) == expected


def documented_objective(company, **more):
    return {
        "name": "Objective name",
        "health": 5,
        "companyId": company["_id"],
        "externalId": 1234,
        "custom": {"field": "custom field"},
        **more,
    }


def test_create_objective_as_documented(planhat, company):
    source = f"sfc-{planhat.word}"
    answer = planhat.create("objectives", **documented_objective(company, sourceId=source))
    assert OBJECT_ID.fullmatch(answer.pop("_id"))
    assert answer == documented_objective(
        company, sourceId=source, externalId="1234", companyName=company["name"]
    )


def test_update_objective_as_documented(planhat, company):
    source = f"sfc-{planhat.word}"
    objective = planhat.create("objectives", **documented_objective(company, sourceId=source))
    answer = planhat.call(
        "PUT", f"objectives/{objective['_id']}", json={"name": "Objective name 2"}
    )
    assert answer.status_code == 200
    assert answer.json() == {**objective, "name": "Objective name 2", "__v": 0}


def test_get_objective_as_documented(planhat, company):
    custom = {
        "Comments": "",
        "Main Product": ["Recipe Database"],
        "Days in Phase": 0,
        "t123": "undefined",
        "Overall Outlet Health": 4,
        "Kary FF": None,
    }
    objective = planhat.create(
        "objectives",
        name="Gold objective",
        health=5,
        companyId=company["_id"],
        externalId="4467",
        custom=custom,
    )
    usage = {"6053b728fa96fa0262729a3d": 0, "6053ba62ca3eaf023a54d268": 0}
    if planhat.sandbox is not None:
        # Planhat measures the usage itself; no request sets it.
        tenant = planhat.sandbox.tenant("contract")
        tenant.update("objectives", objective["_id"], {"usage": usage})
    answer = planhat.get(f"objectives/{objective['_id']}")
    if planhat.sandbox is not None:
        assert answer.pop("usage") == usage
    assert answer == {
        "_id": objective["_id"],
        "companyId": company["_id"],
        "companyName": company["name"],
        "name": "Gold objective",
        "health": 5,
        "__v": 0,
        "custom": custom,
        "externalId": "4467",
    }


def test_list_objectives_as_documented(planhat, company):
    for name, health in (("Trello.io", 4), ("ZPA Product", 5)):
        planhat.create("objectives", name=name, health=health, companyId=company["_id"])
    rows = planhat.get(
        "objectives",
        limit=2,
        offset=0,
        sort="-name",
        select="_id,name,health,companyId",
        companyId=company["_id"],
    )
    assert [{name: row[name] for name in row if name != "_id"} for row in rows] == [
        {"companyId": company["_id"], "name": "ZPA Product", "health": 5},
        {"companyId": company["_id"], "name": "Trello.io", "health": 4},
    ]


def test_bulk_upsert_objectives_as_documented(planhat, company):
    sources = [f"sfc-{planhat.word}-{number}" for number in (1, 2)]
    answer = planhat.bulk(
        "objectives",
        [
            documented_objective(company, sourceId=sources[0], health=4),
            documented_objective(
                company, sourceId=sources[1], externalId=1235, name="Objective name 2"
            ),
        ],
    )
    assert answer.status_code == 200
    body = answer.json()
    first, second = body["upsertedIds"]
    assert body == {
        "created": 2,
        "createdErrors": [],
        "insertsKeys": [
            {"_id": first, "sourceId": sources[0], "externalId": "1234"},
            {"_id": second, "sourceId": sources[1], "externalId": "1235"},
        ],
        "updated": 0,
        "updatedErrors": [],
        "updatesKeys": [],
        "nonupdates": 0,
        "modified": [],
        "upsertedIds": [first, second],
        "permissionErrors": [],
    }
