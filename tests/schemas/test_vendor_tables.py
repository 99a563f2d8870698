"""The models agree with the vendor's tables and examples, property by property.

`tables/` has the tables a second time, written by hand, so that an edit of a schema file that
differs from the vendor's pages is seen: the keywords with their values in JSON, an empty line, then
each property with its type and, if Planhat sets it, `auto`. `answers/` has answers of the shape
that the pages show.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from planhat_sync.models import load_models

SCHEMAS = Path(__file__).parents[2] / "schemas"
TABLES = {file.stem: file.read_text("utf-8") for file in Path(__file__).parent.glob("tables/*.txt")}
ANSWERS = {
    file.stem: json.loads(file.read_text("utf-8"))
    for file in Path(__file__).parent.glob("answers/*.json")
}
OURS = {"bulk_keyables", "evidence", "facts", "selected_by_default"}
"""Keywords about this project's knowledge, which no page of the vendor's can confirm."""
LEFT_OUT = {"__v", "apiTokens"}
"""What answers have and no model reads: the database's own count, and what may hold secrets."""


@pytest.fixture(params=sorted(TABLES))
def name(request) -> str:
    return request.param


def lines_of(part: str) -> list[str]:
    return [line for line in part.splitlines() if line and not line.startswith("#")]


def validator_of(name):
    """A validator of what the tap announces for a stream, formats included."""
    return jsonschema.Draft202012Validator(
        load_models()[name].record_schema,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def test_every_model_has_a_table_and_every_table_a_model():
    assert TABLES.keys() == load_models().keys()


def test_every_example_belongs_to_a_model():
    assert ANSWERS.keys() <= load_models().keys()


def test_a_model_has_the_keywords_of_the_vendors_page(name):
    keywords, _, _ = TABLES[name].partition("\n\n")
    expected = {word: json.loads(value) for word, value in _pairs(lines_of(keywords))}
    document = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    found = {word: value for word, value in document["x-planhat"].items() if word not in OURS}
    if "required" in document:
        found["required"] = document["required"]
    assert found == expected


def _pairs(lines):
    return (line.split(" ", 1) for line in lines)


def test_a_model_has_the_properties_of_the_vendors_table(name):
    _, _, properties = TABLES[name].partition("\n\n")
    found = {
        f"{key} {_type_of(schema)}{' auto' if schema.get('readOnly') else ''}"
        for key, schema in load_models()[name].properties.items()
    }
    assert found == set(lines_of(properties))


def _type_of(schema) -> str:
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return "|".join(each for each in types if each != "null")


@pytest.mark.parametrize(
    ("name", "answer"), [(name, each) for name in sorted(ANSWERS) for each in ANSWERS[name]]
)
class TestExampleAnswers:
    def test_an_answer_satisfies_the_schema_that_the_tap_sends(self, name, answer):
        validator_of(name).validate(answer)

    def test_a_model_has_every_property_of_an_answer_that_is_not_left_out(self, name, answer):
        assert answer.keys() - load_models()[name].properties.keys() <= LEFT_OUT


def test_a_time_that_is_none_does_not_satisfy_the_schema():
    """Otherwise the tests of formats would pass if the library that checks them is missing."""
    assert not validator_of("issues").is_valid({**ANSWERS["issues"][0], "updatedAt": "yesterday"})
