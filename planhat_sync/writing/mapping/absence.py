"""Whether an expression gives null because its record lacks what the expression names.

A null that the source sends is a value: it clears a property. A key that the source does not send
is not. JMESPath gives null for both, so this module distinguishes them: an expression is absent if
every path that it names ends at a key that its object does not have.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jmespath.visitor import TreeInterpreter

Node = Any
"""A node of the package's syntax tree: a dictionary with a type, and mostly with children."""

_ONE_AFTER_ANOTHER: Final = frozenset({"subexpression", "index_expression", "pipe"})
_SIDE_BY_SIDE: Final = frozenset(
    {
        *("or_expression", "and_expression", "not_expression", "comparator"),
        *("function_expression", "multi_select_list", "multi_select_dict", "key_val_pair"),
    }
)
_OF_A_BASE: Final = frozenset({"projection", "filter_projection", "value_projection", "flatten"})
"""These are null if their first child, the base, is not an array (or an object)."""


class _Ends(Enum):
    """Where the paths of a node end."""

    AT_MISSING_KEYS = auto()
    AT_A_VALUE = auto()
    """At least one of them ends at a value, null included."""
    NO_PATH = auto()
    """The node names nothing."""


def is_absent(node: Node, record: object, interpreter: TreeInterpreter) -> bool:
    """Return whether an expression that gives null names nothing that its record has.

    Args:
        node: The expression's syntax tree.
        record: The record for which it gives null.
        interpreter: Evaluates parts of the expression.
    """
    return _ends(node, record, _Ends.NO_PATH, interpreter) is _Ends.AT_MISSING_KEYS


def _ends(node: Node, value: object, before: _Ends, interpreter: TreeInterpreter) -> _Ends:
    """Return where the paths of a node end.

    Args:
        node: A node of the syntax tree.
        value: What it is evaluated on.
        before: Where the path ended that led to this value.
        interpreter: Evaluates nodes.
    """
    kind, children = node["type"], node["children"]
    if kind == "field":
        return _end_of_field(node["value"], value, before)
    if kind in _ONE_AFTER_ANOTHER:
        for child in children:
            before = _ends(child, value, before, interpreter)
            value = interpreter.visit(child, value)
        return before
    if kind in _OF_A_BASE:
        return _ends(children[0], value, before, interpreter)
    if kind in _SIDE_BY_SIDE:
        each = {_ends(child, value, before, interpreter) for child in children} - {_Ends.NO_PATH}
        return each.pop() if len(each) == 1 else _Ends.AT_A_VALUE if each else _Ends.NO_PATH
    if kind == "literal":  # x || `null` asks for a null
        return _Ends.AT_A_VALUE if node["value"] is None else _Ends.NO_PATH
    return _Ends.NO_PATH if kind == "expref" else before


def _end_of_field(name: str, value: object, before: _Ends) -> _Ends:
    if isinstance(value, dict):
        return _Ends.AT_A_VALUE if name in value else _Ends.AT_MISSING_KEYS
    return before if value is None else _Ends.AT_A_VALUE
