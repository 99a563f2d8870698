"""The page of the settings has all of them, each with an address of its own."""

from __future__ import annotations

import json
import re
import subprocess

import jsonschema
import pytest
from checkout import ROOT
from strangers import program

from planhat_sync import DeleteOptions, WriteOptions
from tools.reference.setting_notes import EXAMPLES, MORE

PLUGINS = {"tap": "tap-planhat", "target": "target-planhat"}
CONNECTORS = {"tap": "source-planhat", "target": "destination-planhat"}
PAGE = (ROOT / "docs" / "settings.md").read_text("utf-8")
ANCHOR = re.compile(r'\{ #([\w-]+) \}|<a id="([\w-]+)"></a>')
SECTIONS = {
    first or second: section
    for section in re.split(r"^(?=###? )", PAGE, flags=re.MULTILINE)
    for first, second in ANCHOR.findall(section)
}


@pytest.fixture(scope="module", params=PLUGINS)
def side(request):
    """The tap or the target."""
    return request.param


@pytest.fixture(scope="module")
def schemas(side):
    """The settings of a plugin, as its `--about` has them."""
    command = [program(PLUGINS[side]), "--about", "--format=json"]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)["settings"]["properties"]


@pytest.fixture(scope="module")
def of_connector(side):
    """The settings of a connector, as its `spec` has them."""
    done = subprocess.run([program(CONNECTORS[side]), "spec"], capture_output=True, check=True)
    return json.loads(done.stdout)["spec"]["connectionSpecification"]["properties"]


def test_no_two_settings_have_the_same_address():
    anchors = [first or second for first, second in ANCHOR.findall(PAGE)]
    assert len(anchors) == len(set(anchors)) > 60


def test_each_setting_has_a_section_at_its_address(side, schemas):
    there = {anchor for anchor in SECTIONS if anchor.startswith(f"{side}-")}
    assert there == {f"{side}-{name}" for name in schemas}
    for name in schemas:
        assert SECTIONS[f"{side}-{name}"].startswith(f"### `{name}` {{ #")


def test_a_section_has_the_default_the_values_and_the_limits_of_its_setting(side, schemas):
    for name, schema in schemas.items():
        section = SECTIONS[f"{side}-{name}"]
        default = schema.get("default")
        shown = default if isinstance(default, str) else json.dumps(default)
        assert (f"- default: `{shown}`\n" in section) is (default is not None), name
        for value in filter(None, schema.get("enum", [])):
            assert f"`{value}`" in section, name
        for limit in {"minimum", "maximum"} & schema.keys():
            assert f"{schema[limit]:,}" in section, name
        assert ("**secret**" in section) is bool(schema.get("secret")), name


def test_a_section_says_what_its_setting_is_for(side, schemas):
    for name in schemas:
        said = re.sub(r"^(#.*|<a .*|- .*)$", "", SECTIONS[f"{side}-{name}"], flags=re.MULTILINE)
        assert re.match(r"\s*[A-Z][\w-]* ", said), name


def test_a_section_names_the_variable_and_the_programs(side, schemas, of_connector):
    for name in schemas:
        section = SECTIONS[f"{side}-{name}"]
        assert re.search(rf"`{side}_planhat_{name}[`=]".upper(), section.upper()), name
        (programs,) = re.findall(r"^- programs: (.*)", section, re.MULTILINE)
        assert f"`{PLUGINS[side]}`" in programs, name
        assert (f"`{CONNECTORS[side]}`" in programs) is (name in of_connector), name


def test_a_section_names_the_options_of_the_python_class():
    for call, options in (("write", WriteOptions), ("delete", DeleteOptions)):
        for name in options.__optional_keys__:
            section = SECTIONS.get(f"target-{name}")
            assert section is None or f"`{call}({name}=…)`" in section, name
    assert "`Planhat(page_size=…)`" in SECTIONS["tap-page_size"]
    assert "Planhat(" not in SECTIONS["target-concurrency"]


def test_an_example_is_a_value_that_its_setting_takes(side, schemas):
    for anchor, example in EXAMPLES.items():
        name = anchor.partition("-")[2]
        if anchor.startswith(f"{side}-"):
            jsonschema.validate(example, schemas[name])
            assert f'"{name}": {json.dumps(example)}' in SECTIONS[anchor]


def test_what_is_written_by_hand_belongs_to_a_setting():
    assert {*EXAMPLES, *MORE} <= SECTIONS.keys()
