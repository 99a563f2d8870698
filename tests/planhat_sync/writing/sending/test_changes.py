"""Which values a dry run shows: property by property, custom fields apart if mappings made them."""

from __future__ import annotations

import logging

import pytest

from planhat_sync.runtime.terminal import TextStyle
from planhat_sync.writing.sending.changes import LONGEST_VALUE, ChangeLog, changes_of

SOURCES = {"title": "summary", "custom.Labels": "labels", "custom.Sprint": "sprint.name"}


def changes(new, old=None, sources=SOURCES):
    return [tuple(change) for change in changes_of(new, old or {}, sources)]


def test_a_property_has_the_source_that_its_mapping_names():
    assert changes({"title": "b", "status": "Open"}, {"title": "a"}) == [
        ("title", "b", "a", "summary"),
        ("status", "Open", None, ""),
    ]


@pytest.mark.parametrize("old", [None, {}, {"custom": None}, {"custom": {"Region": "EU"}}])
def test_custom_fields_with_known_sources_are_shown_apart(old):
    assert changes({"custom": {"Labels": ["x"], "Sprint": "Week 7"}}, old) == [
        ("custom.Labels", ["x"], None, "labels"),
        ("custom.Sprint", "Week 7", None, "sprint.name"),
    ]


def test_a_custom_field_is_shown_with_its_own_old_value():
    old = {"custom": {"Labels": ["x"], "Sprint": "Week 6", "Region": "EU"}}
    assert changes({"custom": {"Sprint": "Week 7"}}, old) == [
        ("custom.Sprint", "Week 7", "Week 6", "sprint.name")
    ]


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"Labels": ["x"], "Region": "EU"}, {}),
        ({}, {"custom": {"Labels": ["x"]}}),
        ('{"Labels": []}', {}),
        (None, {"custom": {"Labels": ["x"]}}),
    ],
)
def test_custom_is_shown_in_full_if_its_fields_say_less(new, old):
    assert changes({"custom": new}, old) == [("custom", new, old.get("custom"), "")]


@pytest.mark.parametrize(("value", "source"), [("Jira", '"Jira"'), (None, "null"), (1, "1")])
def test_a_constant_has_no_source(value, source):
    assert changes({"source": value}, sources={"source": source}) == [("source", value, None, "")]


def shown(caplog, style, sources=SOURCES, old=None, new=None, *, is_new=False):
    """What is shown of a record, which has one property."""
    caplog.set_level("INFO")
    log = ChangeLog(style, logging.getLogger("target-planhat"), lambda line: sources)
    log.show("would update issues, line 2", new or {"title": "b"}, old, b"", is_new=is_new)
    return caplog.records[-1].getMessage()


def test_of_a_new_record_what_its_mapping_sets_and_does_not_send_is_shown(caplog):
    sources = {**SOURCES, "_id": "id", "_sdc_deleted_at": "gone", "source": "Jira"}
    new = {"title": "b", "custom": {"Labels": []}}
    assert shown(caplog, TextStyle(), sources, new=new, is_new=True).endswith(
        ": title: b (summary), custom.Labels: [] (labels), custom.Sprint: not sent (sprint.name), "
        "source: not sent (Jira)"
    )


def test_a_new_record_without_a_mapping_is_shown_with_what_is_sent(caplog):
    text = shown(caplog, TextStyle(), {}, is_new=True)
    assert text == "would update issues, line 2: title: b"


def test_a_source_is_dim_on_a_terminal_and_plain_elsewhere(caplog):
    coloured = shown(caplog, TextStyle(is_terminal=True, has_colour=True), old={"title": "a"})
    value = "\x1b[31ma\x1b[0m -> \x1b[32mb\x1b[0m"
    assert coloured.endswith(f"\n    title: {value}\x1b[2m (summary)\x1b[0m")
    assert shown(caplog, TextStyle()) == "would update issues, line 2: title: b (summary)"


def test_a_long_source_is_cut_and_stays_in_its_line(caplog):
    source = "fields.summary ||\n" + "x" * LONGEST_VALUE
    text = shown(caplog, TextStyle(), {"title": source})
    assert "(fields.summary ||\\nxxx" in text
    assert text.endswith("xxx…)")
    assert len(text.partition("(")[2]) == LONGEST_VALUE + 1
