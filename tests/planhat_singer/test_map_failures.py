"""The message about a failed stream map names property and expression, and never a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.helpers._flattening import FlatteningOptions
from singer_sdk.mapper import CustomStreamMap

from planhat_singer.map_failures import LONGEST_EXPRESSION, MapFailure

RECORD = {"title": "s3cr3t", "n": 7, "nothing": None, "tags": ["s3cr3t"], "to": {"a": None}}


def failure(definition, record=None, **flattening):
    """Return the message about a record that a map fails on."""
    stream_map = CustomStreamMap(
        stream_alias="issues",
        map_config={},
        faker_config={},
        raw_schema={"properties": {}},
        key_properties=(),
        map_transform=definition,
        flattening_options=FlatteningOptions(**flattening) if flattening else None,
    )
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the SDK lets through
        stream_map.transform(dict(RECORD if record is None else record))
    return MapFailure.of(caught.value)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("missing", ": there is no 'missing' (NameNotDefined)"),
        ("missing.upper()", ": there is no 'missing' (NameNotDefined)"),
        ("record['missing']", ": there is no 'missing' (KeyError)"),
        ("_.missing", ": there is no 'missing' (AttributeDoesNotExist)"),
        ("nothing.upper()", ": nothing is null (AttributeDoesNotExist)"),
        ("record['nothing'] + 'x'", ": nothing is null (TypeError)"),
        ("record.nothing[0]", ": nothing is null (TypeError)"),
        ("md5(nothing)", ": nothing is null (AttributeError)"),
        ("nothing + title", ": nothing is null (TypeError)"),
        ("to['a'].upper()", ": there is no 'upper' (AttributeDoesNotExist)"),
        ("to['b']", ": there is no 'b' (KeyError)"),
        ("title + n", " (TypeError)"),
        ("int(title)", " (ValueError)"),
        ("{}[title]", " (KeyError)"),
        ("to[title]", " (KeyError)"),
        ("tags[9]", " (IndexError)"),
        ("1 / 0", " (ZeroDivisionError)"),
        ("10.0 ** n ** 9", " (NumberTooHigh)"),
        ("title.ljust(10 ** 13)", " (MemoryError)"),
        ("json.loads('[' * 99999)", " (RecursionError)"),
        ("json.loads(title)", " (JSONDecodeError)"),
        ("datetime.date.fromisoformat(title)", " (ValueError)"),
        ("datetime.datetime.fromtimestamp(1e300)", " (OverflowError)"),
        ("nosuch(title)", " (FunctionNotDefined)"),
    ],
)
def test_property_expression_and_reason_are_named_and_no_value(expression, reason):
    failed = failure({"status": "'fine'", "description": expression, "later": "missing"})
    assert failed.property == "description"
    assert failed.sentence == f"the expression of description, {expression}, fails{reason}"
    assert "s3cr3t" not in failed.sentence


def test_of_two_properties_with_one_expression_the_one_that_failed_is_named():
    failed = failure({"title": "self.upper()", "nothing": "self.upper()"})
    assert failed.property == "nothing"
    assert "nothing is null" in failed.sentence


def test_a_terminal_obeys_neither_property_nor_expression():
    sentence = failure({"a\n\x1b[31m": "record['\x1b[32m'] + 1"}).sentence
    assert sentence.startswith(
        "the expression of a\\n\\u001b[31m, record['\\u001b[32m'] + 1, fails"
    )
    assert sentence.isprintable()


def test_a_filter_that_fails_is_named():
    failed = failure({"__filter__": "nothing > 3", "title": "title"})
    assert failed.property == "__filter__"
    assert "the expression of __filter__, nothing > 3, fails: nothing is null" in failed.sentence


def test_flattening_that_fails_is_named():
    record = {"to": {"a": 1}}
    failed = failure({"custom": "to.update({1: 2})"}, record, enabled=True, max_level=2)
    assert failed.property is None
    assert failed.sentence == "flattening the record fails (TypeError)"


def test_an_error_from_elsewhere_has_its_kind():
    assert MapFailure.of(OSError("s3cr3t")).sentence == "mapping the record fails (OSError)"


def test_a_long_expression_is_cut():
    failed = failure({"title": "missing + '" + "x" * 1000 + "'"})
    assert len(failed.sentence) < LONGEST_EXPRESSION + 100
    assert "…" in failed.sentence


@given(value=st.text(min_size=12) | st.integers(10**9), key=st.sampled_from(["a", "b"]))
def test_no_value_of_a_record_is_shown(value, key):
    for expression in ("{}[x]", "{'k': 1}[x]", "x + [1]", "x.nosuch", "int(str(x) + '.')"):
        said = failure({key: expression}, record={"x": value}).sentence
        assert said.replace(expression, "").find(str(value)) == -1
