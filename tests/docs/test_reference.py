"""Config schema, meltano.yml, Hub definitions and documents name the same settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import jsonschema
import pytest
import yaml
from strangers import ROOT, program

from planhat_sync.writing.records.payload import RejectCode

PLUGINS = {"tap-planhat": "extractors", "target-planhat": "loaders"}
# The keys that the Hub allows for a setting and for a plugin, by the JSON Schemas in
# github.com/meltano/hub/tree/main/schemas.
HUB_SETTING = {
    *("name", "aliases", "label", "value", "placeholder", "kind", "description", "tooltip"),
    *("documentation", "env", "value_processor", "value_post_processor", "oauth", "options"),
    *("docs", "hidden", "sensitive"),
}
HUB_REQUIRED = {"name", "namespace", "variant", "quality", "settings", "capabilities"}


@pytest.fixture(scope="module", params=PLUGINS)
def about(request):
    """The output of a plugin's `--about`, without any configuration."""
    command = [program(request.param), "--about", "--format=json"]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def in_project(about):
    """The plugin's entry in meltano.yml."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    (entry,) = [
        entry
        for entry in project["plugins"][PLUGINS[about["name"]]]
        if entry["name"] == about["name"]
    ]
    return entry


@pytest.fixture
def on_hub(about):
    """The plugin's definition for Meltano Hub."""
    folder = ROOT / "hub" / PLUGINS[about["name"]] / about["name"]
    (path,) = folder.glob("*.yml")
    return yaml.safe_load(path.read_text("utf-8")) | {"file": path.stem}


@pytest.fixture(params=["meltano.yml", "the Hub"])
def definition(request):
    """Either of the two."""
    return request.getfixturevalue(
        {"meltano.yml": "in_project", "the Hub": "on_hub"}[request.param]
    )


def schema_of(about, name):
    """The schema of a setting; dots go into objects."""
    schema = about["settings"]
    for part in name.split("."):
        schema = schema["properties"][part]
    return schema


def test_every_default_is_the_code_s(about, definition):
    for setting in definition["settings"]:
        assert setting.get("value") == schema_of(about, setting["name"]).get("default")


def test_every_setting_is_explained_and_has_a_label(about, definition):
    for setting in definition["settings"]:
        assert len(setting["description"]) > 10, setting["name"]
        assert setting["label"], setting["name"]


@pytest.mark.usefixtures("about")
def test_every_option_is_shown_in_words_and_names_of_properties_as_they_are(definition):
    for setting in definition["settings"]:
        for option in setting.get("options", ()):
            value, label = option["value"], option["label"]
            in_words = value.replace("_", " ").capitalize()
            assert label == (in_words if value.islower() else value)


def test_the_token_is_all_that_the_hub_asks_for(on_hub):
    assert on_hub["settings_group_validation"] == [["api_token"]]


def test_the_hub_s_definition_has_what_the_hub_wants(about, on_hub):
    assert on_hub.keys() >= HUB_REQUIRED
    assert on_hub["file"] == on_hub["variant"]
    assert on_hub["executable"] == about["name"]
    assert set(on_hub["capabilities"]) <= set(about["capabilities"])
    for setting in on_hub["settings"]:
        assert setting.keys() <= HUB_SETTING


def test_meltano_is_reported_every_capability(about, in_project):
    assert set(in_project["capabilities"]) == set(about["capabilities"])


@pytest.mark.parametrize("place", ["README.md", "docs/start.md"])
def test_the_pages_on_installation_name_every_command(place):
    commands = distribution("planhat-sync").entry_points.select(group="console_scripts").names
    brings = re.search(
        r"^(?:This|One distribution) brings .*$", (ROOT / place).read_text("utf-8"), re.MULTILINE
    )
    assert commands
    assert brings
    assert {name for name in commands if f"`{name}`" not in brings[0]} == set()


def test_meltano_accepts_its_project():
    installed = Path(program("meltano", "meltano")).parents[1]
    (path,) = installed.glob("lib/python*/site-packages/meltano/schemas/meltano.schema.json")
    project = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    jsonschema.validate(project, json.loads(path.read_text("utf-8")))


def test_every_reason_for_a_reject_is_explained():
    page = (ROOT / "docs" / "rejects.md").read_text("utf-8")
    assert set(re.findall(r"^\| \[`([a-z_]+)`\]", page, re.MULTILINE)) >= {
        code.value for code in RejectCode
    }


@pytest.mark.parametrize("name", PLUGINS)
@pytest.mark.parametrize("style", ["text", "markdown"])
def test_what_a_plugin_prints_about_itself_is_not_indented(name, style):
    """Markdown shows lines behind four blanks as a code block, and no headings in it."""
    options = [] if style == "text" else ["--format=markdown"]
    command = [program(name), "--about", *options]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    deepest = max(len(line) - len(line.lstrip()) for line in printed.splitlines())
    assert deepest <= (4 if style == "text" else 0)
    if style == "markdown":
        headings = [line for line in printed.splitlines() if line.startswith("#")]
        assert headings == [f"# {name}", "## Capabilities", "## Settings"]


def test_no_usage_data_is_sent():
    project = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    assert project["send_anonymous_usage_stats"] is False


def test_the_example_environment_names_settings_that_exist():
    names = {
        line.partition("=")[0]
        for line in (ROOT / ".env.example").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    project = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    known = {
        f"{entry['namespace']}_{setting['name']}".upper()
        for kind in PLUGINS.values()
        for entry in project["plugins"][kind]
        for setting in entry["settings"]
    }
    assert names <= known


def test_what_is_generated_is_fresh():
    done = subprocess.run(
        [sys.executable, "-m", "tools.reference", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
