"""Lists against the simplest implementation: sort everything, then slice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sandbox.planhat.collection import Collection
from planhat_sandbox.planhat.models import ISSUES
from planhat_sandbox.planhat.sorted_view import REBUILD_ABOVE

IDS = [f"{number:024x}" for number in range(12)]
VALUES = st.sampled_from([None, 0, 1, 2.5, "", "a", "B", True, ["x"], {"k": 1}])
WRITES = st.tuples(
    st.sampled_from(IDS),
    st.one_of(st.none(), st.fixed_dictionaries({"status": VALUES, "c": st.sampled_from("xyz")})),
)
PAGES = st.tuples(
    st.sampled_from(["_id", "status"]),
    st.integers(0, 14),
    st.integers(0, 14),
    st.booleans(),
    st.one_of(st.none(), st.frozensets(st.sampled_from("xyz"))),
)
KINDS = [type(None), (int, float), str, bool, (list, dict)]


def rank(record, prop):
    value = record.get(prop)
    if isinstance(value, bool):
        return (3, str(value), record["_id"])
    place = next(number for number, kind in enumerate(KINDS) if isinstance(value, kind))
    return (place, 0 if value is None else str(value) if place > 3 else value, record["_id"])


@settings(max_examples=200)
@given(st.lists(st.tuples(WRITES, PAGES), max_size=40))
def test_a_page_is_a_slice_of_all_records_sorted(steps):
    collection = Collection(ISSUES)
    for (identifier, fields), (prop, offset, limit, descending, companies) in steps:
        if fields is None:
            collection.remove(identifier)
        else:
            company = {"companyIds": [fields["c"]]}
            collection.put({"_id": identifier, "status": fields["status"], **company})
        expected = [
            record
            for record in collection.records.values()
            if companies is None or companies & set(record["companyIds"])
        ]
        expected.sort(key=lambda record: rank(record, prop), reverse=descending)
        page = collection.page(prop, offset, limit, descending=descending, companies=companies)
        assert page == [record["_id"] for record in expected[offset : offset + limit]]


def test_a_view_is_correct_after_many_changes():
    collection = Collection(ISSUES)
    for number in range(REBUILD_ABOVE * 3):
        collection.put({"_id": f"{number:024x}", "status": str(number)})
    everything = {"descending": False, "companies": None}
    assert len(collection.page("status", 0, 10_000, **everything)) == REBUILD_ABOVE * 3
    for number in range(0, REBUILD_ABOVE * 3, 2):
        collection.remove(f"{number:024x}")
    page = collection.page("status", 0, 10_000, **everything)
    assert page == sorted(page, key=lambda one: str(int(one, 16)))
    assert len(page) == REBUILD_ABOVE * 3 // 2


def test_a_changed_record_is_encoded_again(api):
    known = api.tenant.insert("issues", {"title": "old"})["_id"]
    assert api.get("issues", select="title")[0]["title"] == "old"
    api.tenant.update("issues", known, {"title": "new"})
    assert api.get("issues", select="title") == [{"_id": known, "title": "new"}]
    assert "updatedAt" in api.get("issues")[0]


@pytest.mark.parametrize("query", [{"limit": "x"}, {"limit": "-1"}, {"offset": "1.5"}])
def test_an_invalid_page_parameter_is_refused(api, query):
    assert api.call("GET", "issues", **query).status_code == 400


def test_an_encoded_comma_separates_properties(api):
    api.tenant.insert("issues", {"title": "t", "status": "s"})
    answer = api.raw(target="/issues?select=title%2Cstatus")
    assert b'"status":"s"' in answer.body
