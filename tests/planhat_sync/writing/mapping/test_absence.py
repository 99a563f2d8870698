"""What a record lacks is absent; what it has is a value, also if that is null."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.writing.mapping.expressions import ABSENT, compiled

RECORD = {
    "null": None,
    "empty": "",
    "object": {"null": None, "x": 1},
    "list": [],
    "items": [{"x": 1}, {}, None],
}


@pytest.mark.parametrize(
    "expression",
    [
        *("no", "no.no", "object.no", "object.no.no", "no[0]", "no[0].x", "no[1:]"),
        *("no[*].x", "no[?x].y", "no.*", "no[]", "object.no[*]", "no[?x] | [0]"),
        *(
            "no || object.no",
            "no && object.no",
            "no || (no || no)",
            "no | no",
            "no | @",
            "no | [x]",
        ),
        *("not_null(no, object.no)", "to_number(no)", "no > `3`", "no || `1` > no"),
        *("[no, object.no][?@] | [0]", "[no][?@] | [0].x", "(no || object).no", "items[1].x"),
        *("[no] | [0]", "max_by(to_array(no)[?@], &x)"),
    ],
)
def test_absent(expression) -> None:
    assert compiled(expression)(RECORD) is ABSENT


@pytest.mark.parametrize(
    "expression",
    [
        *("null", "object.null", "null.x", "null.x.y", "null[0]", "null[*].x", "null.*", "empty.x"),
        *("list[0]", "list[0].x", "items[2]", "items[2].x", "items[9].x", "object[0]", "list.x"),
        *(
            "no || null",
            "null || no",
            "no && null",
            "not_null(no, null)",
            "no > null",
            "no | `null`",
        ),
        *(
            "`null`",
            "no || `null`",
            "[no, null][?@] | [0]",
            "@[0]",
            "object[*].x",
            "items[?y] | [0]",
        ),
        *("{a: null}.a", "{a: no}.a", "to_number(empty)", "max(list)"),
    ],
)
def test_null(expression) -> None:
    assert compiled(expression)(RECORD) is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        *(("no == null", True), ("!no", True), ("no || 'none'", "none"), ("no || `[]`", [])),
        *(("'none'", "none"), ("[no]", [None]), ("{a: no}", {"a": None}), ("to_array(no)", [None])),
        *(("items[*].x", [1]), ("list[*].x", []), ("items[?x].y", []), ("type(no)", "null")),
        *(("not_null(no, 'none')", "none"), ("length(@)", 5), ("no | 'none'", "none")),
    ],
)
def test_a_value(expression, value) -> None:
    assert compiled(expression)(RECORD) == value


# A reference: the value and where the paths end are found together, by one function for each kind
# of expression, without the package.

NO_PATH, MISSING, THERE = 0, 1, 2
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from([None, False, 0, 1, "", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)


def is_false(value) -> bool:
    return value is None or value is False or value in ("", [], {})


def together(*ends):
    return max(THERE if end == THERE else end for end in ends)


class Field:
    def __init__(self, name) -> None:
        self.name = name

    def text(self) -> str:
        return self.name

    def look(self, value, end):
        if isinstance(value, dict):
            found = self.name in value
            return value.get(self.name), THERE if found else MISSING
        return None, end if value is None else THERE


class Index:
    def __init__(self, base) -> None:
        self.base = base

    def text(self) -> str:
        return f"({self.base.text()})[0]"

    def look(self, value, end):
        value, end = self.base.look(value, end)
        return (value[0] if isinstance(value, list) and value else None), end


class Each:
    def __init__(self, base, name) -> None:
        self.base, self.name = base, name

    def text(self) -> str:
        return f"({self.base.text()})[*].{self.name}"

    def look(self, value, end):
        value, end = self.base.look(value, end)
        if not isinstance(value, list):
            return None, end
        found = [item.get(self.name) for item in value if isinstance(item, dict)]
        return [item for item in found if item is not None], end


class Literal:
    def __init__(self, value) -> None:
        self.value = value

    def text(self) -> str:
        return f"`{json.dumps(self.value)}`"

    def look(self, value, end):
        return self.value, THERE if self.value is None else NO_PATH


class Pair:
    """Two expressions; `form` is how they are written."""

    def __init__(self, form, left, right) -> None:
        self.form, self.left, self.right = form, left, right

    def text(self) -> str:
        return self.form.format(self.left.text(), self.right.text())

    def look(self, value, end):
        left, left_end = self.left.look(value, end)
        if self.form in PIPES:
            return self.right.look(left, left_end)
        right, right_end = self.right.look(value, end)
        return PAIRS[self.form](left, right), together(left_end, right_end)


PIPES = ("({} | {})", "({}).{}")
PAIRS = {
    "({} || {})": lambda left, right: right if is_false(left) else left,
    "({} && {})": lambda left, right: left if is_false(left) else right,
    "not_null({}, {})": lambda left, right: right if left is None else left,
}
EXPRESSIONS = st.recursive(
    NAMES.map(Field) | st.sampled_from([None, "x"]).map(Literal),
    lambda inner: st.one_of(
        inner.map(Index),
        st.builds(Each, inner, NAMES),
        st.builds(Pair, st.sampled_from(sorted(PAIRS)), inner, inner),
        st.builds(Pair, st.just(PIPES[0]), inner, inner),
        st.builds(Pair, st.just(PIPES[1]), inner, NAMES.map(Field)),
    ),
    max_leaves=5,
)


@given(EXPRESSIONS, st.dictionaries(NAMES, VALUES, max_size=3))
def test_absent_null_and_values_are_those_of_a_reference(expression, record) -> None:
    value, end = expression.look(record, NO_PATH)
    expected = ABSENT if value is None and end == MISSING else value
    found = compiled(expression.text())(record)
    assert found is expected if expected is ABSENT or found is ABSENT else found == expected
