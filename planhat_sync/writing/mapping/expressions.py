"""JMESPath expressions: parsed once, with exact literals, and evaluated to a value or to ABSENT.

A plain path such as `fields.status.name` is evaluated by a loop over its names, which takes a tenth
of the time that the package's interpreter takes; everything else by that interpreter.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import jmespath
from jmespath.exceptions import (
    IncompleteExpressionError,
    JMESPathError,
    JMESPathTypeError,
    LexerError,
    ParseError,
)
from jmespath.lexer import Lexer
from jmespath.visitor import Options, TreeInterpreter
from msgspec import UNSET

from planhat_sync.runtime.config_errors import did_you_mean
from planhat_sync.writing.mapping.absence import is_absent
from planhat_sync.writing.mapping.exact_functions import ExactFunctions
from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planhat_sync.writing.mapping.absence import Node

    Evaluate = Callable[[Mapping[str, Any]], Any]

ABSENT: Final = UNSET
"""What is given for a record that lacks what an expression names. Null is a value."""

_WORDS: Final = {
    "null": "null",
    "boolean": "true or false",
    "string": "text",
    "number": "a number",
    "array": "an array",
    "object": "an object",
    "expref": "an expression such as &name",
}
_QUOTES: Final = 'a name with characters such as - or a space has to be "in double quotes"'
_HINTS: Final = {
    "=": "two values are compared with ==",
    "and": "and is written &&",
    "or": "or is written ||",
    **dict.fromkeys("*+/%", "JMESPath does not calculate"),
}
"""What to write instead of what other languages have."""

_INTERPRETER: Final = TreeInterpreter(Options(custom_functions=ExactFunctions()))


class InvalidExpressionError(ValueError):
    """An expression cannot be used for any record; the text continues a sentence about it."""


class EvaluationError(Exception):
    """An expression fails on a record.

    Args:
        text: The expression, in one line or more.
        reason: The end of a sentence that begins with it; it holds no value.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{' '.join(text.split())} {reason}")


def compiled(text: str) -> Evaluate:
    """Parse an expression, and return what evaluates it.

    Args:
        text: The expression.

    Returns:
        A function that takes a record and returns the value, None for null, or ABSENT. It raises
        an EvaluationError if the expression fails on the record.

    Raises:
        InvalidExpressionError: It does not parse, or calls a function that there is not.
    """
    try:
        tree = _parse(text)
        _check_functions(tree)
        names = _names(tree)
    except RecursionError:
        raise InvalidExpressionError("is nested too deeply") from None
    return _path(names) if names else _interpreted(text, tree)


def _path(names: Sequence[str]) -> Evaluate:
    def evaluate(record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        value: Any = record
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name, ABSENT)
            if value is ABSENT:
                return ABSENT
        return value

    return evaluate


def _interpreted(text: str, tree: Node) -> Evaluate:
    def evaluate(record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        try:
            value = _INTERPRETER.visit(tree, record)
            return ABSENT if value is None and is_absent(tree, record, _INTERPRETER) else value
        except Exception as error:  # noqa: BLE001 - the package raises Python's errors as well
            raise EvaluationError(text, f"fails: {_reason(error)}") from None

    return evaluate


def _names(node: Node) -> list[str]:
    """Return the names of a plain path, none if the expression is anything else."""
    if node["type"] == "field":
        return [node["value"]]
    if node["type"] != "subexpression":
        return []
    parts = [_names(child) for child in node["children"]]
    return [name for part in parts for name in part] if all(parts) else []


def _parse(text: str) -> Node:
    """Return the syntax tree of an expression, its literals with all their digits.

    The package reads 0.10 as a float. So each literal is replaced by its index before the
    expression is parsed, and by its exact value afterwards.
    """
    try:
        with warnings.catch_warnings():
            # It warns of `a` for "a", which the language had before 'a'.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            jmespath.compile(text)
            literals: list[Any] = []
            parts = list(_with_indexes(text, literals))
            return _with_values(jmespath.compile("".join(parts)).parsed, literals)
    except JMESPathError as error:
        raise InvalidExpressionError(f"is not a JMESPath expression: {_place(error)}") from None


def _with_indexes(text: str, literals: list[Any]) -> Iterator[str]:
    end = 0
    for token, following in pairwise(Lexer().tokenize(text)):
        if token["type"] == "literal":
            start = token["start"]
            yield f"{text[end:start]}`{len(literals)}`"
            end = following["start"]
            literals.append(_literal(text[start:end].strip(), token["value"]))
    yield text[end:]


def _literal(text: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not text.startswith("`"):  # a string in quotation marks
        return value
    try:
        return decode(text[1:-1].replace("\\`", "`").encode())
    except ValueError:  # not JSON: a string without quotation marks
        return value


def _with_values(node: Node, literals: Sequence[Any]) -> Node:
    """Return a copy of a syntax tree, since the package keeps its own for later."""
    if node["type"] == "literal":
        return {**node, "value": literals[node["value"]]}
    if node["type"] == "slice":  # its children are numbers
        return node
    return {**node, "children": [_with_values(child, literals) for child in node["children"]]}


def _check_functions(node: Node) -> None:
    if node["type"] == "slice":
        return
    for child in node["children"]:
        _check_functions(child)
    if node["type"] != "function_expression":
        return
    name, known = node["value"], ExactFunctions.FUNCTION_TABLE
    if name not in known:
        raise InvalidExpressionError(
            f"calls {name}(), which JMESPath does not have{did_you_mean(name, known)}"
        )
    signature, given = known[name]["signature"], len(node["children"])
    is_variadic = bool(signature) and signature[-1].get("variadic", False)
    if given < len(signature) or (given > len(signature) and not is_variadic):
        least = "at least " if is_variadic else ""
        raise InvalidExpressionError(
            f"calls {name}() with {given} arguments; it takes {least}{len(signature)}"
        )


def _place(error: JMESPathError) -> str:
    """Return what is wrong with an expression, and where; the package draws it in three lines."""
    if isinstance(error, LexerError):
        place = f"character {error.lexer_position + 1}"
        if error.message.startswith("Unclosed"):
            return f"what begins with {place} has no end"
        return f"{place} is not expected; {_HINTS.get(error.token_value, _QUOTES)}"
    if isinstance(error, IncompleteExpressionError):
        return "it ends too early"
    if isinstance(error, ParseError):
        kind = error.token_type.lower()
        if kind == "eof":
            return "it ends too early"
        is_name = kind in {"unquoted_identifier", "number"}
        hint = _HINTS.get(error.token_value, _QUOTES if is_name else "")
        place = f"{error.token_value} at character {error.lex_position + 1}"
        return f"{place} is not expected{hint and f'; {hint}'}"
    return "it is empty"


def _reason(error: Exception) -> str:
    if isinstance(error, JMESPathTypeError):
        expected = " or ".join(map(_in_words, error.expected_types))
        actual = _in_words(error.actual_type)
        return f"{error.function_name}() takes {expected}, and was given {actual}"
    return f"it cannot be applied to the values of this record ({type(error).__name__})"


def _in_words(kind: str) -> str:
    """Return the words for one of JMESPath's types, such as array-number."""
    outer, _, inner = kind.partition("-")
    items = f" of {inner}s" if inner else ""
    return f"{_WORDS.get(outer, 'another value')}{items}"
