"""JMESPath's functions for exact numbers: the package's own know neither Decimal nor long numbers.

Owns the functions that take, compare or make numbers. A number leaves them with the digits that it
came with; only `avg` has to round.
"""

from __future__ import annotations

from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from functools import reduce
from typing import Any, Final

import msgspec
from jmespath.exceptions import JMESPathTypeError
from jmespath.functions import Functions, signature

from planhat_sync.writing.records.exact_json import decode, encode, is_number_text, json_value

MAX_DIGITS: Final = 10_000
"""Digits of a sum. 1e999999 + 1 would have a million of them."""
AVERAGE_DIGITS: Final = 28
"""Digits of an average beyond those of the sum; an average that ends earlier is exact."""

_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    str: "string",
    int: "number",
    float: "number",
    Decimal: "number",
    msgspec.Raw: "number",  # one that Python cannot represent; see `exact_json`
    list: "array",
    dict: "object",
}
_EXACT: Final = Context(
    prec=MAX_DIGITS,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[DivisionByZero, Inexact, InvalidOperation, Overflow],
)
# The package checks arguments by the names of their Python types, of which it does not know all.
_takes_anything: Final = signature({"types": []})
_takes_anything_and_key: Final = signature({"types": []}, {"types": ["expref"]})


class ExactFunctions(Functions):
    """The functions of JMESPath; those that are not here are the package's own."""

    @_takes_anything
    def _func_abs(self, number: Any) -> Any:  # noqa: ANN401 - any JSON value
        _check("abs", number, "number")
        return number.copy_abs() if isinstance(number, Decimal) else abs(number)

    @_takes_anything
    def _func_avg(self, numbers: Any) -> Any:  # noqa: ANN401
        total = _sum("avg", numbers)
        if not numbers:
            return None
        exact = Decimal(total)
        digits = len(exact.as_tuple().digits) + AVERAGE_DIGITS
        return Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX).divide(exact, len(numbers))

    @_takes_anything
    def _func_ceil(self, number: Any) -> Any:  # noqa: ANN401
        return _integer("ceil", number, ROUND_CEILING)

    @_takes_anything
    def _func_floor(self, number: Any) -> Any:  # noqa: ANN401
        return _integer("floor", number, ROUND_FLOOR)

    @_takes_anything
    def _func_max(self, array: Any) -> Any:  # noqa: ANN401
        return max(_comparable("max", array), default=None)

    @_takes_anything
    def _func_min(self, array: Any) -> Any:  # noqa: ANN401
        return min(_comparable("min", array), default=None)

    @_takes_anything
    def _func_sort(self, array: Any) -> Any:  # noqa: ANN401
        return sorted(_comparable("sort", array))

    @_takes_anything_and_key
    def _func_max_by(self, array: Any, key: Any) -> Any:  # noqa: ANN401
        return max(_keyed("max_by", array, key), key=_first, default=(None, None))[1]

    @_takes_anything_and_key
    def _func_min_by(self, array: Any, key: Any) -> Any:  # noqa: ANN401
        return min(_keyed("min_by", array, key), key=_first, default=(None, None))[1]

    @_takes_anything_and_key
    def _func_sort_by(self, array: Any, key: Any) -> Any:  # noqa: ANN401
        return [item for _, item in sorted(_keyed("sort_by", array, key), key=_first)]

    @_takes_anything
    def _func_sum(self, numbers: Any) -> Any:  # noqa: ANN401
        return _sum("sum", numbers)

    @_takes_anything
    def _func_to_number(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            return decode(value.encode()) if is_number_text(value) else None
        return value if kind_of(value) == "number" else None

    @_takes_anything
    def _func_to_string(self, value: Any) -> Any:  # noqa: ANN401
        return value if isinstance(value, str) else encode(json_value(value)).decode()

    @_takes_anything
    def _func_type(self, value: Any) -> Any:  # noqa: ANN401
        return kind_of(value)


def kind_of(value: object) -> str:
    """Return JMESPath's name for the type of a value."""
    return _KINDS.get(type(value), "unknown")


def _check(function: str, value: object, kind: str) -> None:
    if kind_of(value) != kind:
        raise JMESPathTypeError(function, None, kind_of(value), [kind])


def _check_items(function: str, array: Any, kind: str) -> None:  # noqa: ANN401 - any JSON value
    _check(function, array, "array")
    for item in array:
        if kind_of(item) != kind:
            raise JMESPathTypeError(function, None, f"array-{kind_of(item)}", [f"array-{kind}"])


def _comparable(function: str, array: Any) -> Any:  # noqa: ANN401
    """Return an array after checking that its items are all numbers, or all texts."""
    is_text = isinstance(array, list) and array and isinstance(array[0], str)
    _check_items(function, array, "string" if is_text else "number")
    return array


def _keyed(function: str, array: Any, key: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401
    """Return the items of an array, each after its key; the keys can be compared."""
    _check(function, array, "array")
    keys = _comparable(function, [key.visit(key.expression, item) for item in array])
    return list(zip(keys, array, strict=True))


def _first(pair: tuple[Any, Any]) -> Any:  # noqa: ANN401
    return pair[0]


def _sum(function: str, numbers: Any) -> Any:  # noqa: ANN401
    _check_items(function, numbers, "number")
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    # Not from 0: 0 + 1e5000 would be 5,001 digits.
    return reduce(_EXACT.add, numbers)


def _integer(function: str, number: Any, rounding: str) -> Any:  # noqa: ANN401
    _check(function, number, "number")
    if isinstance(number, int) or number.as_tuple().exponent >= 0:
        return number
    return int(number.to_integral_value(rounding, _EXACT))
