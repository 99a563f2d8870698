"""Which values a dry run shows: property by property, custom fields apart if mappings made them."""

from __future__ import annotations

import pytest

from planhat_sync.writing.sending.changes import changes_of

SOURCES = {"title": "summary", "custom.Labels": "labels", "custom.Sprint": "sprint.name"}


def changes(new, old=None, sources=SOURCES):
    return [tuple(change) for change in changes_of(new, old or {}, sources)]


def test_a_property_has_the_source_that_its_mapping_names():
    assert changes({"title": "b", "status": "Open"}, {"title": "a"}) == [
        ("title", "b", "a", "summary"),
        ("status", "Open", None, None),
    ]


@pytest.mark.parametrize("old", [None, {}, {"custom": None}, {"custom": {"Region": "EU"}}])
def test_custom_fields_with_known_sources_are_shown_apart(old):
    assert changes({"custom": {"Labels": ["x"], "Sprint": "Week 7"}}, old) == [
        ("custom.Labels", ["x"], None, "labels"),
        ("custom.Sprint", "Week 7", None, "sprint.name"),
    ]


def test_only_the_custom_fields_that_differ_are_shown():
    old = {"custom": {"Labels": ["x"], "Sprint": "Week 6", "Region": "EU"}}
    assert changes({"custom": {"Labels": ["x"], "Sprint": "Week 7"}}, old) == [
        ("custom.Sprint", "Week 7", "Week 6", "sprint.name")
    ]


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"Labels": ["x"], "Region": "EU"}, {}),
        # Planhat has a field more: whether it is kept is not known.
        ({"Labels": ["x"]}, {"custom": {"Labels": ["x"], "Region": "EU"}}),
        ('{"Labels": []}', {}),
        (None, {"custom": {"Labels": ["x"]}}),
    ],
)
def test_custom_is_shown_in_full_if_its_fields_say_less(new, old):
    assert changes({"custom": new}, old) == [("custom", new, old.get("custom"), None)]
