"""GitHub's issues in Planhat, by the files of docs/recipes/github.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from github_api import GitHub, github, issue, serve
from pages import parse
from strangers import ROOT, program

from planhat_sandbox import Sandbox, seed_tenant

__all__ = ["github"]

PAGE = ROOT / "docs" / "recipes" / "github.md"


def run(*command, **how):
    """Run a command without GitHub's variables, of which the tap takes every token."""
    environment = {name: value for name, value in os.environ.items() if "GITHUB" not in name}
    return subprocess.run(
        command, capture_output=True, check=True, timeout=60, env=environment, **how
    )


@pytest.fixture(scope="module")
def files():
    """The files of the page, by their names."""
    page = parse(PAGE.name, PAGE.read_text("utf-8"))
    return {block.file: block.body for block in page.blocks if block.file}


@pytest.fixture(scope="module")
def tap_github(files, tmp_path_factory):
    """The tap's command, with the page's settings and its catalog."""
    folder = tmp_path_factory.mktemp("tap")
    for name in ("github.json", "select_issues.py"):
        (folder / name).write_text(files[name], "utf-8")
    command = [program("tap-github", "github-extractor"), "--config", str(folder / "github.json")]
    streams = run(*command, "--discover").stdout
    catalog = run(sys.executable, folder / "select_issues.py", input=streams)
    (folder / "catalog.json").write_bytes(catalog.stdout)
    return [*command, "--catalog", str(folder / "catalog.json")]


@pytest.fixture
def crm():
    """A sandbox with one tenant that has the companies acme-1 and so on, and no issue."""
    with Sandbox({"token-a": "crm"}) as running:
        seed_tenant(running.tenant("token-a"), issues=0, objectives=0)
        yield running


@pytest.fixture(scope="module")
def read(tap_github, tmp_path_factory):
    """Read a GitHub with the tap, from a state if there is one: `read(github, state)`."""
    folder = tmp_path_factory.mktemp("read")

    def read_from(github, state=None):
        (folder / "address.json").write_text(json.dumps({"api_url_base": github.url}))
        command = [*tap_github, "--config", str(folder / "address.json")]
        if state is not None:
            (folder / "state.json").write_text(json.dumps(state))
            command += ["--state", str(folder / "state.json")]
        return run(*command).stdout

    return read_from


@pytest.fixture(scope="module")
def first_read(read):
    """What the first run of the tap prints, and the queries with which it asked for it."""
    with serve(GitHub()) as github:
        return read(github), github.queries


@pytest.fixture
def write(files, crm, target, tmp_path):
    """Write what the tap has printed, and return the summary and the last state."""

    def write_to_crm(messages, **settings):
        config = {
            **json.loads(files["target.json"]),
            "api_url": crm.url,
            "requests_per_minute": 0,
            "summary_path": "summary.json",
            **settings,
        }
        path = tmp_path / "issues.singer"  # a mirror accepts a file only
        path.write_bytes(messages)
        done = target("--input", str(path), config=config)
        assert done.code == 0, done.stderr
        summary = json.loads((tmp_path / "summary.json").read_text())
        return summary, done.messages[-1] if done.messages else None

    return write_to_crm


def held(crm):
    """The tenant's issues by their numbers on GitHub."""
    issues = crm.tenant("token-a").records("issues")
    by_number = {held["custom"]["Number"]: held for held in issues}
    assert len(by_number) == len(issues), "an issue is there twice"
    return by_number


def test_issues_of_customers_on_every_page_arrive_and_nothing_else(first_read, write, crm):
    messages, queries = first_read
    assert [query.get("after") for query in queries] == [None, "3"]
    summary, _ = write(messages)
    counts = summary["streams"]["issues"]
    assert [counts[name] for name in ("read", "created", "skipped")] == [6, 4, 2]
    companies = {
        company["_id"]: company["externalId"]
        for company in crm.tenant("token-a").records("companies")
    }
    found = {
        number: (issue["archived"], issue["description"], issue["sourceId"])
        for number, issue in held(crm).items()
    }
    assert found == {
        11: (False, "Since **Monday**:\n\n- log in\n- see `403`", "3000000011"),
        12: (True, None, "3000000012"),
        15: (False, None, "3000000015"),
        16: (False, "", "3000000016"),
    }
    assert {
        number: [companies[company] for company in issue["companyIds"]]
        for number, issue in held(crm).items()
    } == {11: ["acme-1"], 12: ["acme-2"], 15: ["acme-1"], 16: ["acme-3"]}


def test_a_later_run_writes_what_has_changed_and_creates_nothing_twice(
    first_read, github, read, write, crm
):
    _, state = write(first_read[0])
    first = held(crm)
    by_number = {entry["number"]: entry for entry in github.issues}
    later = [
        # Opened again; it was on the first page and is on the last one now.
        issue(12, "Import is slow", "acme-2", day=12),
        # Its customer is known now.
        issue(13, "Tidy up", "chore", "acme-1", "acme-2", day=9),
        issue(15, "No invoice since May", "acme-1", day=10, body="Three are missing."),
        issue(17, "New", "acme-1", day=11),
    ]
    github.issues = list((by_number | {entry["number"]: entry for entry in later}).values())
    summary, _ = write(read(github, state))
    counts = summary["streams"]["issues"]
    # The issue that was changed last before comes once more.
    assert [counts[name] for name in ("read", "created", "updated", "unchanged")] == [5, 2, 2, 1]
    now = held(crm)
    assert now.keys() == {11, 12, 13, 15, 16, 17}
    assert {number: now[number]["_id"] for number in first} == {
        number: issue["_id"] for number, issue in first.items()
    }
    assert (now[12]["archived"], now[15]["title"]) == (False, "No invoice since May")
    assert len(now[13]["companyIds"]) == 2


def test_the_mirror_archives_what_is_gone_and_touches_nothing_else(
    files, first_read, github, read, write, crm
):
    tenant = crm.tenant("token-a")
    company = tenant.records("companies")[0]["_id"]
    write(first_read[0])
    for other in ({"source": "Jira", "sourceId": "HELP-1"}, {"source": "GitHub"}):
        tenant.insert("issues", {"title": "Not of this list", "companyIds": [company], **other})
    before = {held["_id"]: held for held in tenant.records("issues")}
    github.issues = [
        entry | {"labels": []} if entry["number"] == 11 else entry
        for entry in github.issues
        if entry["number"] != 15
    ]
    summary, _ = write(read(github), **json.loads(files["mirror.json"]))
    counts = summary["streams"]["issues"]
    # Number 11 has lost its customer, number 15 is gone, and the others are not sent again.
    assert [counts[name] for name in ("read", "unchanged", "skipped", "removed")] == [5, 2, 3, 2]
    now = {held["_id"]: held for held in tenant.records("issues")}
    changed = [before[key] for key in before if now[key] != before[key]]
    assert [held["custom"]["Number"] for held in changed] == [11, 15]
    assert all(now[held["_id"]]["archived"] for held in changed)


def test_the_tap_does_not_fail_if_one_of_several_repositories_is_not_there(
    tap_github, github, written
):
    """This is why a mirror of several repositories needs a configuration for each."""
    settings = written("more", api_url_base=github.url, repositories=["acme/gone", "acme/shop"])
    done = run(*tap_github, "--config", settings)
    assert done.stdout.count(b'"RECORD"') == 6
    assert b"Repository not found: acme/gone" in done.stderr
