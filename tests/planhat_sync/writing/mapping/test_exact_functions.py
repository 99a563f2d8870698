"""Functions and literals of JMESPath leave numbers the digits that they came with."""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planhat_sync.writing.mapping.expressions import EvaluationError, compiled
from planhat_sync.writing.records.exact_json import decode, encode

DIGITS = st.text("0123456789", min_size=1, max_size=40)


@st.composite
def number_texts(draw) -> str:
    """Draw a number in JSON's grammar, such as -12.3400 or 1e-7."""
    integer = draw(DIGITS).lstrip("0") or "0"
    fraction = draw(st.one_of(st.just(""), DIGITS.map(".{}".format)))
    exponent = draw(st.one_of(st.just(""), st.integers(-40, 40).map("e{}".format)))
    return draw(st.sampled_from(["", "-"])) + integer + fraction + exponent


COMPARATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = number_texts().map(lambda text: decode(text.encode()))


def evaluated(expression: str, **record):
    return compiled(expression)(record)


def digits(value) -> bytes:
    """Return how a value is sent."""
    return encode(value)


@given(number_texts())
@example("0.10")
@example("1e999999999999999999999")
@example("123456789012345678901234567890.123456789012345678901234567890")
def test_a_literal_keeps_its_digits(text) -> None:
    assert digits(compiled(f"`{text}`")({})) == digits(decode(text.encode()))
    assert digits(compiled(f'`{{"a": [{text}]}}`.a[0]')({})) == digits(decode(text.encode()))


@given(
    NUMBERS, st.sampled_from(["not_null(x)", "to_number(x)", "max([x])", "min([x])", "sum([x])"])
)
def test_a_number_leaves_a_function_with_its_digits(number, expression) -> None:
    assert digits(evaluated(expression, x=number)) == digits(number)


@given(st.lists(NUMBERS, min_size=1))
def test_numbers_are_sorted_and_selected_exactly(numbers) -> None:
    expected = sorted(numbers)
    items = [{"n": number} for number in numbers]
    assert evaluated("sort(x)", x=numbers) == expected
    assert evaluated("sort_by(x, &n)[*].n", x=items) == expected
    assert digits(evaluated("max_by(x, &n).n", x=items)) == digits(max(numbers))
    assert digits(evaluated("min_by(x, &n).n", x=items)) == digits(min(numbers))
    assert digits(evaluated("max(x)", x=numbers)) == digits(max(numbers))
    assert digits(evaluated("min(x)", x=numbers)) == digits(min(numbers))


@given(st.lists(NUMBERS))
def test_a_sum_is_exact(numbers) -> None:
    assert Fraction(evaluated("sum(x)", x=numbers)) == sum(map(Fraction, numbers))


@given(st.lists(NUMBERS, min_size=1))
def test_an_average_has_28_digits_beyond_those_of_the_sum(numbers) -> None:
    average = Fraction(evaluated("avg(x)", x=numbers))
    exact = sum(map(Fraction, numbers)) / len(numbers)
    assert abs(average - exact) <= abs(exact) / 10**27


def test_an_average_that_ends_is_exact() -> None:
    assert digits(evaluated("avg(x)", x=[1, 2])) == b"1.5"
    assert digits(evaluated("avg(x)", x=[decode(b"0.1"), decode(b"0.2")])) == b"0.15"
    assert evaluated("avg(x)", x=[]) is None


@given(NUMBERS)
def test_abs_ceil_and_floor_are_exact(number) -> None:
    fraction = Fraction(number)
    assert Fraction(evaluated("abs(x)", x=number)) == abs(fraction)
    assert Fraction(evaluated("ceil(x)", x=number)) == -(-fraction // 1)
    assert Fraction(evaluated("floor(x)", x=number)) == fraction // 1


@given(NUMBERS, NUMBERS)
@example(decode(b"0.1"), decode(b"0.10"))
@example(0, decode(b"0.0"))
@example(10**30, decode(b"1e30"))
def test_comparisons_are_exact(left, right) -> None:
    for sign, compare in COMPARATORS.items():
        assert evaluated(f"x {sign} y", x=left, y=right) is compare(left, right)
        literal = f"`{digits(right).decode()}`"
        assert evaluated(f"x {sign} {literal}", x=left) is compare(left, right)


@given(number_texts())
def test_to_string_and_to_number_keep_the_digits(text) -> None:
    number = decode(text.encode())
    assert evaluated("to_string(x)", x=number).encode() == digits(number)
    assert digits(evaluated("to_number(x)", x=text)) == digits(number)
    assert digits(evaluated("to_number(to_string(x))", x=number)) == digits(number)


def test_to_string_writes_json_with_exact_numbers() -> None:
    record = decode(b'{"a":[0.10,"\\u00e9",null,true]}')
    assert evaluated("to_string(x)", x=record) == '{"a":[0.10,"é",null,true]}'


@pytest.mark.parametrize("text", ["", " 1", "1 ", "+1", "1_000", "0x1", "01", "nan", "inf", "٣"])
def test_to_number_gives_null_for_what_json_does_not_have(text) -> None:
    assert evaluated("to_number(x)", x=text) is None


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_to_number_gives_null_for_other_types(value) -> None:
    assert evaluated("to_number(x) || 'null'", x=value) == "null"


@pytest.mark.parametrize(
    ("json", "name"),
    [
        *((b"0.1", "number"), (b"1", "number"), (b"1e999999999999999999999", "number")),
        *((b"null", "null"), (b"true", "boolean"), (b'""', "string")),
        *((b"[]", "array"), (b"{}", "object")),
    ],
)
def test_type_knows_every_json_value(json, name) -> None:
    assert evaluated("type(x)", x=decode(json)) == name


def test_a_number_that_python_cannot_represent_passes_but_is_not_computed_with() -> None:
    huge = decode(b"1e999999999999999999999")
    assert isinstance(huge, msgspec.Raw)
    assert evaluated("to_string(x)", x=huge) == "1e999999999999999999999"
    with pytest.raises(EvaluationError):
        evaluated("abs(x)", x=huge)


def test_a_sum_of_too_many_digits_fails_quickly() -> None:
    with pytest.raises(EvaluationError):
        evaluated("sum(x)", x=[Decimal("1e999999"), 1])


@pytest.mark.parametrize("call", ["ceil", "floor", "abs"])
def test_a_number_with_a_large_exponent_is_not_written_out(call) -> None:
    assert digits(evaluated(f"{call}(x)", x=decode(b"1e9999"))) == b"1E+9999"
    assert len(digits(evaluated(f"{call}(x)", x=decode(b"1e-9999")))) < 10


@pytest.mark.parametrize(
    ("expression", "value", "reason"),
    [
        ("abs(x)", "private", "abs() takes a number, and was given text"),
        ("sum(x)", None, "sum() takes an array, and was given null"),
        (
            "max(x)",
            [1, "private"],
            "max() takes an array of numbers, and was given an array of strings",
        ),
        (
            "sort_by(x, &n)",
            [{"n": None}],
            "sort_by() takes an array of numbers, and was given an array of nulls",
        ),
        ("join(', ', x)", None, "join() takes an array of strings, and was given null"),
        ("length(x)", 1, "length() takes text or an array or an object, and was given a number"),
        ("x < `1`", "private", "it cannot be applied to the values of this record (TypeError)"),
    ],
)
def test_a_failure_names_types_and_no_values(expression, value, reason) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluated(expression, x=value)
    assert str(raised.value) == f"{expression} fails: {reason}"
