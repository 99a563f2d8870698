"""A mapping that is wrong ends the run at its start, with a sentence that names the place."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.runtime.config_errors import checked_settings
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.settings import WRITE_SETTINGS

MODELS = load_models()


def error_of(mappings, **settings) -> str:
    with pytest.raises(ConfigurationError) as raised:
        Mappings.from_config(mappings, MODELS, **settings)
    return str(raised.value)


def mapping_of(entries, **more):
    return {"stream": "jira", "model": "issues", "set": {"sourceId": "key", **entries}, **more}


NAN = "holds NaN or Infinity, which JSON does not have"
ONE_FORM = "it must have exactly one of from, value, text, externalId, sourceId"
NEITHER = "it is neither an expression (text) nor an object; a constant is written as {value: …}"
PLACE = "mappings: the mapping of stream jira is wrong: "


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        (
            {"title": "a..b"},
            "set.title: is not a JMESPath expression: . at character 3 is not expected",
        ),
        ({"title": {"text": "f(x)"}}, "set.title: calls f(), which JMESPath does not have"),
        ({"titel": "a"}, "set.titel: issues do not have this property; did you mean title?"),
        (
            {"source_url": "a"},
            "set.source_url: issues do not have this property; did you mean sourceUrl?",
        ),
        ({"nothing": "a"}, "set.nothing: issues do not have this property"),
        (
            {"custom__Region": "a"},
            (
                "set.custom__Region: issues do not have this property; custom fields are set as "
                "custom: {Region: …}"
            ),
        ),
        ({"createdAt": "a"}, "set.createdAt: only Planhat writes this property; remove it"),
        (
            {"title": {"externalId": "a"}},
            "set.title: externalId refers to a company, and this does not; companyIds does",
        ),
        (
            {"enduserIds": ["a", {"sourceId": "a"}]},
            "set.enduserIds: sourceId refers to a company, and this does not; companyIds does",
        ),
        (
            {"custom": {"companyIds": {"sourceId": "a"}}},
            "set.custom.companyIds: sourceId refers to a company, and a custom field does not",
        ),
        (
            {"custom": {"A b": "a..b"}},
            "set.custom.A b: is not a JMESPath expression: . at character 3 is not expected",
        ),
        ({"custom": "a"}, "set.custom: it must be an object"),
        ({"custom": {}}, "set.custom: it is empty"),
        ({"title": ""}, "set.title: the expression is empty"),
        (
            {"title": 5},
            f"set.title: {NEITHER}",
        ),
        (
            {"companyIds": ["a", ["b"]]},
            f"set.companyIds[1]: {NEITHER}",
        ),
        ({"companyIds": []}, "set.companyIds: it is an empty list; write {value: []} to send one"),
        ({"companyIds": [""]}, "set.companyIds[0]: the expression is empty"),
        ({"companyIds": [{"text": ""}]}, "set.companyIds[0].text: it is empty"),
        (
            {"title": {"expression": "a"}},
            f"set.title: {ONE_FORM}",
        ),
        (
            {"title": {"valeu": "a"}},
            f"set.title: {ONE_FORM}; did you mean value?",
        ),
        (
            {"title": {"value": 1, "text": "a"}},
            f"set.title: {ONE_FORM}",
        ),
        ({"title": {"value": math.nan}}, f"set.title: {NAN}"),
        ({"title": {"from": "a", "map": {"a": 1}, "else": math.nan}}, f"set.title: {NAN}"),
        ({"custom": {"a": {"from": "a", "map": {"a": [math.inf]}}}}, f"set.custom.a: {NAN}"),
        (
            {"title": {"value": "\ud800"}},
            "set.title: holds half a surrogate pair, which is not Unicode text",
        ),
        ({"title": {"from": 5}}, "set.title.from: it must be text"),
        ({"title": {"from": "a", "else": 1}}, "set.title: it has else, which needs map"),
        ({"title": {"from": "a", "map": {}}}, "set.title.map: it is empty"),
        (
            {"title": {"from": "a", "elso": 1, "map": {"a": 1}}},
            "set.title: it has elso, which means nothing here; did you mean else?",
        ),
    ],
)
def test_an_entry_that_is_wrong(entries, reason) -> None:
    assert error_of([mapping_of(entries)]) == PLACE + reason


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (5, "mappings: the mapping number 2 is wrong: must be an object"),
        ({"model": "issues"}, "mappings: the mapping number 2 is wrong: needs stream"),
        (
            {"stream": "x", "set": {"sourceId": "a"}},
            "mappings: the mapping of stream x is wrong: needs model",
        ),
        (
            mapping_of({}, when="a =="),
            PLACE + "when: is not a JMESPath expression: it ends too early",
        ),
        (mapping_of({}, when=True), PLACE + "when: it must be text"),
        (mapping_of({}, nulls="drop"), PLACE + "nulls: it must be send or omit"),
        (
            mapping_of({}, sets={}),
            PLACE + "has sets, which means nothing here; did you mean set?",
        ),
        ({"stream": "jira", "model": "issues", "set": {}}, PLACE + "set: it is empty"),
        (
            {**mapping_of({}), "model": "issue"},
            PLACE + "there is not a model called issue; did you mean issues?; "
            f"there are {', '.join(name for name in MODELS if MODELS[name].is_written)}",
        ),
        (
            {"stream": "jira", "model": "issues", "set": {"title": "a"}},
            PLACE + "set has none of _id, sourceId, so all records would be rejected: set one of "
            "them, which Planhat then finds the record by",
        ),
    ],
)
def test_a_mapping_that_is_wrong(mapping, sentence) -> None:
    right = {**mapping_of({}), "stream": "another"}
    assert error_of([right, mapping]) == sentence


def test_a_model_that_is_only_read_has_no_mapping() -> None:
    models = {**MODELS, "issues": dataclasses.replace(MODELS["issues"], access="read")}
    with pytest.raises(ConfigurationError) as raised:
        Mappings.from_config([mapping_of({})], models)
    assert "the model issues is only read from Planhat, not written; there are " in str(
        raised.value
    )
    assert "there are issues" not in str(raised.value)


def test_two_mappings_of_one_stream() -> None:
    assert error_of([mapping_of({}), mapping_of({})]) == (
        "mappings: there are two mappings of stream jira; a stream has one"
    )


def test_a_mapping_needs_a_keyable_of_match_on_unless_records_are_created_without() -> None:
    mapping = mapping_of({"title": "a"})
    assert "set has none of _id, so all" in error_of([mapping], match_on=["_id", "externalId"])
    Mappings.from_config([mapping], MODELS, match_on=["_id"], missing_key="create")
    Mappings.from_config([mapping], MODELS, match_on=["externalId", "sourceId"])


def test_every_word_of_the_vocabulary_is_accepted() -> None:
    mapping = mapping_of(
        {
            "title": "fields.summary",
            "description": {"text": "fields.description"},
            "priority": {"from": "a", "map": {"1": "P1", "x": None}, "else": None},
            "status": {"from": "a"},
            "source": {"value": None},
            "archived": {"value": False},
            "companyIds": [{"externalId": "a"}, {"sourceId": "a"}, "a", {"value": "x"}],
            "followers": {"value": []},
            "custom": {"": "a", "value": {"value": 1}, "A.b": {"text": "a"}},
            "_sdc_deleted_at": "deleted",
        },
        when="a",
        nulls="omit",
    )
    assert Mappings.from_config([mapping], MODELS).of("jira")


def test_the_settings_leave_what_is_inside_a_mapping_to_us() -> None:
    schema = {"type": "object", "properties": WRITE_SETTINGS}
    mappings = [
        mapping_of({"title": {"value": None}, "status": {"value": ""}, "source": {"value": []}})
    ]
    config, errors = checked_settings(schema, {"mappings": mappings})
    assert config["mappings"] == mappings
    assert not errors
    assert checked_settings(schema, {"mappings": [{"set": 1}]})[1] == []
    assert checked_settings(schema, {"mappings": {"a": 1}})[1] == ["mappings must be a list"]


WORDS = st.sampled_from(
    [
        *("stream", "model", "when", "set", "nulls", "custom", "sourceId", "externalId", "value"),
        *(
            "from",
            "map",
            "else",
            "text",
            "issues",
            "companyIds",
            "title",
            "omit",
            "a.b",
            "",
            "\n",
            "\ud800",
        ),
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
)


@given(st.lists(ANYTHING | st.builds(mapping_of, st.dictionaries(WORDS, ANYTHING)), max_size=2))
def test_whatever_the_setting_holds_it_is_accepted_or_the_error_is_one_sentence(mappings) -> None:
    try:
        Mappings.from_config(mappings, MODELS)
    except ConfigurationError as error:
        assert str(error).startswith("mappings: ")  # noqa: PT017 - raised for most of them only
        assert "\n" not in str(error)  # noqa: PT017
