"""The project in the checkout, run by Meltano."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, copy_folder
from strangers import program, without_installation

from planhat_sandbox import seed_tenant
from planhat_sync.models import load_models


@pytest.fixture
def meltano(tmp_path, tenants):
    """Run Meltano in a copy of the project, with two sandbox tenants in the environment."""
    command = program("meltano", "meltano")
    project = tmp_path / "project"
    project.mkdir()
    text = without_installation((ROOT / "meltano.yml").read_text("utf-8"))
    (project / "meltano.yml").write_text(text, "utf-8")
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(program("tap-planhat")).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "TAP_PLANHAT_API_TOKEN": "token-a",
        "TAP_PLANHAT_API_URL": tenants.url,
        "TAP_PLANHAT_LOOKBACK_SECONDS": "0",
        "TARGET_PLANHAT_API_TOKEN": "token-b",
        "TARGET_PLANHAT_API_URL": tenants.url,
        "TARGET_PLANHAT_SUMMARY_PATH": str(tmp_path / "summary.json"),
    }

    def run(*arguments, **variables):
        done = subprocess.run(
            [command, *arguments],
            cwd=project,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    return run


@pytest.fixture
def counts(tmp_path):
    """What the target counted in the last run."""
    return lambda: json.loads((tmp_path / "summary.json").read_text())["streams"]


def test_meltano_copies_what_is_selected_and_its_second_run_reads_only_what_is_new(
    meltano, tenants, counts, assert_equal_tenants
):
    meltano("run", "copy")
    assert lists_read(tenants) == {"/issues", "/objectives"}  # as the project selects
    assert counts()["issues"]["created"] == 300
    assert_equal_tenants()
    source = tenants.tenant("token-a")
    newest = max(record["updatedAt"] for record in source.records("issues"))
    # A change in the very moment of the bookmark may have been missed: that moment is read again.
    at_the_bookmark = sum(record["updatedAt"] == newest for record in source.records("issues"))
    changed = next(record for record in source.records("issues") if record["updatedAt"] < newest)
    source.update("issues", changed["_id"], {"title": "Changed since"})
    meltano("run", "copy", TAP_PLANHAT__SELECT='["issues.*"]')
    assert counts()["issues"]["read"] == at_the_bookmark + 1
    assert counts()["issues"]["created"] == 0
    assert_equal_tenants()


def test_without_select_meltano_reads_every_stream_and_says_which_cannot_be_read(
    meltano, tenants, tmp_path
):
    """So each file that a user may copy has a `select`."""
    path = tmp_path / "project" / "meltano.yml"
    project = yaml.safe_load(path.read_text("utf-8"))
    del project["plugins"]["extractors"][0]["select"]
    path.write_text(yaml.safe_dump(project), "utf-8")
    models = {name: model for name, model in load_models().items() if model.is_read}
    tenants.fault("status", status=404, model="objectives")
    with pytest.raises(AssertionError) as raised:
        meltano("invoke", "tap-planhat")
    assert lists_read(tenants) >= {model.path for model in models.values()}
    assert "/objectives" in str(raised.value)
    assert "for this token (404): check api_url, or leave out" in str(raised.value)


def test_a_definition_that_is_added_from_a_file_needs_the_select_of_the_page(meltano, tmp_path):
    """`meltano add --from-ref` leaves out the definition's own `select`."""
    (tmp_path / "project" / "meltano.yml").write_text("{project_id: x, plugins: {}}", "utf-8")
    definition = ROOT / "hub/extractors/tap-planhat/planhat-sync.yml"
    meltano("add", "--no-install", "tap-planhat", "--from-ref", str(definition))
    assert selected(meltano) == ["*.*"]
    page = (ROOT / "docs/meltano.md").read_text("utf-8")
    commands = re.findall(r"^ *meltano (select tap-planhat .+)$", page, flags=re.MULTILINE)
    for command in commands:
        meltano(*shlex.split(command))
    assert selected(meltano) == ["issues.*", "objectives.*"]


def selected(meltano):
    """What Meltano selects of the tap."""
    return json.loads(meltano("config", "print", "--extras", "tap-planhat").stdout)["_select"]


def lists_read(tenants):
    """The paths of all lists that were requested."""
    return {request.path for request in tenants.requests if request.method == "GET"}


@pytest.fixture
def configure(tmp_path):
    """Change the entry of tap-planhat in the project: `configure(config={…}, metadata={…})`."""
    path = tmp_path / "project" / "meltano.yml"

    def change(**entry):
        project = yaml.safe_load(path.read_text("utf-8"))
        project["plugins"]["extractors"][0] |= entry
        path.write_text(yaml.safe_dump(project), "utf-8")

    return change


def printed(page):
    """The entry of tap-planhat in the only YAML of a page."""
    [block] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)
    [extractor] = yaml.safe_load(block)["plugins"]["extractors"]
    return extractor


def test_the_settings_that_the_page_prints_make_objectives_incremental_if_they_have_times(
    meltano, configure, tenants, counts
):
    tenants.behave(objective_times="present")
    configure(**printed("reading.md"))
    source = tenants.tenant("token-a")
    first, second, *_ = [record["_id"] for record in source.records("objectives")]

    def run():
        """The number of objectives that were read, and how the tap asked for them."""
        before = len(tenants.requests)
        meltano("run", "copy", TAP_PLANHAT__SELECT='["objectives.*"]')
        lists = [
            request
            for request in tenants.requests[before:]
            if (request.tenant, request.model, request.route) == ("alpha", "objectives", "list")
        ]
        return counts()["objectives"]["read"], [request.query["sort"] for request in lists]

    read, sorts = run()
    assert read == 60
    assert "_id" in sorts
    source.update("objectives", first, {"name": "Changed once"})
    read, sorts = run()
    assert read < 60
    assert sorts == ["-updatedAt"]
    source.update("objectives", second, {"name": "Changed twice"})
    # A key that is named, too, changes nothing. What has the time of the bookmark comes again.
    key = {"replication-method": "INCREMENTAL", "replication-key": "updatedAt"}
    configure(metadata={"objectives": key})
    assert run() == (2, ["-updatedAt"])

    tenants.behave(objective_times="absent")
    for _ in range(2):
        assert run()[0] == 60


@pytest.mark.parametrize(
    "place", [pytest.param("meltano.yml", marks=pytest.mark.slow), "environment"]
)
def test_detect_deletes_reaches_the_tap(meltano, configure, tenants, counts, place):
    variables = {"TAP_PLANHAT__SELECT": '["issues.*"]'}
    if place == "meltano.yml":
        configure(config={"detect_deletes": True, "detect_deletes_hours": 0})
    else:
        variables |= {"TAP_PLANHAT_DETECT_DELETES": "true", "TAP_PLANHAT_DETECT_DELETES_HOURS": "0"}
    source = tenants.tenant("token-a")
    meltano("run", "copy", **variables)
    assert counts()["issues"]["skipped"] == 0
    for record in source.records("issues")[:3]:
        source.delete("issues", record["_id"])
    meltano("run", "copy", **variables)
    assert counts()["issues"]["skipped"] == 3  # since `deletes` is set to ignore


def test_the_settings_that_the_recipe_prints_move_a_tenant(meltano, configure, tenants, counts):
    """The companies are found by externalId, and no id of the old tenant gets into the new one."""
    configure(**printed("recipes/move-a-tenant.md"))
    old, new = tenants.tenants
    new.clear()
    seed_tenant(new, issues=0, objectives=0, shared_ids=False)
    meltano("run", "copy")
    assert {name: counts()[name]["created"] for name in counts()} == {
        "issues": 300,
        "objectives": 60,
    }
    assert all(record["enduserIds"] == [] for record in new.records("issues"))
    assert companies_of(new) == companies_of(old)


def companies_of(tenant):
    """The companies of each issue and objective, by their externalId."""
    names = {company["_id"]: company["externalId"] for company in tenant.records("companies")}
    issues = {each["sourceId"]: each["companyIds"] for each in tenant.records("issues")}
    objectives = {each["sourceId"]: [each["companyId"]] for each in tenant.records("objectives")}
    return {
        source: [names[company] for company in companies]
        for source, companies in (issues | objectives).items()
    }


def test_a_nested_value_that_meltano_leaves_out_of_a_scope_ends_the_run(meltano, tenants, tmp_path):
    """`{custom: {Team: $NO_SUCH_VARIABLE}}` arrives as `{}`, which would mean all records."""
    path = tmp_path / "project" / "meltano.yml"
    project = yaml.safe_load(path.read_text("utf-8"))
    scope = {"custom": {"Team": "$NO_SUCH_VARIABLE"}}
    settings = {"on_missing": "archive", "match_on": ["sourceId"], "missing_scope": scope}
    project["plugins"]["loaders"][0].setdefault("config", {}).update(settings)
    path.write_text(yaml.safe_dump(project), "utf-8")
    with pytest.raises(AssertionError, match=r"missing_scope: custom\.Team has no value"):
        meltano("invoke", "target-planhat", "--input", str(path))
    assert tenants.requests == []


def mappings(note):
    """Mappings of `jira.singer`, with a note in each issue."""
    entries = {
        "sourceId": "key",
        "title": "fields.summary",
        "description": {"text": "fields.description"},
        "status": "fields.status.name",
        "priority": {
            "from": "fields.priority.name",
            "map": {"Highest": "P1", "High": "P2", "v1.2": "never"},
            "else": None,
        },
        "companyIds": [{"externalId": "fields.customfield_10057"}],
        "custom": {"Labels": "fields.labels", "Note no. 2": {"value": note}},
    }
    when = "fields.customfield_10057"
    return [{"stream": "iss*", "model": "issues", "when": when, "set": entries}]


def mapped(tenant):
    """The records of a tenant that came through the mapping, without what Planhat sets."""
    own = {"_id", "createdAt", "updatedAt", "__v"}
    return {
        record["sourceId"]: {name: record[name] for name in record.keys() - own}
        for record in tenant.records("issues")
        if record["sourceId"].startswith("HELP-")
    }


def test_the_same_mappings_in_meltano_yml_and_in_the_environment_do_the_same(
    meltano, tenants, counts, tmp_path
):
    """Nulls, keys with dots and globs survive in a list. Variables are expanded in the file alone,
    unless a backslash precedes them."""
    script = tmp_path / "tap-file"
    script.write_text(f"#!/bin/sh\nexec cat '{ROOT}/tests/support/jira.singer'\n")
    script.chmod(0o755)
    path = tmp_path / "project" / "meltano.yml"
    project = yaml.safe_load(path.read_text("utf-8"))
    plugins = project["plugins"]
    plugins["extractors"].append(
        {"name": "tap-file", "namespace": "tap_file", "executable": str(script)}
    )

    def run(token, **variables):
        path.write_text(yaml.safe_dump(project), "utf-8")
        variables |= {"CURRENCY": "EUR", "TARGET_PLANHAT_API_TOKEN": token}
        meltano("run", "tap-file", "target-planhat", **variables)
        assert counts()["issues"]["created"] == 4
        assert counts()["issues"]["skipped"] == counts()["projects"]["skipped"] == 1
        return mapped(tenants.tenant(token))

    of_environment = run(
        "token-a", TARGET_PLANHAT_MAPPINGS=json.dumps(mappings("$CURRENCY: EUR $small"))
    )
    plugins["loaders"][0]["config"]["mappings"] = mappings(r"\$CURRENCY: $CURRENCY $small")
    assert run("token-b") == of_environment
    assert {key: issue["priority"] for key, issue in of_environment.items()} == {
        "HELP-1": "P1",
        "HELP-2": None,
        "HELP-3": None,
        "HELP-5": "P2",
    }
    assert of_environment["HELP-2"]["custom"] == {
        "Labels": [],
        "Note no. 2": "$CURRENCY: EUR $small",
    }
    assert of_environment["HELP-2"]["description"] is None


@pytest.mark.slow
def test_meltano_installs_both_plugins_from_the_checkout(tmp_path):
    """As a user's Meltano does, with uv and the package registry."""
    checkout = tmp_path / "checkout"
    copy_folder(ROOT, checkout)
    for arguments in (
        ["install"],
        ["invoke", "tap-planhat", "--discover"],
        ["invoke", "target-planhat", "--version"],
    ):
        done = subprocess.run(
            [program("meltano", "meltano"), *arguments],
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
