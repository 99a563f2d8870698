"""Columns have the names of properties again where a cache has changed their case."""

from __future__ import annotations

import pytest

from airbyte_planhat.destination.column_names import ColumnNames
from planhat_sync.models import load_models

ISSUES = load_models()["issues"]


def test_columns_of_a_model_get_the_names_of_its_properties():
    names = ColumnNames(ISSUES.properties)
    given = {"sourceid": "A", "COMPANYIDS": [], "title": "T", "unknown": 1}
    assert names.restored(given) == {
        "sourceId": "A",
        "companyIds": [],
        "title": "T",
        "unknown": 1,
    }


def test_columns_of_a_mapped_stream_get_the_names_of_the_catalog():
    names = ColumnNames(["Issue Key", "companyId"])
    assert names.restored({"issue key": 1, "companyid": 2}) == {"Issue Key": 1, "companyId": 2}


@pytest.mark.parametrize(
    "given", [{"sourceid": "A", "sourceId": "B"}, {"sourceID": 1, "sourceid": 2}]
)
def test_two_columns_that_could_be_one_property_keep_their_names(given):
    assert ColumnNames(ISSUES.properties).restored(given) == given


def test_a_column_that_could_be_two_of_the_catalog_keeps_its_name():
    names = ColumnNames(["Key", "key", "KEY"])
    assert names.restored({"KEy": 1}) == {"KEy": 1}


def test_a_column_of_which_the_catalog_has_two_keeps_its_name_in_every_record():
    names = ColumnNames(ISSUES.properties, ["sourceId", "sourceid", "TITLE"])
    assert names.restored({"sourceid": "A", "TITLE": "T"}) == {"sourceid": "A", "title": "T"}
    assert names.unchanged(["sourceId", "sourceid", "TITLE"]) == ["sourceId", "sourceid"]
