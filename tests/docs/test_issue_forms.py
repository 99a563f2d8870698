"""The forms for issues: what GitHub requires of them, and what a report needs."""

from __future__ import annotations

import pytest
import yaml
from checkout import ROOT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
TYPES = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
"""https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema"""


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_what_github_requires(path):
    form = yaml.safe_load(path.read_text("utf-8"))
    assert form["name"]
    assert form["description"]
    fields = [each for each in form["body"] if each["type"] != "markdown"]
    assert fields
    for each in form["body"]:
        assert each["type"] in TYPES
        assert each["attributes"]["value" if each["type"] == "markdown" else "label"]
    assert len({each["id"] for each in fields}) == len(fields)
    assert len({each["attributes"]["label"] for each in fields}) == len(fields)


def test_a_bug_report_has_the_version_the_command_the_last_line_and_no_token():
    text = (ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf-8")
    fields = {each.get("id"): each for each in yaml.safe_load(text)["body"]}
    for required in ("version", "command", "last-line"):
        assert fields[required]["validations"]["required"]
    assert {"summary", "settings"} <= fields.keys()
    assert "Never paste a token" in text
