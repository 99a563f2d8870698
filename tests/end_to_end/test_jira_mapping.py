"""The mapping of docs/recipes/jira.md: what an issue of Jira becomes, whatever Jira gives."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import yaml
from checkout import ROOT
from jira_api import CUSTOMER, STATUSES, issue, messages, status
from pages import parse

from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.records.payload import Skipped

PAGE = ROOT / "docs" / "recipes" / "jira.md"
FILES = {block.file: block.body for block in parse(PAGE.name, PAGE.read_text("utf-8")).blocks}
# The fields of the page's table, as Jira gives them, and what becomes of them.
MORE_FIELDS = {
    "assignee": ({"accountId": "5b1", "displayName": "Ada"}, "Ada"),
    "issuetype": ({"name": "Bug"}, "Bug"),
    "project": ({"key": "DESK", "name": "Service desk"}, "Service desk"),
    "parent": ({"key": "DESK-1"}, "DESK-1"),
    "components": ([{"name": "Till"}, {"name": "Oven"}], ["Till", "Oven"]),
    "fixVersions": ([{"name": "4.2"}], ["4.2"]),
    "duedate": ("2026-12-01", "2026-12-01"),
    "resolutiondate": ("2026-11-21T10:00:00.000+0000", "2026-11-21T10:00:00.000+0000"),
    "customfield_10020": (
        [{"id": 3, "name": "Sprint 3", "state": "closed"}, {"id": 4, "name": "Sprint 4"}],
        "Sprint 4",
    ),
    "customfield_10016": (5, 5),
    "created": ("2026-11-21T10:00:00.000+0000", "2026-11-21T10:00:00.000+0000"),
}


def table(header: str) -> list[list[str]]:
    """Return the rows of the page's table that begins with this header, without markup."""
    below = PAGE.read_text("utf-8").partition(f"| {header} |")[2]
    rows = below.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]


def code(cell: str) -> str:
    return cell.strip("`")


@pytest.fixture(scope="module")
def mapped():
    """What the page's mapping makes of an issue; other properties may be mapped instead."""

    def apply(entry, **instead: Any):
        (mapping,) = json.loads(FILES["target.json"])["mappings"]
        changed = {**mapping, **{key: instead.pop(key) for key in ("when",) if key in instead}}
        changed["set"] = mapping["set"] | instead
        stream = Mappings.from_config([changed], load_models()).of("issues")
        (record,) = (m["record"] for m in messages(entry) if m["type"] == "RECORD")
        return stream.apply(record)

    return apply


def test_an_issue_becomes_what_the_page_says(mapped):
    entry = issue(7, "Ovens cannot be booked", labels=["booking", "login"], priority=None)
    assert mapped(entry) == {
        "sourceId": "20407",
        "source": "Jira",
        "sourceUrl": "https://yourcompany.atlassian.net/browse/DESK-7",
        "title": "Ovens cannot be booked",
        "description": None,
        "status": "Open",
        "priority": "Low",
        "archived": False,
        "companyIds": ["extid-birch-bakery"],
        "custom": {"Jira key": "DESK-7", "Labels": ["booking", "login"]},
    }


@pytest.mark.parametrize("row", table("type of the field"), ids=lambda row: row[0])
def test_the_field_of_the_customer_may_have_any_type_of_the_table(mapped, row):
    _, value, when, entry = row
    found = json.loads(code(value).replace(", …", ""))
    how = {"when": code(when), "companyIds": yaml.safe_load(code(entry))}
    assert mapped(issue(7, "a", **{CUSTOMER: found}), **how)["companyIds"] == ["extid-acme-1"]
    assert isinstance(mapped(issue(7, "a", **{CUSTOMER: None}), **how), Skipped)


def test_a_number_that_names_a_customer_has_no_decimal_point(mapped):
    assert mapped(issue(7, "a", **{CUSTOMER: Decimal("4711.0")}))["companyIds"] == ["extid-4711"]


def test_an_issue_of_several_customers_belongs_to_all_of_them(mapped):
    (row,) = (row for row in table("type of the field") if "multiple" in row[0])
    found = [{"value": "acme-1"}, {"value": "acme-2"}]
    how = {"when": code(row[2]), "companyIds": yaml.safe_load(code(row[3]))}
    several = mapped(issue(7, "a", **{CUSTOMER: found}), **how)
    assert several["companyIds"] == ["extid-acme-1", "extid-acme-2"]
    assert isinstance(mapped(issue(7, "a", **{CUSTOMER: []}), **how), Skipped)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"name": "Highest"}, "Urgent"),
        ({"name": "Medium"}, "Normal"),
        ({"name": "Lowest"}, "Low"),
        ({"name": "P1. Stop the shop"}, "Low"),
        (None, "Low"),
    ],
)
def test_every_priority_becomes_one_of_planhats(mapped, found, expected):
    assert mapped(issue(7, "a", priority=found))["priority"] == expected


def test_the_category_of_the_status_decides_what_is_archived(mapped):
    archived = {name: mapped(issue(7, "a", status=status(name)))["archived"] for name in STATUSES}
    assert archived == {"new": False, "indeterminate": False, "done": True}


def test_an_issue_that_is_moved_to_another_project_stays_the_same_issue(mapped):
    moved = {**issue(7, "a"), "key": "BAKE-2"}
    assert mapped(moved)["sourceId"] == mapped(issue(7, "a"))["sourceId"]
    assert mapped(moved)["sourceUrl"].endswith("/browse/BAKE-2")


def test_what_was_not_read_is_not_written(mapped):
    entry = issue(7, "a")
    for name in ("description", "labels", "priority", "status"):
        del entry["fields"][name]
    assert mapped(entry).keys() == {
        *("sourceId", "source", "sourceUrl", "title", "companyIds", "archived", "custom")
    }


@pytest.mark.parametrize("row", table("field"), ids=lambda row: row[0])
def test_more_fields_of_jira_can_be_mapped(mapped, row):
    _, name, expression = map(code, row)
    found = MORE_FIELDS[name]
    entry = issue(7, "a", **{name: found[0]})
    for fields, expected in ((entry, found[1]), (issue(7, "a", **{name: None}), None)):
        custom = mapped(fields, custom={"Field": expression})["custom"]
        assert custom == {"Field": expected}


# A record of each column of the page's table of other trackers, and what becomes of it.
OTHER_TRACKERS = [
    (
        {
            "id": "6f1b",
            "identifier": "DESK-7",
            "url": "https://linear.app/birch/issue/DESK-7",
            "title": "Till is slow",
            "description": "Since **Monday**",
            "state": {"name": "Shipped", "type": "completed"},
        },
        {
            "sourceId": "6f1b",
            "sourceUrl": "https://linear.app/birch/issue/DESK-7",
            "title": "Till is slow",
            "description": "Since **Monday**",
            "status": "Shipped",
            "archived": True,
        },
    ),
    (
        {
            "id": 35436,
            "subject": "Till is slow",
            "description": "Since Monday",
            "status": "pending",
            "organization_id": 509974,
        },
        {
            "sourceId": 35436,
            "sourceUrl": "https://yourcompany.zendesk.com/agent/tickets/35436",
            "title": "Till is slow",
            "description": "Since Monday",
            "status": "pending",
            "archived": False,
            "companyIds": ["srcid-509974"],
        },
    ),
]


@pytest.mark.parametrize("column", [0, 1], ids=["Linear", "Zendesk"])
def test_tickets_of_other_trackers_can_be_mapped(column):
    record, expected = OTHER_TRACKERS[column]
    properties = {code(row[0]): row[column + 1] for row in table("| Linear | Zendesk tickets")}
    entries = {
        name: yaml.safe_load(code(cell.partition(", if")[0]))
        if name == "companyIds"
        else code(cell)
        for name, cell in properties.items()
        if name in expected
    }
    mapping = {"stream": "tickets", "model": "issues", "set": entries}
    stream = Mappings.from_config([mapping], load_models()).of("tickets")
    assert stream.apply(record) == expected
    assert expected.keys() | {"companyIds"} == properties.keys()
