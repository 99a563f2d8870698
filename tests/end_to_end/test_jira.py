"""Jira into Planhat with the mapping of docs/recipes/jira.md: what reaches Planhat of an issue."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import ROOT
from jira_api import CUSTOMER, STATUSES, Jira, document, issue, messages, serve, status, trusting
from pages import parse
from strangers import program, without_installation

from planhat_sandbox import Sandbox, seed_tenant
from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.records.payload import Skipped

PAGE = ROOT / "docs" / "recipes" / "jira.md"
FILES = {block.file: block.body for block in parse(PAGE.name, PAGE.read_text("utf-8")).blocks}


def table(header: str) -> list[list[str]]:
    """Return the rows of the page's table that begins with this header, without markup."""
    below = PAGE.read_text("utf-8").partition(f"| {header} |")[2]
    rows = below.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]


def code(cell: str) -> str:
    return cell.strip("`")


OTHERS = [
    {},
    {"source": "Jira"},  # made by hand
    {"source": "Zendesk", "sourceId": "7"},
    {"sourceId": "20499"},
]


@pytest.fixture
def crm():
    """A sandbox with one tenant that has companies, and issues that are not from Jira."""
    with Sandbox({"token-a": "crm"}) as running:
        tenant = running.tenant("token-a")
        seed_tenant(tenant, issues=0, objectives=0)
        for number, other in enumerate(OTHERS):
            tenant.insert("issues", {"_id": f"5e{number:022}", "title": "not of Jira", **other})
        yield running


@pytest.fixture
def config(crm, tmp_path):
    """The page's settings of the target, for this sandbox."""
    return json.loads(FILES["target.json"]) | {
        "api_url": crm.url,
        "requests_per_minute": 0,
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "summary_path": str(tmp_path / "summary.json"),
    }


@pytest.fixture
def counts(tmp_path):
    """What the target counted in the last run."""
    return lambda: json.loads((tmp_path / "summary.json").read_text())["streams"]["issues"]


def from_jira(crm, **where):
    """The issues of Planhat that came from Jira, by their sourceId."""
    return {
        record["sourceId"]: record
        for record in crm.tenant("token-a").records("issues")
        if record["title"] != "not of Jira" and where.items() <= record.items()
    }


def others(crm):
    """The issues of Planhat that did not come from Jira."""
    records = crm.tenant("token-a").records("issues")
    return [record for record in records if record["title"] == "not of Jira"]


def brought_long_ago(crm, entry):
    """Let Planhat have an issue of Jira for years: the mirror leaves alone what is new."""
    values = {"_id": "5f0000000000000000000001", "source": "Jira", "sourceId": entry["id"]}
    crm.tenant("token-a").insert("issues", {"title": "of old", **values})


def lines(*issues):
    return "".join(json.dumps(message) + "\n" for message in messages(*issues))


def customer(number, summary, **fields):
    """An issue of a company that the sandbox has."""
    return issue(number, summary, **{CUSTOMER: f"acme-{number}"}, **fields)


SIX = [
    customer(1, "Ovens cannot be booked", labels=["booking"], description=document("Since Monday")),
    customer(2, "Receipts without a date", status=status("done")),
    customer(3, "Till is slow", priority=None),
    customer(4, "Prices of last year", priority={"name": "Highest", "id": "1"}),
    issue(5, "Water the plants", **{CUSTOMER: None}),
    customer(6, "Oven 3 is cold"),
]


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


def mirror(config):
    """The settings that the page adds for the run at night."""
    loaders = yaml.safe_load(FILES["meltano.yml"])["plugins"]["loaders"]
    (night,) = [loader["config"] for loader in loaders if "inherit_from" in loader]
    return config | {name: value for name, value in night.items() if name != "rejects_path"}


def test_the_page_maps_the_same_in_a_pipe_and_in_meltano():
    """So the tests of one hold for the other."""
    loader = yaml.safe_load(FILES["meltano.yml"])["plugins"]["loaders"][0]
    piped = json.loads(FILES["target.json"])
    assert piped["mappings"] == loader["config"]["mappings"]
    assert piped | loader["config"] | {"rejects_path": piped["rejects_path"]} == piped


def test_a_second_run_of_the_same_issues_sends_nothing(crm, config, counts, target):
    first = target(config=config, stdin=lines(*SIX))
    assert first.code == 0, first.stderr
    assert counts() == counts() | {"read": 6, "created": 5, "skipped": 1, "rejected": 0}
    before, sent = crm.tenant("token-a").records("issues"), len(crm.requests)
    second = target(config=config, stdin=lines(*SIX))
    assert second.code == 0, second.stderr
    assert counts() == counts() | {"read": 6, "unchanged": 5, "skipped": 1, "updated": 0}
    assert {request.method for request in crm.requests[sent:]} == {"GET"}
    assert crm.tenant("token-a").records("issues") == before


def test_an_issue_deleted_in_jira_is_archived_at_night_and_nothing_else_is_touched(
    crm, config, counts, target, tmp_path
):
    brought_long_ago(crm, SIX[2])
    assert target(config=config, stdin=lines(*SIX)).code == 0
    assert counts() == counts() | {"created": 4, "updated": 1}
    kept, before = others(crm), from_jira(crm)
    left = [each for each in SIX if each["key"] != "DESK-3"]
    (tmp_path / "issues.singer").write_text(lines(*left))
    night = target("--input", str(tmp_path / "issues.singer"), config=mirror(config))
    assert night.code == 0, night.stderr
    assert counts() == counts() | {"unchanged": 4, "created": 0, "updated": 0, "removed": 1}
    after = from_jira(crm)
    assert after["20403"]["archived"] is True
    before["20403"] |= {name: after["20403"][name] for name in ("archived", "updatedAt", "__v")}
    assert (after, others(crm)) == (before, kept)


def test_a_mirror_in_a_pipe_is_refused(config, target):
    refused = target(config=mirror(config), stdin=lines(*SIX))
    assert refused.code == 1
    assert "--input" in refused.last_line


@pytest.fixture
def tap_jira(tmp_path):
    """Run the tap-jira of PyPI on a fake Jira: `tap_jira(jira, state)` returns what it prints."""
    command = program("tap-jira", "jira-extractor")
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    environment = os.environ | trusting(certificates)
    selected = {"breadcrumb": [], "metadata": {"selected": True}}

    def run(jira, state=None):
        settings = {
            "base_url": f"https://{jira.domain}",
            "username": "planhat-sync@birch.example",
            "password": "token-of-jira",
            "start_date": "2026-01-01T00:00:00Z",
            "user_agent": "tests",
        }
        arguments = ["--config", "jira.json"]
        (tmp_path / "jira.json").write_text(json.dumps(settings))
        if state:
            (tmp_path / "state.json").write_text(json.dumps(state))
            arguments += ["--state", "state.json"]

        def tap(*more):
            return subprocess.run(
                [command, *arguments, *more],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                check=True,
                text=True,
                timeout=60,
            ).stdout

        path = tmp_path / "catalog.json"
        if not path.exists():
            streams = json.loads(tap("--discover"))["streams"]
            next(each for each in streams if each["stream"] == "issues")["metadata"] += [selected]
            path.write_text(json.dumps({"streams": streams}))
        return tap("--properties", path.name)

    return run


def test_the_tap_of_pypi_brings_what_has_changed(crm, config, counts, target, tap_jira):
    with serve(Jira(copy.deepcopy(SIX))) as jira:
        first = target(config=config, stdin=tap_jira(jira))
        assert first.code == 0, first.stderr
        assert counts() == counts() | {"read": 6, "created": 5, "skipped": 1}
        assert from_jira(crm)["20401"]["description"] == "Since Monday"
        moved = jira.issues[0]
        moved["key"] = "BAKE-9"
        moved["fields"] |= {"status": status("done"), "updated": "2026-11-21T10:00:00.000+0000"}
        second = target(config=config, stdin=tap_jira(jira, json.loads(first.lines[-1])))
        assert second.code == 0, second.stderr
    assert counts() == counts() | {"read": 2, "created": 0, "updated": 1, "unchanged": 1}
    changed = from_jira(crm)["20401"]
    assert changed["archived"] is True
    assert changed["sourceUrl"] == "https://yourcompany.atlassian.net/browse/BAKE-9"
    assert changed["custom"]["Jira key"] == "BAKE-9"


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


def test_the_longest_summary_of_jira_arrives_complete(mapped):
    assert mapped(issue(7, "ü" * 255))["title"] == "ü" * 255


def text(*parts, **other):
    return {"type": "text", "text": "".join(parts), **other}


def node(kind, *content, **attributes):
    return {"type": kind, "content": list(content), "attrs": attributes}


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["Since Monday.", "Again."], "Since Monday.\nAgain."),
        (
            [
                node(
                    "bulletList",
                    node("listItem", node("paragraph", text("open the calendar"))),
                    node(
                        "listItem",
                        node("paragraph", text("pick a day")),
                        node("orderedList", node("listItem", node("paragraph", text("today")))),
                    ),
                )
            ],
            "open the calendar\npick a day\ntoday",
        ),
        ([node("codeBlock", text("a = 1\nb = 2"), language="python")], "a = 1\nb = 2"),
        (
            [node("paragraph", text("one"), {"type": "hardBreak"}, text("two"))],
            "one\ntwo",
        ),
        (
            [
                node(
                    "paragraph",
                    text("Ask "),
                    {"type": "mention", "attrs": {"id": "5b1", "text": "@Ada"}},
                    text(" today"),
                )
            ],
            "Ask @Ada today",
        ),
        (
            [
                node(
                    "table",
                    node(
                        "tableRow",
                        node("tableHeader", node("paragraph", text("Shop"))),
                        node("tableCell", node("paragraph", text("Harbour"))),
                    ),
                )
            ],
            "Shop\nHarbour",
        ),
        (
            [node("paragraph", text("very ", marks=[{"type": "strong"}]), text("slow"))],
            "very slow",
        ),
        (
            [node("mediaSingle", {"type": "media", "attrs": {"id": "9"}}), "See above."],
            "See above.",
        ),
    ],
    ids=["paragraphs", "lists", "code", "break", "mention", "table", "marks", "picture"],
)
def test_rich_text_becomes_lines_of_text(mapped, blocks, expected):
    entry = issue(7, "a", description=document(*blocks))
    assert mapped(entry)["description"] == expected


@pytest.mark.parametrize("row", table("field"), ids=lambda row: row[0])
def test_more_fields_of_jira_can_be_mapped(mapped, row):
    _, name, expression = map(code, row)
    found = MORE_FIELDS[name]
    entry = issue(7, "a", **{name: found[0]})
    for fields, expected in ((entry, found[1]), (issue(7, "a", **{name: None}), None)):
        custom = mapped(fields, custom={"Field": expression})["custom"]
        assert custom == {"Field": expected}


@pytest.fixture
def meltano(crm, tmp_path):
    """Run Meltano in the page's project, in which the page's stand-in prints `jira.singer`."""
    command = program("meltano", "meltano")
    project = tmp_path / "project"
    project.mkdir()
    for name in ("meltano.yml", "mirror.sh", "tap-jira"):
        (project / name).write_text(without_installation(FILES[name]), "utf-8")
    (project / "tap-jira").chmod(0o755)
    here = [str(project), str(Path(program("target-planhat")).parent), str(Path(command).parent)]
    environment = os.environ | {
        "PATH": os.pathsep.join([*here, os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "TARGET_PLANHAT_API_TOKEN": "token-a",
        "TARGET_PLANHAT_API_URL": crm.url,
        "TARGET_PLANHAT_REQUESTS_PER_MINUTE": "0",
        "TARGET_PLANHAT_SUMMARY_PATH": str(tmp_path / "summary.json"),
    }

    def run(job, *issues):
        (project / "jira.singer").write_text(lines(*issues))
        done = subprocess.run(
            [command, "run", job],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]

    return run


@pytest.mark.slow
def test_the_jobs_of_meltano_write_once_and_archive_at_night(crm, counts, meltano):
    kept = others(crm)
    brought_long_ago(crm, SIX[0])
    meltano("jira", *SIX)
    assert counts() == counts() | {"read": 6, "created": 4, "updated": 1, "skipped": 1}
    meltano("jira", *SIX)
    assert counts() == counts() | {"read": 6, "unchanged": 5, "skipped": 1}
    meltano("jira-mirror", *SIX[1:])
    assert counts() == counts() | {"read": 5, "unchanged": 4, "skipped": 1, "removed": 1}
    assert from_jira(crm, archived=True).keys() == {"20401", "20402"}
    assert others(crm) == kept
