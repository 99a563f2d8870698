"""A run that reads nothing, or probably less than intended, logs a warning."""

from __future__ import annotations

import json

import pytest

from tap_planhat.catalog import NOTHING_SELECTED


@pytest.fixture
def warnings(sandbox, config, read, caplog):
    sandbox.tenant("alpha").insert("issues", {"title": "a", "custom": {"Team": "b"}})

    def of(catalog) -> list[str]:
        caplog.clear()
        read(config, catalog=catalog)
        return [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]

    return of


def unselected(select, how):
    catalog = select()
    for entry in catalog["streams"]:
        root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
        root.pop("selected")
        root.pop("selected-by-default")
        root.update(how)
    return catalog


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"selected": False},
        {"selected": None},
        {"selected-by-default": False},
        {"inclusion": "unsupported", "selected": True},
    ],
    ids=str,
)
def test_a_catalog_that_selects_nothing_is_reported_and_how_to_select(warnings, select, how):
    assert warnings(unselected(select, how)) == [NOTHING_SELECTED]


def test_a_catalog_without_streams_selects_nothing(warnings):
    assert warnings({"streams": []}) == [NOTHING_SELECTED]


def test_a_selection_of_properties_alone_selects_no_stream(warnings, select):
    catalog = unselected(select, {"selected": False})
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = True
    assert warnings(catalog) == [NOTHING_SELECTED]


def test_a_property_inside_one_that_is_not_selected_is_reported(warnings, select):
    """As a rule like issues.custom.Team makes it in Meltano."""
    [warning] = warnings(select(issues=["title", "custom.Team"]))
    assert "issues: custom.Team is selected, but custom, which holds it, is not" in warning


@pytest.mark.parametrize(
    "wanted",
    [
        {"issues": None},
        {"issues": ["title"]},
        {"issues": ["custom", "custom.Team"]},
        {"issues": ["custom", "!custom.Team"]},
        {"objectives": None},
    ],
    ids=str,
)
def test_a_selection_that_is_obeyed_is_nothing_to_tell(warnings, select, wanted):
    assert warnings(select(**wanted)) == []


def test_no_catalog_selects_everything_and_discovery_and_tests_say_nothing(tap, config, tmp_path):
    assert "WARNING" not in tap(config=config).stderr
    assert "WARNING" not in tap("--test", config=config).stderr


def test_a_process_that_selects_nothing_ends_well_with_a_warning(tap, config, tmp_path):
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": []}))
    ran = tap("--catalog", "catalog.json", config=config)
    assert ran.code == 0
    assert [
        line for line in ran.stderr.splitlines() if "WARNING" in line and NOTHING_SELECTED in line
    ]


@pytest.mark.parametrize(
    ("catalog", "says"),
    [
        ([], "does not hold a JSON object"),
        ({}, "not a Singer catalog"),
        ({"streams": None}, "not a Singer catalog"),
        ({"streams": {}}, "not a Singer catalog"),
        ({"streams": [5]}, "not a Singer catalog, at $.streams[0]"),
        ({"streams": [None]}, "not a Singer catalog"),
        ({"streams": [{}]}, "not a Singer catalog"),
        ({"streams": [{"tap_stream_id": "x", "schema": {}}]}, "names a stream x"),
        ({"streams": [{"tap_stream_id": "x", "stream": "issues", "schema": {}}]}, "stream x"),
        ({"type": "CATALOG"}, "not a Singer catalog"),
    ],
    ids=str,
)
def test_a_file_that_is_not_a_catalog_is_an_error(tap, config, tmp_path, catalog, says):
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    ran = tap("--catalog", "catalog.json", config=config)
    assert (ran.code, ran.stdout) == (1, b"")
    assert says in ran.last_line
    assert "unexpected" not in ran.last_line
