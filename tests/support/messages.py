"""Collects the messages of the programs from their code, with ``…`` for what differs.

A message is the first argument of an error that ends a run, where the error is made: a string, or
a name that is bound to strings in the same function, the same class or the same module, or a call
of a function there that returns them. `Message.text` is None if it is none of these.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

VARIES = "…"


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the code.

    Attributes:
        text: Its text, None if it is composed elsewhere.
        error: Name of the error's class.
        place: File and line.
        source: The expression that makes it.
    """

    text: str | None
    error: str
    place: str
    source: str


def messages_of(packages: Collection[str], errors: Collection[str]) -> Iterator[Message]:
    """Yield the messages with which errors are made in packages.

    Args:
        packages: Names of folders of the checkout.
        errors: Names of the classes of the errors.
    """
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from _messages_in(path, errors)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _messages_in(path: Path, errors: Collection[str]) -> Iterator[Message]:
    module = _parsed(path)
    for scopes, node in _calls(module, (module,)):
        name = _error_of(node, scopes)
        if name not in errors or not node.args:
            continue
        argument = node.args[-1]
        place = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        texts = [text for text in _texts(argument, scopes) if re.search("[a-z]", text)]
        for text in texts or [None]:
            yield Message(text, name, place, ast.unparse(argument))


def warnings_of(packages: Collection[str]) -> Iterator[Message]:
    """Yield the warnings that packages log; those without words are made elsewhere.

    Args:
        packages: Names of folders of the checkout.
    """
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            module = _parsed(path)
            for scopes, node in _calls(module, (module,)):
                if isinstance(node.func, ast.Attribute) and node.func.attr == "warning":
                    place = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
                    for text in _texts(node.args[0], (*scopes, module)):
                        words = re.sub(r"%(?:\.\d)?[sdf]", VARIES, text)
                        if re.search("[a-z]", words):
                            yield Message(words, "warning", place, ast.unparse(node.args[0]))


def strings_in(path: str, function: str) -> Iterator[str]:
    """Yield the texts of a function that are sentences or parts of them.

    Args:
        path: The file.
        function: The function's name.
    """
    module = _parsed(ROOT / path)
    (found,) = (
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    inner = {
        part for node in ast.walk(found) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in found.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # the docstring
        for part in ast.walk(node):
            text = _text(part)
            if isinstance(part, ast.Name) and part.id.isupper():
                text = next(_texts(part, (module,)), None)
            if part not in inner and text is not None and " " in text.strip(f" {VARIES}"):
                yield text


def pattern(text: str) -> re.Pattern[str]:
    """Return what a page may write for a text of the code: anything where it varies."""
    return re.compile(".*".join(map(re.escape, text.split(VARIES))))


Scopes = tuple[ast.AST, ...]


def _calls(node: ast.AST, scopes: Scopes) -> Iterator[tuple[Scopes, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield scopes, child
        is_scope = isinstance(child, (ast.FunctionDef, ast.ClassDef))
        yield from _calls(child, (child, *scopes) if is_scope else scopes)


def _error_of(call: ast.Call, scopes: Scopes) -> str:
    """Return the name of the class that a call makes an error of."""
    if ast.unparse(call.func) == "super().__init__":
        return next((each.name for each in scopes if isinstance(each, ast.ClassDef)), "")
    return ast.unparse(call.func)


def _texts(node: ast.expr, scopes: Scopes) -> Iterator[str]:
    """Yield each text that an expression may have."""
    text = _text(node)
    if text is not None:
        yield text
        return
    match node:
        case ast.IfExp():
            yield from _texts(node.body, scopes)
            yield from _texts(node.orelse, scopes)
        case ast.Name(id=name):
            yield from _first(list(_assigned(scope, name)) for scope in scopes)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            yield from _first(list(_returned(scope, name)) for scope in scopes)


def _first(found: Iterable[list[str]]) -> list[str]:
    """Return the texts of the innermost scope that has any."""
    return next(filter(None, found), [])


def _assigned(scope: ast.AST, name: str) -> Iterator[str]:
    """Yield the texts that a name is bound to."""
    for node in ast.walk(scope):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            text = _text(node.value)
            if text is not None and any(ast.unparse(target) == name for target in targets):
                yield text


def _returned(scope: ast.AST, name: str) -> Iterator[str]:
    """Yield the texts that a function of a scope returns."""
    for function in ast.iter_child_nodes(scope):
        if isinstance(function, ast.FunctionDef) and function.name == name:
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield from filter(None, [_text(node.value)])


def _text(node: ast.AST) -> str | None:
    """Return the text of a string or of an f-string, None for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) or VARIES for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            start, end = _text(left), _text(right)
            return None if start is None and end is None else f"{start or VARIES}{end or VARIES}"
        case _:
            return None
