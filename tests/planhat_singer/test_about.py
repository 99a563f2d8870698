"""`--about` for people: complete, without values of Python, and in tables that hold."""

from __future__ import annotations

import re

import pytest

from planhat_singer.about import as_markdown, as_text, settings_of
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

PLUGINS = [TapPlanhat, TargetPlanhat]
OF_PYTHON = re.compile(r"\b(None|True|False)\b|\['")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_setting_has_a_row_of_four_cells_and_a_description(plugin):
    info = plugin._get_about_info()
    text = as_markdown(info)
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    names = []
    for row in rows:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 4
        names.append(cells[0].strip("`"))
        assert cells[3].endswith(".")
    assert set(info.settings["properties"]) <= set(names)
    assert len(names) == len(set(names))
    assert "| `api_token` | text | required |" in text
    assert not OF_PYTHON.search(text)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_text_fits_a_terminal_and_names_every_setting(plugin):
    info = plugin._get_about_info()
    text = as_text(info)
    assert max(map(len, text.splitlines())) <= 80
    assert not OF_PYTHON.search(text)
    for name in info.settings["properties"]:
        assert re.search(rf"^  {name}: ", text, re.MULTILINE)


def test_the_parts_of_a_setting_come_after_it_with_its_name():
    schema = {
        "required": ["a"],
        "properties": {
            "a": {
                "type": ["object", "null"],
                "description": "Holds b.",
                "properties": {"b": {"enum": ["x", None], "default": "x"}},
            }
        },
    }
    assert list(settings_of(schema)) == [
        ("a", "an object", "required", "Holds b."),
        ("a.b", "one of x", '"x"', ""),
    ]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_pipe_in_a_description_does_not_end_its_cell(plugin):
    info = plugin._get_about_info()
    info.settings = {"properties": {"a": {"type": "string", "description": "x | y."}}}
    assert "| `a` | text |  | x \\| y. |" in as_markdown(info)


def test_as_a_process_it_prints_markdown_and_text(tap, target):
    for plugin in (tap, target):
        assert plugin("--about", "--format=markdown").stdout.startswith(b"# ")
        assert b"\nSettings. In the environment, " in plugin("--about").stdout
