"""Expressions mean what JMESPath says, however they are evaluated."""

from __future__ import annotations

import json
import warnings

import jmespath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planhat_sync.writing.mapping.expressions import (
    ABSENT,
    EvaluationError,
    InvalidExpressionError,
    compiled,
)

NAMES = st.sampled_from(["a", "b", "c", "a-b", "é", ""])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "a", "b"]))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=4)


def of_package(expression: str, record: dict[str, object]) -> object:
    """Return what the package alone gives."""
    return jmespath.search(expression, record)


@given(st.lists(NAMES.map(json.dumps), min_size=1, max_size=4), RECORDS)
@example(['"a"', '"b"'], {"a": {"b": None}})
@example(['"a"', '"b"'], {"a": ["b"]})
def test_a_plain_path_gives_what_the_package_gives(names, record) -> None:
    path = ".".join(names)
    value = compiled(path)(record)
    assert (None if value is ABSENT else value) == of_package(path, record)


def _joined(form: str):
    return lambda parts: form.format(*parts)


EXPRESSIONS = st.recursive(
    st.one_of(
        NAMES.map(json.dumps),
        st.sampled_from(["@", "'a'", "''", "`null`", "`[]`", "`1`", "`true`", '`{"a": null}`']),
    ),
    lambda inner: st.one_of(
        *(
            st.tuples(inner, inner).map(_joined(form))
            for form in (
                *("({} || {})", "({} && {})", "({} | {})", "({} == {})", "({} != {})"),
                *("[{}, {}]", "{{a: {}, b: {}}}", "not_null({}, {})", "{}[?{}]", "{}.[{}]"),
            )
        ),
        *(
            inner.map(lambda part, form=form: form.format(part))
            for form in (
                *("({}).a", "({})[0]", "({})[-1]", "({})[*].a", "({}).*", "({})[]", "({})[1:]"),
                *("!({})", "type({})", "to_string({})", "to_array({})", "length({})", "keys({})"),
                *("max({})", "sort({})", "map(&a, {})", "sort_by({}, &a)", "max_by({}, &a)"),
                *("min({})", "min_by({}, &a)", "sum({})", "abs({})", "ceil({})", "floor({})"),
                *("to_number({})", "reverse({})", "values({})", "merge({}, `{{}}`)"),
            )
        ),
    ),
    max_leaves=6,
)
"""Expressions of every kind that JMESPath has."""


@given(EXPRESSIONS, RECORDS)
def test_any_expression_gives_what_the_package_gives(expression, record) -> None:
    # Where the package fails, so must we; where it gives numbers, they are integers here.
    try:
        expected = of_package(expression, record)
    except Exception:  # noqa: BLE001 - it raises Python's errors as well
        with pytest.raises(EvaluationError):
            compiled(expression)(record)
        return
    value = compiled(expression)(record)
    if "to_string" in expression:  # the package escapes é, and orders its output in the same way
        value, expected = json.dumps(_unescaped(value)), json.dumps(_unescaped(expected))
    assert (None if value is ABSENT else value) == expected


def _unescaped(value):
    return json.loads(json.dumps(value).replace("\\\\u00e9", "é")) if value is not ABSENT else None


@given(EXPRESSIONS, RECORDS)
def test_only_what_gives_null_is_absent(expression, record) -> None:
    try:
        value = compiled(expression)(record)
    except EvaluationError:
        return
    if value is ABSENT:
        assert of_package(expression, record) is None


def test_a_string_without_quotation_marks_in_a_literal_is_accepted_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled("a == `done`")({"a": "done"}) is True


def test_literals_of_one_expression_are_not_confused() -> None:
    assert compiled('[`1.50`, \'two\', `"\\`"`, "a b", `[3]`] | [*]')({"a b": 4}) == [
        *(pytest.approx(1.5), "two", "`", 4, [3])
    ]


def test_what_is_compiled_twice_gives_the_same_twice() -> None:
    assert [compiled("`1.10`")({}), compiled("`0`")({})] == [compiled("`1.10`")({}), 0]


NOT_ONE = "is not a JMESPath expression"
QUOTES = 'a name with characters such as - or a space has to be "in double quotes"'


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (" ", "is not a JMESPath expression: it ends too early"),
        ("fields.", "is not a JMESPath expression: it ends too early"),
        ("a[?b", "is not a JMESPath expression: it ends too early"),
        ("a b", f"is not a JMESPath expression: b at character 3 is not expected; {QUOTES}"),
        ("a..b", "is not a JMESPath expression: . at character 3 is not expected"),
        ("a.b)", "is not a JMESPath expression: ) at character 4 is not expected"),
        ("a.1b", f"is not a JMESPath expression: 1 at character 3 is not expected; {QUOTES}"),
        ("first-name", f"is not a JMESPath expression: character 6 is not expected; {QUOTES}"),
        (
            "a = b",
            f"{NOT_ONE}: character 3 is not expected; two values are compared with ==",
        ),
        (
            "a or b",
            f"{NOT_ONE}: or at character 3 is not expected; or is written ||",
        ),
        (
            "a * `2`",
            f"{NOT_ONE}: * at character 3 is not expected; JMESPath does not calculate",
        ),
        (
            "a / b",
            f"{NOT_ONE}: character 3 is not expected; JMESPath does not calculate",
        ),
        ("a == 'b", "is not a JMESPath expression: what begins with character 6 has no end"),
        ("f(x)", "calls f(), which JMESPath does not have"),
        ("lenght(x)", "calls lenght(), which JMESPath does not have; did you mean length?"),
        ("a || [abs(x, y)]", "calls abs() with 2 arguments; it takes 1"),
        ("not_null()", "calls not_null() with 0 arguments; it takes at least 1"),
        ("(" * 5_000 + "a" + ")" * 5_000, "is nested too deeply"),
    ],
)
def test_a_mistake_is_found_when_the_expression_is_compiled(expression, reason) -> None:
    with pytest.raises(InvalidExpressionError) as raised:
        compiled(expression)
    assert str(raised.value) == reason


@given(st.text("ab.[]{}()|&!@*?:,'\"`0-=<> \\", max_size=12))
def test_no_text_makes_the_parser_raise_anything_else(text) -> None:
    try:
        compiled(text)
    except InvalidExpressionError as error:
        assert "\n" not in str(error)  # noqa: PT017 - raised for some texts only
