"""Custom fields become properties of `custom`."""

from __future__ import annotations

import jsonschema
import pytest

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.custom_fields import (
    TYPES,
    custom_properties,
    normalized_parent,
    read_custom_fields,
    typed,
    typed_models,
)
from planhat_sync.api.http.transport import Transport
from planhat_sync.models import load_models

MODELS = load_models()
WITH_CUSTOM = [name for name, model in MODELS.items() if "custom" in model.properties]
CONVERSATIONS = {"conversations", "notes"}


def field(name, kind, parent="Issue", **more):
    """One record of the model Custom Field."""
    return {"_id": "5f", "name": name, "type": kind, "parent": parent, "isHidden": False, **more}


def test_only_the_fields_of_the_model_are_taken():
    fields = [field("a", "text"), field("b", "text", parent="Company")]
    assert list(custom_properties(fields, "Issue")) == ["a"]


@pytest.mark.parametrize("parent", ["Issue", "issue", "ISSUE"])
def test_a_parent_is_compared_without_regard_to_case(parent):
    assert list(custom_properties([field("a", "text", parent=parent)], "Issue")) == ["a"]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("number", 1.5, "1.5"),
        ("rating", 4, "4"),
        ("text", "x", 1),
        ("rich text", "<b>x</b>", 1),
        ("checkbox", True, "true"),
        ("day", "2026-01-01", 20_000),
        ("date", "2026-01-01T00:00:00.000Z", 1_700_000_000),
        ("multipicklist", ["a", "b"], "a"),
        ("team members", ["5f"], "5f"),
        ("Rich Text", "x", 1),
        ("rich_text", "x", 1),
    ],
)
def test_a_field_takes_values_of_its_type_and_null_and_nothing_else(kind, right, wrong):
    schema = custom_properties([field("f", kind)], "Issue")["f"]
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(right)
    assert validator.is_valid(None)
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize("kind", ["hologram", "", None, 7])
def test_an_undocumented_type_accepts_any_value(kind):
    schema = custom_properties([field("f", kind)], "Issue")["f"]
    assert "type" not in schema


def test_a_label_with_two_types_accepts_any_value():
    schema = custom_properties([field("f", "text"), field("f", "number")], "Issue")["f"]
    assert "type" not in schema


def test_a_field_without_a_usable_name_is_left_out():
    assert custom_properties([field(None, "text"), {"parent": "Issue"}], "Issue") == {}


def test_every_documented_type_has_a_schema():
    documented = {
        *("number", "text", "rich text", "checkbox", "day", "date", "list", "multipicklist"),
        *("team member", "team members", "rating", "phone", "email", "enduser", "endusers", "url"),
    }
    assert set(TYPES) == documented


def test_a_model_with_typed_custom_fields_stays_open_for_others():
    issues = MODELS["issues"]
    model = typed(issues, [field("Severity", "number")])
    custom = model.record_schema["properties"]["custom"]
    assert custom["properties"]["Severity"]["type"] == ["number", "null"]
    assert custom["additionalProperties"] is True
    assert "properties" not in issues.record_schema["properties"]["custom"]


def test_a_tenant_is_asked_for_all_its_custom_fields(sandbox):
    tenant = sandbox.tenant("token-a")
    for n in range(5):
        tenant.insert("customfields", {**field(f"f{n}", "text"), "_id": f"{n:024x}"})
    connection = Connection.from_config({"api_token": "token-a", "api_url": sandbox.url})
    with Transport(connection) as transport:
        fields = read_custom_fields(PlanhatClient(transport), MODELS)
    assert [(f["name"], f["parent"]) for f in fields] == [(f"f{n}", "Issue") for n in range(5)]


def custom_fields_of(models):
    """The labels of the typed custom fields, by the name of each model that has some."""
    found = {
        name: list(model.properties.get("custom", {}).get("properties", ()))
        for name, model in models.items()
    }
    return {name: labels for name, labels in found.items() if labels}


@pytest.mark.parametrize("spelt", [str, str.lower, lambda title: title.replace(" ", "_")])
@pytest.mark.parametrize("name", WITH_CUSTOM)
def test_every_model_with_custom_fields_gets_its_own_and_no_other_model_does(name, spelt):
    fields = [field("a", "text", parent=spelt(MODELS[name].title))]
    receivers = CONVERSATIONS if name in CONVERSATIONS else {name}
    assert custom_fields_of(typed_models(MODELS, fields)) == {key: ["a"] for key in receivers}


def test_no_two_models_have_one_title_as_their_parent():
    titles = {normalized_parent(model.title) for model in MODELS.values()}
    assert len(titles) == len(MODELS)


def test_parents_that_no_model_has_are_left_out_and_counted_in_one_message(caplog):
    parents = ["Issue", "Spaceship", "Spaceship", "5f6a", None, *"abcd", "Time Entry"]
    fields = [field(f"f{at}", "text", parent=each) for at, each in enumerate(parents)]
    with caplog.at_level("INFO"):
        found = typed_models(MODELS, fields)
    assert custom_fields_of(found) == {"issues": ["f0"]}
    (message,) = caplog.messages
    assert message.startswith("9 custom fields left out")
    assert message.endswith("of the parent 5f6a, None, Spaceship, Time Entry, a, …")


def test_nothing_is_said_if_each_parent_is_known(caplog):
    with caplog.at_level("INFO"):
        typed_models(
            MODELS, [field("a", "text", parent=MODELS[each].title) for each in WITH_CUSTOM]
        )
    assert caplog.messages == []
