"""Taps as real processes in front of the mirror: one that ends well, and those that die halfway."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest
from target_runs import bench
from under_way import until

__all__ = ["bench"]

PIPE = subprocess.PIPE
SDK_TAP = """
    import json, os, sys
    from singer_sdk import Stream, Tap
    from singer_sdk import typing as th

    WANTED = json.loads(sys.argv.pop(1))

    class Projects(Stream):
        name = "projects"
        primary_keys = ("id",)
        selected_by_default = False
        schema = th.PropertiesList(th.Property("id", th.StringType)).to_dict()

        def get_records(self, context):
            yield from ({"id": name} for name in WANTED["projects"])

        def get_child_context(self, record, context):
            return {"project": record["id"]}

    class Issues(Stream):
        name = "issues"
        primary_keys = ("sourceId",)
        schema = th.PropertiesList(th.Property("sourceId", th.StringType)).to_dict()

        def get_records(self, context):
            for number in range(WANTED["records"]):
                if f"{(context or {}).get('project', '')}{number}" == WANTED["dies_at"]:
                    os._exit(1) if WANTED["is_killed"] else sys.exit("the source is gone")
                yield {"sourceId": f"{(context or {}).get('project', '')}{number}"}

    class OfProjects(Issues):
        parent_stream_type = Projects

    class SdkTap(Tap):
        name = "tap-sdk"
        config_jsonschema = th.PropertiesList().to_dict()

        def discover_streams(self):
            return [Projects(self), OfProjects(self)] if WANTED["projects"] else [Issues(self)]

    SdkTap.cli()
"""


@pytest.fixture
def issues(bench):
    """Issues of the source in Planhat, and one that the source does not have."""
    tenant, company = bench.sandbox.tenant("alpha"), bench.company()
    keys = [*(f"{number}" for number in range(6)), *(f"{p}{n}" for p in "ab" for n in range(6))]
    for key in (*keys, "gone"):
        fields = {"title": "t", "source": "Jira", "companyIds": [company], "sourceId": key}
        tenant.insert("issues", fields)
    return tenant


@pytest.fixture
def sdk_tap(tmp_path):
    """The command of a tap of the SDK."""
    script, config = tmp_path / "tap.py", tmp_path / "tap.json"
    script.write_text(textwrap.dedent(SDK_TAP))
    config.write_text(json.dumps({"emit_activate_version_messages": True}))

    def command(*, dies_at="", projects=(), is_killed=True):
        wanted = {
            "records": 6,
            "dies_at": dies_at,
            "projects": list(projects),
            "is_killed": is_killed,
        }
        return [sys.executable, str(script), json.dumps(wanted), "--config", str(config)]

    return command


@pytest.fixture
def settings(bench):
    return bench.config(
        on_missing="archive",
        missing_scope={"source": "Jira"},
        match_on=["sourceId"],
        max_missing_percent=100,
    )


def archived(tenant, model="issues"):
    return sorted(each["sourceId"] for each in tenant.records(model) if each.get("archived"))


def piped(command, target, settings):
    """Run a tap into the target, as a shell does; return what became of both."""
    with subprocess.Popen(command, stdout=PIPE, stderr=subprocess.DEVNULL) as tap:
        ended = target.start(config=settings, stdin=tap.stdout, stdout=PIPE, stderr=PIPE)
        tap.stdout.close()
        stdout, stderr = ended.communicate(timeout=60)
    return tap.returncode, ended.returncode, stdout, stderr.decode()


@pytest.mark.parametrize(
    ("dies_at", "projects", "is_killed"),
    [("3", "", True), ("3", "", False), ("b3", "ab", True)],
    ids=["killed", "failing", "killed in a child stream"],
)
def test_a_tap_of_the_sdk_that_dies_halfway_removes_nothing(
    bench, issues, sdk_tap, settings, target, dies_at, projects, is_killed
):
    command = sdk_tap(dies_at=dies_at, projects=projects, is_killed=is_killed)
    tap_code, code, _, stderr = piped(command, target, settings)
    assert (tap_code, code) == (1, 0), "the target cannot see it"
    assert archived(issues) == []
    assert "no issues are archived, because the source is not known to be" in stderr
    assert '"removed":null' in stderr


def test_a_tap_of_the_sdk_that_ends_well_cannot_prove_it_in_a_pipe(
    bench, issues, sdk_tap, settings, target
):
    _, code, _, stderr = piped(sdk_tap(), target, settings)
    assert (code, archived(issues)) == (0, [])
    assert "records of issues came after its ACTIVATE_VERSION" in stderr


def test_its_output_as_a_file_that_the_user_vouches_for_is_mirrored(
    bench, issues, sdk_tap, settings, target, tmp_path
):
    path = tmp_path / "all.jsonl"
    with path.open("wb") as file:
        subprocess.run(sdk_tap(projects="ab"), stdout=file, stderr=subprocess.DEVNULL, check=True)
    ended = target("--input", str(path), config={**settings, "source_is_complete": True})
    assert ended.code == 0, ended.stderr
    assert archived(issues) == ["0", "1", "2", "3", "4", "5", "gone"]


@pytest.fixture
def objectives(bench):
    """The same objectives in two tenants; the first has one more."""
    ours, theirs = bench.sandbox.tenant("alpha"), bench.sandbox.tenant("beta")
    for number in range(10):
        fields = {"name": f"{number}", "sourceId": f"{number}"}
        ours.insert("objectives", fields)
        theirs.insert("objectives", fields)
    ours.insert("objectives", {"name": "gone", "sourceId": "gone"})
    return ours


@pytest.fixture
def reading(bench, tmp_path):
    """Settings of the tap for the second tenant's objectives."""
    return {
        "api_token": "token-b",
        "api_url": bench.sandbox.url,
        "emit_activate_version_messages": True,
        "page_size": 4,
        "concurrency": 1,
    }


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "complete"])
def test_our_own_tap_in_front_of_the_mirror(
    bench, objectives, reading, settings, tap, target, is_killed
):
    settings |= {"on_missing": "delete", "missing_scope": {}}
    if is_killed:
        bench.sandbox.fault("slow", tenant="beta", model="objectives", nth=3, seconds=60)
    source = tap.start(config=reading, stdout=PIPE, stderr=subprocess.DEVNULL)
    ended = target.start(config=settings, stdin=source.stdout, stdout=PIPE, stderr=PIPE)
    source.stdout.close()
    if is_killed:
        until(lambda: len([r for r in bench.sandbox.requests if r.model == "objectives"]) >= 3)
        source.kill()
    _, stderr = ended.communicate(timeout=60)
    source.wait()
    assert ended.returncode == 0, stderr.decode()
    keys = {each.get("sourceId") for each in objectives.records("objectives")}
    assert ("gone" in keys) == is_killed
    assert {f"{number}" for number in range(10)} <= keys
    assert (b'"removed":1' in stderr) != is_killed
