"""The first mention of a setting on a page of the site is a link to its section."""

from __future__ import annotations

import pytest
from checkout import ROOT

from tools.setting_links import anchors, linked

ANCHORS = {"match_on": "target-match_on", "page_size": "tap-page_size"}
TO = "settings.md#target-match_on"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`match_on` and `match_on`", f"[`match_on`]({TO}) and `match_on`"),
        (
            "`page_size`, `match_on`",
            f"[`page_size`](settings.md#tap-page_size), [`match_on`]({TO})",
        ),
        ("| `match_on` | a |", f"| [`match_on`]({TO}) | a |"),
        ("# `match_on`\n\n`match_on`", f"# `match_on`\n\n[`match_on`]({TO})"),
        ("```json\n`match_on`\n```\n", "```json\n`match_on`\n```\n"),
        (
            "1. a\n\n    ```bash\n    `match_on`\n    ```\n",
            "1. a\n\n    ```bash\n    `match_on`\n    ```\n",
        ),
        ("[all of `match_on`](a.md)", "[all of `match_on`](a.md)"),
        (f"[`match_on`]({TO}), `match_on`", f"[`match_on`]({TO}), `match_on`"),
        ("`match_on: [sourceId]`, match_on", "`match_on: [sourceId]`, match_on"),
        ("<!-- `match_on` -->", "<!-- `match_on` -->"),
        ("a ] of `match_on` [x", f"a ] of [`match_on`]({TO}) [x"),
        ("`no_setting`", "`no_setting`"),
    ],
)
def test_the_first_mention_becomes_a_link(text, expected):
    assert linked(text, "settings.md", ANCHORS) == expected


def test_a_page_in_a_folder_links_to_the_page_above():
    assert linked("`match_on`", "../settings.md", ANCHORS) == f"[`match_on`](../{TO})"


def test_settings_are_found_on_their_page_but_not_those_with_two_meanings():
    found = anchors(ROOT / "docs" / "settings.md")
    assert found["match_on"] == "target-match_on"
    assert found["api_url"] == "tap-api_url"
    assert {"concurrency", "flattening_separator", "streams"}.isdisjoint(found)
