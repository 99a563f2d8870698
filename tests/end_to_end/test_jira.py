"""Jira into Planhat with the mapping of docs/recipes/jira.md: what reaches Planhat of an issue."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from checkout import ROOT
from jira_api import CUSTOMER, Jira, document, issue, messages, serve, status, trusting
from pages import parse
from strangers import program, without_installation

from planhat_sandbox import Sandbox, seed_tenant

PAGE = ROOT / "docs" / "recipes" / "jira.md"
FILES = {block.file: block.body for block in parse(PAGE.name, PAGE.read_text("utf-8")).blocks}


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


@pytest.mark.parametrize("custom", ["merge", "replace"])
def test_a_second_run_of_the_same_issues_sends_nothing(crm, config, counts, target, custom):
    crm.behave(custom=custom)
    first = target(config=config, stdin=lines(*SIX))
    assert first.code == 0, first.stderr
    assert counts() == counts() | {"read": 6, "created": 5, "skipped": 1, "rejected": 0}
    for record in from_jira(crm).values():  # somebody fills in another field
        filled_in = {"custom": record["custom"] | {"Team": "Ovens"}}
        crm.tenant("token-a").update("issues", record["_id"], filled_in)
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


def test_a_tap_that_dies_at_night_does_not_start_the_mirror(tmp_path):
    """The page's script, with a Meltano that prints half of the issues and fails."""
    pretended = tmp_path / "meltano"
    pretended.write_text('#!/bin/sh\necho "$2" >> invoked\nhead -n 3 all.singer\nexit 1\n')
    pretended.chmod(0o755)
    (tmp_path / "all.singer").write_text(lines(*SIX))
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", FILES["mirror.sh"]],
        env=os.environ | {"PATH": path, "MELTANO_PROJECT_ROOT": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 1
    assert (tmp_path / "invoked").read_text() == "tap-jira\n"


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
