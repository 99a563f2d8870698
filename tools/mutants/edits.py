"""The small changes that can be made to the source of a module, each as a replacement of text.

Pure. Texts are left alone, since most of them are messages, and so are annotations, decorators,
docstrings and what only type checkers read.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMPARISONS: Final = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: (r"\bis\b", "is not"),
    ast.IsNot: (r"\bis\s+not\b", "is"),
    ast.In: (r"\bin\b", "not in"),
    ast.NotIn: (r"\bnot\s+in\b", "in"),
}
_ARITHMETIC: Final = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: (r"\*\*", "*"),
    ast.BitOr: (r"\|", "&"),
    ast.BitAnd: ("&", "|"),
    ast.BitXor: (r"\^", "|"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_OPPOSITES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of a part of a source text.

    Attributes:
        operator: What kind of change it is.
        start: Offset of the first byte that is replaced.
        end: Offset behind the last one.
        text: What takes their place.
        function: Names of the classes and functions around it, with dots between them; empty at
            the level of the module.
        line: Number of the first line of the innermost function around it, decorators included,
            as its code object has it; 0 outside of any function.
    """

    operator: str
    start: int
    end: int
    text: str
    function: str
    line: int

    def applied_to(self, source: bytes) -> bytes:
        """Return the source with this change.

        Args:
            source: What it was made for.
        """
        return source[: self.start] + self.text.encode() + source[self.end :]


def edits_of(source: bytes) -> Iterator[Edit]:
    """Yield all changes that can be made to a module.

    Args:
        source: Its text, in UTF-8.
    """
    return _Finder(source).found_in(ast.parse(source))


class _Finder:
    """Finds what can be changed.

    Args:
        source: The text of a module.
    """

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lines = [0, *[match.end() for match in re.finditer(b"\n", source)]]
        self._names: list[str] = []
        self._first_line = 0
        self._parameters: dict[str, str] = {}

    def found_in(self, node: ast.AST) -> Iterator[Edit]:
        """Yield the changes within a node of the module."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from self._within(node)
        elif isinstance(node, ast.If) and _is_for_types(node.test):
            yield from self._in_each(node.orelse)
        elif isinstance(node, ast.AnnAssign):
            yield from self._in_each([node.value] if node.value else [])
        elif not isinstance(node, ast.JoinedStr):  # before Python 3.12, its parts have no places
            yield from self._of(node)
            yield from self._in_each(list(ast.iter_child_nodes(node)))

    def _in_each(self, nodes: Sequence[ast.AST]) -> Iterator[Edit]:
        for node in nodes:
            yield from self.found_in(node)

    def _within(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> Iterator[Edit]:
        before = self._first_line, self._parameters
        defaults: list[ast.AST] = []
        self._names.append(node.name)
        if not isinstance(node, ast.ClassDef):
            defaults += [each for each in (*node.args.defaults, *node.args.kw_defaults) if each]
            yield from self._in_each(defaults)  # evaluated outside of the function
            self._first_line = min(each.lineno for each in (node, *node.decorator_list))
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            self._parameters = {
                each.arg: ast.dump(each.annotation) for each in arguments if each.annotation
            }
        yield from self._in_each(node.body)
        self._names.pop()
        self._first_line, self._parameters = before

    def _of(self, node: ast.AST) -> Iterator[Edit]:
        """Yield the changes of a node itself."""
        if isinstance(node, (ast.Compare, ast.BoolOp, ast.BinOp)):
            yield from self._of_operation(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            start = self._at(node)
            yield self._edit("not", start, start + len("not"), "")
        elif isinstance(node, ast.Constant):
            yield from self._of_constant(node)
        elif isinstance(node, ast.Call):
            yield from self._of_call(node)
        elif isinstance(node, ast.stmt):
            yield from self._of_statement(node)
        yield from self._of_condition(node)

    def _of_operation(self, node: ast.Compare | ast.BoolOp | ast.BinOp) -> Iterator[Edit]:
        if isinstance(node, ast.Compare):
            for (left, right), operation in zip(
                pairwise([node.left, *node.comparators]), node.ops, strict=True
            ):
                yield from self._between("comparison", left, right, *_COMPARISONS[type(operation)])
        elif isinstance(node, ast.BoolOp):
            words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in pairwise(node.values):
                yield from self._between("boolean", left, right, rf"\b{words[0]}\b", words[1])
        elif isinstance(node, ast.BinOp):
            change = _ARITHMETIC.get(type(node.op))
            if change is not None and not self._is_alias(node):
                yield from self._between("arithmetic", node.left, node.right, *change)

    def _of_statement(self, node: ast.stmt) -> Iterator[Edit]:
        if isinstance(node, ast.AugAssign):
            pattern, text = _ARITHMETIC.get(type(node.op), ("@", "@"))
            yield from self._between(
                "arithmetic", node.target, node.value, f"{pattern}=", f"{text}="
            )
        if isinstance(node, ast.Return) and not _is_none(node.value):
            yield self._replacing("return", node, "return None")
        elif isinstance(node, ast.Break):
            yield self._replacing("loop", node, "continue")
        elif isinstance(node, ast.Continue):
            yield self._replacing("loop", node, "break")
        elif isinstance(node, (ast.AugAssign, ast.Raise, ast.Delete)) or (
            (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
            or (isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name))
        ):
            yield self._replacing("removal", node, "pass")

    def _of_condition(self, node: ast.AST) -> Iterator[Edit]:
        tests: list[ast.expr] = []
        if isinstance(node, (ast.If, ast.IfExp)):
            tests = [node.test]
        elif isinstance(node, ast.comprehension):
            tests = node.ifs
        elif isinstance(node, ast.While):
            yield self._replacing("condition", node.test, "False")
        for test in tests:
            if not any(isinstance(each, ast.NamedExpr) for each in ast.walk(test)):
                yield self._replacing("condition", test, "True")
                yield self._replacing("condition", test, "False")

    def _of_constant(self, node: ast.Constant) -> Iterator[Edit]:
        value = node.value
        if isinstance(value, bool):
            yield self._replacing("constant", node, str(not value))
        elif isinstance(value, (int, float)):
            yield self._replacing("constant", node, repr(value + 1))

    def _of_call(self, node: ast.Call) -> Iterator[Edit]:
        if isinstance(node.func, ast.Name) and node.func.id in _OPPOSITES:
            yield self._replacing("opposite", node.func, _OPPOSITES[node.func.id])
            return
        for left, right in pairwise(node.args):
            if isinstance(left, ast.Name) and isinstance(right, ast.Name):
                kinds = [self._parameters.get(each.id) for each in (left, right)]
                if left.id != right.id and kinds[0] is not None and kinds[0] == kinds[1]:
                    start, end = self._at(left), self._end(right)
                    yield self._edit("swap", start, end, f"{right.id}, {left.id}")

    def _is_alias(self, node: ast.BinOp) -> bool:
        """Return whether it is a union of types, as at the level of a module."""
        return isinstance(node.op, ast.BitOr) and not self._names

    def _between(
        self, operator: str, left: ast.expr, right: ast.expr, pattern: str, text: str
    ) -> Iterator[Edit]:
        """Yield the change of what stands between two operands."""
        start, end = self._end(left), self._at(right)
        match = re.search(pattern.encode(), self._source[start:end])
        if match is not None:
            yield self._edit(operator, start + match.start(), start + match.end(), text)

    def _replacing(self, operator: str, node: ast.expr | ast.stmt, text: str) -> Edit:
        return self._edit(operator, self._at(node), self._end(node), text)

    def _edit(self, operator: str, start: int, end: int, text: str) -> Edit:
        return Edit(operator, start, end, text, ".".join(self._names), self._first_line)

    def _at(self, node: ast.expr | ast.stmt) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        return self._lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
