"""What a mapping makes of a record: each word of its vocabulary, and all of them together."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.exact_json import decode, encode
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode, Skipped
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()


def mapping_of(entries, model="issues", **more):
    mapping = {"stream": "x", "model": model, "set": entries, **more}
    found = Mappings.from_config([mapping], MODELS, missing_key="create").of("x")
    assert found is not None
    return found


def made(entries, record, **more):
    return mapping_of(entries, **more).apply(record)


JIRA = {
    "sourceId": "key",
    "source": {"value": "Jira"},
    "title": "fields.summary",
    "description": {"text": "fields.description"},
    "status": "fields.status.name",
    "priority": {
        "from": "fields.priority.name",
        "map": {"Highest": "P1", "High": "P2"},
        "else": "P4",
    },
    "archived": "fields.status.statusCategory.key == 'done'",
    "companyIds": [{"externalId": "fields.customfield_10042"}],
    "custom": {"Labels": "fields.labels"},
}
ISSUE = {
    "key": "SUP-1",
    "fields": {
        "summary": "Login fails",
        "description": {
            "type": "doc",
            "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "Since Monday."}]}
            ],
        },
        "status": {"name": "In Progress", "statusCategory": {"key": "indeterminate"}},
        "priority": {"name": "Highest"},
        "labels": ["login", "sso"],
        "customfield_10042": "acme-1",
    },
}


def test_an_issue_of_jira() -> None:
    assert made(JIRA, ISSUE, when="fields.customfield_10042") == {
        "sourceId": "SUP-1",
        "source": "Jira",
        "title": "Login fails",
        "description": "Since Monday.",
        "status": "In Progress",
        "priority": "P1",
        "archived": False,
        "companyIds": ["extid-acme-1"],
        "custom": {"Labels": ["login", "sso"]},
    }


def test_a_record_that_lacks_fields_keeps_what_it_has() -> None:
    record = {"key": "SUP-1", "fields": {"priority": None, "description": None}}
    assert made(JIRA, record) == {
        "sourceId": "SUP-1",
        "source": "Jira",
        "description": None,
        "priority": "P4",
        "archived": False,
    }
    assert made(JIRA, {"key": "SUP-1"}, nulls="omit") == {
        "sourceId": "SUP-1",
        "source": "Jira",
        "archived": False,
    }


@pytest.mark.parametrize(
    ("record", "value"),
    [
        *(({"p": "High"}, "P2"), ({"p": "Other"}, "P4"), ({"p": None}, "P4"), ({"p": ""}, "P4")),
        *(({"p": 1}, "one"), ({"p": decode(b"1.0")}, "one"), ({"p": "1"}, "one")),
        *(({"p": True}, "yes"), ({"p": False}, "P4"), ({"p": ["High"]}, "P4"), ({"p": {}}, "P4")),
        *(({"p": "null"}, None), ({"p": decode(b"1e999999999999999999999")}, "P4")),
        ({"p": decode(b"1e99999")}, "P4"),
    ],
)
def test_a_value_is_looked_up_by_the_text_that_json_has_for_it(record, value) -> None:
    table = {"High": "P2", "1": "one", "true": "yes", "null": None}
    entry = {"from": "p", "map": table, "else": "P4"}
    assert made({"priority": entry}, record) == {"priority": value}


def test_what_is_not_there_is_not_looked_up() -> None:
    assert made({"priority": {"from": "p", "map": {"a": "b"}, "else": "P4"}}, {}) == {}


@pytest.mark.parametrize("value", ["private", None, ["a"]])
def test_a_value_that_is_not_listed_is_a_reject_without_else(value) -> None:
    assert made({"priority": {"from": "p || `null`", "map": {"a": "b"}}}, {"p": value}) == Reject(
        RejectCode.MAPPING_FAILED,
        "priority: p || `null` gives a value that map does not list, and there is no else",
        "priority",
    )


@pytest.mark.parametrize(
    ("record", "value"),
    [
        *(({"c": "acme"}, ["extid-acme"]), ({"c": 12}, ["extid-12"])),
        *(
            ({"c": decode(b"12.0")}, ["extid-12"]),
            ({"c": ["a", None, "", "b"]}, ["extid-a", "extid-b"]),
        ),
        *(({"c": None}, []), ({"c": ""}, []), ({"c": " "}, []), ({"c": []}, [])),
        *(({"c": None, "d": 5}, ["srcid-5"]), ({"c": "a", "d": "b"}, ["extid-a", "srcid-b"])),
    ],
)
def test_companies_of_a_list(record, value) -> None:
    entry = [{"externalId": "c"}, {"sourceId": "d"}]
    assert made({"companyIds": entry}, record) == {"companyIds": value}


def test_companies_that_are_not_there_are_absent() -> None:
    assert made({"companyIds": [{"externalId": "c"}, {"sourceId": "d"}]}, {}) == {}
    assert made({"companyIds": [{"externalId": "c"}]}, {"c": None}, nulls="omit") == {}


def test_a_list_needs_no_brackets_for_a_company() -> None:
    assert made({"companyIds": {"externalId": "c"}}, {"c": "a"}) == {"companyIds": ["extid-a"]}
    assert made({"companyIds": {"externalId": "c"}}, {"c": ["a"]}) == {"companyIds": ["extid-a"]}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        *(({"c": "a"}, {"companyId": "extid-a"}), ({"c": None}, {"companyId": None}), ({}, {})),
        ({"c": " "}, {"companyId": None}),
    ],
)
def test_the_company_of_an_objective(record, expected) -> None:
    assert made({"companyId": {"externalId": "c"}}, record, model="objectives") == expected


@pytest.mark.parametrize("value", [True, {"private": 1}, [{"private": 1}]])
def test_what_names_no_company_is_a_reject(value) -> None:
    assert made({"companyIds": {"sourceId": "c"}}, {"c": value}) == Reject(
        RejectCode.MAPPING_FAILED,
        "companyIds: c gives neither text nor a number, so it names no company",
        "companyIds",
    )


def test_a_list_holds_what_its_entries_give_without_nulls() -> None:
    entry = ["a", {"value": 1}, "b", {"from": "c"}]
    assert made({"followers": entry}, {"a": ["x", None, "y"], "b": None, "c": "z"}) == {
        "followers": ["x", "y", 1, "z"]
    }


def test_constants_are_sent_as_they_are_written() -> None:
    entries = {"title": {"value": None}, "followers": {"value": []}, "source": {"value": ""}}
    assert made(entries, {}) == {"title": None, "followers": [], "source": ""}
    assert made(entries, {}, nulls="omit") == {"followers": [], "source": ""}


def test_custom_fields_may_be_called_anything() -> None:
    labels = ["", "value", "a.b", "from", "custom", "A label: with 'signs'", "\n"]
    custom = {label: {"value": label} for label in labels}
    assert made({"custom": custom}, {}) == {"custom": {label: label for label in labels}}
    assert made({"custom": {"A": "a", "B": "b"}}, {"a": None}) == {"custom": {"A": None}}
    assert made({"custom": {"A": "a"}}, {}) == {}


def test_a_failure_is_one_line_whatever_the_custom_field_is_called() -> None:
    reject = made({"custom": {"A\nb": "abs('x')"}}, {})
    assert isinstance(reject, Reject)
    assert reject.property == "custom.A\nb"
    assert "\n" not in reject.message


def test_a_failure_names_property_and_expression() -> None:
    assert made({"custom": {"All": "join(',',\n  a)"}}, {"a": None}) == Reject(
        RejectCode.MAPPING_FAILED,
        "custom.All: join(',', a) fails: join() takes an array of strings, and was given null",
        "custom.All",
    )


@pytest.mark.parametrize("when", [None, False])
def test_a_record_for_which_when_is_false_or_null_is_skipped(when) -> None:
    assert made({"title": "abs(x)"}, {"x": "x", "w": when}, when="w") is Skipped.LEFT_OUT
    assert made({"title": "abs(x)"}, {"x": "x"}, when="w") is Skipped.LEFT_OUT


@pytest.mark.parametrize("when", [True, 0, "", [], {}, "false"])
def test_every_other_value_of_when_counts_as_true(when) -> None:
    assert made({"title": "t"}, {"t": "t", "w": when}, when="w") == {"title": "t"}


def test_a_failure_of_when_is_a_reject() -> None:
    reject = made({"title": "t"}, {"w": None}, when="abs(w)")
    assert isinstance(reject, Reject)
    assert (reject.code, reject.property) == (RejectCode.MAPPING_FAILED, "when")
    assert reject.message == "when: abs(w) fails: abs() takes a number, and was given null"


DELETED = "2026-01-31T10:15:30Z"


def test_of_a_deletion_only_the_keyables_and_their_scope_are_made() -> None:
    entries = {
        "externalId": "id",
        "sourceId": "other",
        "companyId": {"externalId": "customer"},
        "name": "abs('never evaluated')",
        "custom": {"A": "abs('never evaluated')"},
    }
    record = {"id": 7, "customer": "acme", "_sdc_deleted_at": DELETED}
    assert made(entries, record, model="objectives", when="abs('never evaluated')") == {
        "externalId": 7,
        "companyId": "extid-acme",
        "_sdc_deleted_at": DELETED,
    }


def test_a_deletion_may_be_set_by_an_entry() -> None:
    entries = {"sourceId": "id", "title": "t", "_sdc_deleted_at": "removed"}
    assert made(entries, {"id": 1, "t": "t", "removed": DELETED}, when="no") == {
        "sourceId": 1,
        "_sdc_deleted_at": DELETED,
    }
    # The record's own column does not count then.
    assert made(entries, {"id": 1, "t": "t", "_sdc_deleted_at": DELETED}) == {
        "sourceId": 1,
        "title": "t",
    }


@pytest.mark.parametrize("value", [None, "", "0001-01-01T00:00:00Z"])
def test_a_record_that_was_not_deleted_is_written(value) -> None:
    record = {"id": 1, "t": "t", "_sdc_deleted_at": value}
    entries = {"sourceId": "id", "title": "t"}
    assert made(entries, record) == {"sourceId": 1, "title": "t", "_sdc_deleted_at": value}


@pytest.mark.parametrize("value", [True, 1, "soon", {}])
def test_an_unclear_deletion_is_rejected_by_the_converter_whatever_when_says(value) -> None:
    record = {"id": 1, "_sdc_deleted_at": value}
    passed_on = made({"sourceId": "id"}, record, when="no")
    assert passed_on == {"_sdc_deleted_at": value}
    reject = Converter(MODELS["issues"], WriteSettings(deletes="archive")).convert(passed_on)
    assert isinstance(reject, Reject)
    assert reject.property == "_sdc_deleted_at"


def test_what_a_mapping_makes_is_converted_like_any_record() -> None:
    converter = Converter(MODELS["issues"], WriteSettings())
    payload = converter.convert(made({"sourceId": "id", "title": "t"}, {"id": 7, "t": None}))
    assert isinstance(payload, Payload)
    assert json.loads(payload.item) == {"sourceId": "7", "title": None}


def test_digits_of_a_number_survive_a_mapping() -> None:
    record = decode(b'{"id":"a","n":[1.10,123456789012345678901234567890.10]}')
    entries = {"sourceId": "id", "custom": {"a": "n[0]", "b": "max(n)", "c": "[n[0], `0.10`]"}}
    assert encode(made(entries, record)["custom"]) == (
        b'{"a":1.10,"b":123456789012345678901234567890.10,"c":[1.10,0.10]}'
    )


# A reference: what docs/mappings.md says, once more, for entries that are plain paths.

PATHS = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=3).map(".".join)
VALUES = st.recursive(
    st.sampled_from([None, True, 5, "", "x"]),
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
        | st.lists(inner, max_size=2)
    ),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.sampled_from(["a", "b"]), VALUES)
ENTRIES = st.one_of(
    PATHS,
    st.builds(lambda path: {"from": path, "map": {"x": "X", "5": None}, "else": "E"}, PATHS),
    st.builds(lambda path: {"from": path}, PATHS),
    st.lists(PATHS, min_size=1, max_size=2),
    st.sampled_from([{"value": None}, {"value": 1}]),
)


def value_at(path, record):
    """Return [] for absent, or a list with the value."""
    value = record
    for name in path.split("."):
        if not isinstance(value, dict):
            return [None]
        if name not in value:
            return []
        value = value[name]
    return [value]


def looked_up(table, default, value):
    if isinstance(value, (list, dict)) or value is None:
        return default
    return table.get({True: "true", 5: "5"}.get(value, value), default)


def expected_value(entry, record):
    """Return [] for absent, or a list with the value."""
    if isinstance(entry, str):
        return value_at(entry, record)
    if isinstance(entry, list):
        values = [value for item in entry for value in expected_value(item, record)]
        flat = [x for value in values for x in (value if isinstance(value, list) else [value])]
        return [[x for x in flat if x is not None]] if values else []
    if "value" in entry:
        return [entry["value"]]
    found = value_at(entry["from"], record)
    if "map" in entry:
        return [looked_up(entry["map"], entry["else"], value) for value in found]
    return found


@given(ENTRIES, RECORDS)
def test_an_entry_gives_what_a_reference_gives(entry, record) -> None:
    value = expected_value(entry, record)
    assert made({"custom": {"A": entry}}, record) == ({"custom": {"A": value[0]}} if value else {})


@given(
    st.dictionaries(st.sampled_from(["title", "status", "source"]), ENTRIES, min_size=1), RECORDS
)
def test_with_nulls_omit_nothing_is_null(entries, record) -> None:
    result = made(entries, record, nulls="omit")
    everything = made(entries, record)
    assert None not in result.values()
    assert {k: v for k, v in everything.items() if v is not None and v != []} == {
        k: v for k, v in result.items() if v != []
    }
