"""Every file in schemas/ is a model, and nothing else is there."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from planhat_sync.model_file import Keywords
from planhat_sync.models import load_models
from planhat_sync.model import Model

ROOT = Path(__file__).parents[2]
META = json.loads((ROOT / "planhat_sync" / "model.meta.json").read_text(encoding="utf-8"))
FILES = sorted((ROOT / "schemas").iterdir())
STREAM_NAME = re.compile(r"[a-z][a-z0-9_]*")


VALIDATOR = jsonschema.Draft202012Validator(
    META, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def check(document) -> None:
    """Hold a document against the meta-schema, with draft 2020-12's formats switched on."""
    VALIDATOR.validate(document)


def last_property(document) -> dict:
    return list(document["properties"].values())[-1]


@pytest.fixture(params=[file for file in FILES if file.suffix == ".json"], ids=lambda f: f.stem)
def document(request) -> dict:
    return json.loads(request.param.read_text(encoding="utf-8"))


@pytest.fixture(params=load_models().values(), ids=lambda model: model.name)
def model(request) -> Model:
    return request.param


def test_only_json_files_stand_in_schemas():
    assert [file.name for file in FILES if file.suffix != ".json" or not file.is_file()] == []


def test_there_are_issues_and_objectives():
    assert {"issues", "objectives"} <= load_models().keys()


def test_the_meta_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(META)


def test_a_file_keeps_to_the_meta_schema(document):
    check(document)
    jsonschema.Draft202012Validator.check_schema(document)


@pytest.mark.parametrize(
    "misspell",
    [
        lambda d: d["x-planhat"].update(page_limt=1),
        lambda d: d.update({"x-plenhat": {}}),
        lambda d: d["properties"]["_id"].update(readonly=True),
        lambda d: last_property(d).update(descripton=""),
        lambda d: last_property(d).update(additionalProperties={"tpye": "string"}),
    ],
)
def test_a_misspelt_word_is_refused_by_name(document, misspell):
    before = set(words_of(document))
    document = copy.deepcopy(document)
    misspell(document)
    (wrong,) = set(words_of(document)) - before - {"additionalProperties"}
    with pytest.raises(jsonschema.ValidationError) as refusal:
        check(document)
    assert wrong in explained(refusal.value)


def words_of(value):
    if isinstance(value, dict):
        for word, inner in value.items():
            yield word
            yield from words_of(inner)


def explained(error) -> str:
    return " ".join([error.message, *(explained(inner) for inner in error.context)])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["x-planhat"].pop("path"),
        lambda d: d["x-planhat"].update(path="issues"),
        lambda d: d["x-planhat"].update(path="/../companies"),
        lambda d: d["x-planhat"].update(page_limit=0),
        lambda d: d["x-planhat"].update(keyables=[]),
        lambda d: d["x-planhat"].update(keyables=["sourceId"]),
        lambda d: d["properties"].pop("_id"),
        lambda d: d["properties"]["_id"].update(readOnly=True),
        lambda d: d["properties"]["_id"].update(type=["string", "null"]),
        lambda d: last_property(d).pop("description"),
        lambda d: d["properties"].update({"a b": {"type": "string", "description": "?"}}),
    ],
)
def test_what_no_model_can_be_is_refused(document, spoil):
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        check(document)


def test_the_loader_refuses_a_misspelt_word_by_name_too(document):
    document["x-planhat"]["page_limt"] = 5
    with pytest.raises(ValueError, match="page_limt"):
        Model.from_schema("x", document)


def test_the_loader_refuses_names_of_properties_that_are_not_there(document):
    document["x-planhat"]["replication_key"] = "changedAt"
    with pytest.raises(ValueError, match="changedAt"):
        Model.from_schema("x", document)


def test_the_loader_and_the_meta_schema_know_the_same_words():
    ours = META["properties"]["x-planhat"]["properties"]
    assert {field.encode_name for field in msgspec.structs.fields(Keywords)} == ours.keys()


@pytest.mark.parametrize("word", ["access", "company_filter", "evidence"])
def test_the_loader_and_the_meta_schema_know_the_same_values(document, word):
    for value in META["properties"]["x-planhat"]["properties"][word]["enum"]:
        document["x-planhat"] |= {word: value, "selected_by_default": False}
        assert getattr(Model.from_schema("x", document), word) == value
    document["x-planhat"][word] = "other"
    with pytest.raises(ValueError, match="other"):
        Model.from_schema("x", document)
    with pytest.raises(jsonschema.ValidationError):
        check(document)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"key_prefixes": {"extId": "extid-"}}, "extId"),
        ({"constants": {"kind": "note"}}, "kind"),
        ({"constants": {"stamp": "x"}}, "only Planhat writes: stamp"),
        ({"returned_as": {"_id": "other"}}, "other"),
        ({"access": "write", "selected_by_default": True}, "selected_by_default"),
        ({"lists": []}, "lists"),
    ],
)
def test_the_loader_refuses_words_that_contradict_the_rest(words, says):
    file = {
        "x-planhat": {"path": "/x", "keyables": ["_id"], "page_limit": 1, **words},
        "properties": {"_id": {"type": "string"}, "stamp": {"type": "string", "readOnly": True}},
    }
    with pytest.raises(ValueError, match=says):
        Model.from_schema("x", file)


def test_a_file_says_what_it_is_made_from(document):
    del document["x-planhat"]["evidence"]
    with pytest.raises(jsonschema.ValidationError, match="evidence"):
        check(document)


def test_the_facts_that_a_file_rests_on_are_on_their_page(model):
    page = (ROOT / "docs" / "planhat-facts.md").read_text(encoding="utf-8")
    assert set(model.facts) <= set(re.findall(r"(?m)^### `(.+)`$", page))


def test_issues_and_objectives_alone_are_read_by_default():
    chosen = {name for name, model in load_models().items() if model.selected_by_default}
    assert chosen == {"issues", "objectives"}


def test_the_stem_is_a_stream_name_that_sql_and_files_can_carry(model):
    assert STREAM_NAME.fullmatch(model.name)


def test_models_that_share_a_path_differ_in_what_they_always_have():
    models = load_models().values()
    told_apart = {(model.path, tuple(sorted(model.constants.items()))) for model in models}
    assert len(told_apart) == len(models)
    read = [model.path for model in models if model.is_read]
    assert len(read) == len(set(read))  # or a record would arrive in two streams


def test_keyables_are_properties_that_may_be_written(model):
    assert set(model.keyables) <= model.properties.keys()
    assert not set(model.keyables) & model.read_only


def test_a_keyable_scope_names_a_keyable_and_a_property(model):
    assert set(model.keyable_scope) <= set(model.keyables)
    assert set(model.keyable_scope.values()) <= model.properties.keys()


def test_what_a_create_needs_may_be_written(model):
    needed = {*model.required, *model.bulk_required}
    assert needed <= model.properties.keys()
    assert not needed & model.read_only
    assert set(model.required) <= set(model.bulk_required)


def test_a_replication_key_is_a_date_time_that_planhat_writes(model):
    if model.replication_key is not None:
        assert model.properties[model.replication_key]["format"] == "date-time"
        assert model.replication_key in model.read_only


def test_a_company_reference_is_a_property(model):
    assert model.company_reference is None or model.company_reference in model.properties


def test_every_property_but_the_id_may_be_null_since_planhat_may_leave_it_out(model):
    strict = [n for n, p in model.properties.items() if "null" not in p["type"] and n != "_id"]
    assert strict == []
