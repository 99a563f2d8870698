"""How a catalog asks for a stream to be replicated, in each place where it can."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from tap_planhat.catalog import normalized
from tap_planhat.replication import FULL_TABLE, INCREMENTAL, Replication, replication_of

MODELS = load_models()
CHOSEN, FORCED = "replication-method", "forced-replication-method"


def entry(top=None, *, key=None, **metadata):
    """A stream's entry; names in the metadata are written with underscores here."""
    root = {name.replace("_", "-"): value for name, value in metadata.items()}
    return {
        "tap_stream_id": "issues",
        "replication_method": top,
        "replication_key": key,
        "metadata": [{"breadcrumb": [], "metadata": root}],
    }


def asked(found, model="issues"):
    replication = replication_of(found, MODELS[model])
    return replication.method, len(replication.warnings)


@pytest.mark.parametrize(
    ("top", "chosen", "forced", "method"),
    [
        # Discovery says INCREMENTAL twice; what differs was written by a user.
        (INCREMENTAL, None, INCREMENTAL, INCREMENTAL),
        (INCREMENTAL, FULL_TABLE, INCREMENTAL, FULL_TABLE),  # as Meltano's `metadata` does
        (None, FULL_TABLE, None, FULL_TABLE),
        (None, FULL_TABLE, INCREMENTAL, FULL_TABLE),
        (FULL_TABLE, None, INCREMENTAL, FULL_TABLE),
        (INCREMENTAL, None, FULL_TABLE, FULL_TABLE),
        (None, None, FULL_TABLE, FULL_TABLE),
        (FULL_TABLE, None, None, FULL_TABLE),
        (FULL_TABLE, FULL_TABLE, FULL_TABLE, FULL_TABLE),
        (None, INCREMENTAL, None, INCREMENTAL),
        (None, None, None, INCREMENTAL),
        ("", "", "", INCREMENTAL),
    ],
)
def test_a_method_is_obeyed_wherever_it_stands(top, chosen, forced, method):
    found = entry(top, replication_method=chosen, forced_replication_method=forced)
    assert asked(found) == (method, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"replication-method": FULL_TABLE},
        {"metadata": {"replication_method": FULL_TABLE}},
        {"metadata": {"forced_replication_method": FULL_TABLE}},
    ],
    ids=str,
)
def test_the_spelling_of_the_other_place_is_read_too(wrong):
    metadata = [{"breadcrumb": [], "metadata": wrong.get("metadata", {})}]
    assert asked({**wrong, "metadata": metadata}) == (FULL_TABLE, 0)


@pytest.mark.parametrize(
    "wrong", [{"replication-key": "a"}, {"metadata": {"replication_key": "a"}}], ids=str
)
def test_a_key_in_the_spelling_of_the_other_place_is_read_too(wrong):
    metadata = [{"breadcrumb": [], "metadata": wrong.get("metadata", {})}]
    [warning] = replication_of({**wrong, "metadata": metadata}, MODELS["issues"]).warnings
    assert warning == (
        "the replication key a of issues is ignored: issues is read only by updatedAt"
    )


def test_metadata_of_a_stream_in_several_items_is_merged():
    """Somebody adds a second item for the stream instead of changing the first one."""
    found = entry(INCREMENTAL, selected=True, forced_replication_method=INCREMENTAL)
    found["schema"] = {"properties": {"_id": {}, "updatedAt": {}}}
    found["metadata"].append({"breadcrumb": [], "metadata": {CHOSEN: FULL_TABLE}})
    logger = logging.getLogger("test")
    [issues] = normalized({"streams": [found]}, MODELS, logger).streams
    assert (issues.replication_method, issues.metadata.root.selected) == (FULL_TABLE, True)


@pytest.mark.parametrize(
    "spelt", ["full_table", "Full_Table", " FULL_TABLE ", "full-table", "full table"]
)
def test_a_method_may_be_spelt_in_any_case(spelt):
    assert asked(entry(replication_method=spelt)) == (FULL_TABLE, 0)
    assert asked(entry(spelt)) == (FULL_TABLE, 0)


@pytest.mark.parametrize("where", ["top", "replication_method", "forced_replication_method"])
@pytest.mark.parametrize("method", ["LOG_BASED", "log_based", "SOMETIMES", "0"])
def test_a_method_that_a_stream_cannot_do_is_reported(where, method):
    found = entry(method) if where == "top" else entry(**{where: method})
    [warning] = replication_of(found, MODELS["issues"]).warnings
    assert f"issues is read by INCREMENTAL, not by {method.upper()}" in warning
    assert asked(found)[0] == INCREMENTAL


@pytest.mark.parametrize("where", ["top", "replication_method", "forced_replication_method"])
def test_a_stream_without_a_key_cannot_be_incremental_and_that_is_reported(where):
    found = entry(INCREMENTAL) if where == "top" else entry(**{where: INCREMENTAL})
    keyless = replace(MODELS["objectives"], possible_replication_key=None)
    replication = replication_of(found, keyless)
    assert replication.method == FULL_TABLE
    assert "objectives is read by FULL_TABLE, not by INCREMENTAL" in replication.warnings[0]


@pytest.mark.parametrize("where", ["top", "replication_method", "forced_replication_method"])
@pytest.mark.parametrize("named", [None, "updatedAt"])
def test_a_key_that_may_be_there_is_used_for_those_who_ask_for_it(where, named):
    found = entry(INCREMENTAL) if where == "top" else entry(**{where: INCREMENTAL})
    found["replication_key"] = named
    assert replication_of(found, MODELS["objectives"]) == Replication("updatedAt", ())


@pytest.mark.parametrize("method", [None, FULL_TABLE])
def test_a_key_that_may_be_there_is_not_used_for_others(method):
    assert asked(entry(replication_method=method), "objectives") == (FULL_TABLE, 0)
    found = entry(replication_method=method, replication_key="updatedAt")
    [warning] = replication_of(found, MODELS["objectives"]).warnings
    assert warning == (
        "the replication key updatedAt of objectives is ignored: objectives is read in full in "
        "every run, unless its replication-method is INCREMENTAL"
    )


@pytest.mark.parametrize(("top", "forced"), [(FULL_TABLE, INCREMENTAL), (None, FULL_TABLE)])
def test_where_two_places_say_two_things_the_metadata_decides_and_that_is_reported(top, forced):
    found = entry(top, replication_method=INCREMENTAL, forced_replication_method=forced)
    replication = replication_of(found, MODELS["issues"])
    assert replication.method == INCREMENTAL
    [warning] = replication.warnings
    assert "the metadata decides" in warning
    assert INCREMENTAL in warning
    assert FULL_TABLE in warning


@pytest.mark.parametrize("found", [entry(key="createdAt"), entry(replication_key="createdAt")])
@pytest.mark.parametrize(("model", "why"), [("issues", "updatedAt"), ("objectives", "in full")])
def test_another_replication_key_is_reported_why_not(found, model, why):
    [warning] = replication_of(found, MODELS[model]).warnings
    assert "replication key createdAt" in warning
    assert why in warning


def test_the_models_own_key_and_no_metadata_are_nothing_to_tell():
    assert asked(entry(key="updatedAt", replication_key="updatedAt")) == (INCREMENTAL, 0)
    assert asked({"tap_stream_id": "issues", "metadata": []}) == (INCREMENTAL, 0)
    assert asked({"tap_stream_id": "issues"}) == (INCREMENTAL, 0)


@pytest.mark.parametrize("name", [CHOSEN, FORCED, "replication-key"])
def test_a_method_or_key_must_be_text(config, select, name):
    catalog = select(issues=None)
    catalog["streams"][0]["metadata"].append({"breadcrumb": [], "metadata": {name: 5}})
    with pytest.raises(ConfigurationError, match="not a Singer catalog"):
        normalized(catalog, MODELS, logging.getLogger("x"))


@pytest.mark.parametrize(
    ("method", "count"), [("FULL_TABLE", 2), ("full_table", 2), ("LOG_BASED", 1), (None, 1)]
)
def test_a_run_reads_as_the_metadata_alone_says(
    sandbox, config, read, select, caplog, method, count
):
    for day in ("01", "20"):
        sandbox.tenant("alpha").insert("issues", {"title": day, "updatedAt": f"2026-01-{day}"})
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2026-01-10T00:00:00Z"}
    catalog = select(issues=None)
    issues = next(one for one in catalog["streams"] if one["tap_stream_id"] == "issues")
    issues.pop("replication_method")
    root = next(item["metadata"] for item in issues["metadata"] if not item["breadcrumb"])
    root[CHOSEN] = method
    output = read(config, state={"bookmarks": {"issues": bookmark}}, catalog=catalog)
    assert len(output.records("issues")) == count
    assert ("not by LOG_BASED" in caplog.text) is (method == "LOG_BASED")
