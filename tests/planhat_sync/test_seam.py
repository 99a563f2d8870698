"""No module reaches the world outside a run but through its `System`: the code is searched."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from checkout import ROOT, files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("planhat_sync", "planhat_singer", "tap_planhat", "target_planhat", "airbyte_planhat")

REAL = {
    f"planhat_sync.runtime.{name}"
    for name in ("clock", "threads", "files", "stdout", "stdin", "signals")
}
"""The modules that are the real world. The first four are the defaults of `System`; the input is an
argument of a run; signals reach only the main thread of a process."""

OUTSIDE = {
    *("time", "random", "datetime.datetime.now", "datetime.datetime.today"),
    *("datetime.datetime.utcnow", "datetime.date.today"),
    *("threading.Thread", "threading.Timer", "threading.Condition", "threading.Barrier"),
    *("threading.Semaphore", "threading.BoundedSemaphore", "multiprocessing", "subprocess"),
    *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
    *("concurrent.futures.wait", "concurrent.futures.as_completed"),
    *("os.open", "os.fdopen", "os.write", "os.writev", "os.fsync", "os.ftruncate", "tempfile"),
    *("sys.stdout", "planhat_sync.runtime.stdout.write", "planhat_sync.runtime.stdout.print_text"),
    *("planhat_sync.api.http.wire.Wire", "planhat_sync.api.http.transport.Transport"),
}
"""What reads the time, draws a number, starts a thread, waits for one, writes, or sends."""

PRINT_TEXT = "planhat_sync.runtime.stdout.print_text"
ALLOWED = {
    ("planhat_sync.system", "planhat_sync.runtime.stdout.write"): "the default",
    ("planhat_sync.system", "planhat_sync.api.http.wire.Wire"): "the default",
    ("planhat_sync.system", "planhat_sync.api.http.transport.Transport"): "made here alone",
    (
        "planhat_sync.api.http.transport",
        "planhat_sync.api.http.transport.Transport",
    ): "another one of the same wire",
    ("planhat_sync.api.http.transport", "planhat_sync.api.http.wire.Wire"): "the default",
    ("planhat_sync.runtime.exits", "os.open"): "the null device, after the run",
    ("tap_planhat.messages", "planhat_sync.runtime.stdout.write"): "the default",
    ("airbyte_planhat.messages", "planhat_sync.runtime.stdout.write"): "the default",
    ("airbyte_planhat.failures", "planhat_sync.runtime.stdout.write"): "the default",
    ("tap_planhat.tap", PRINT_TEXT): "discovery is not a run",
    ("target_planhat.target", PRINT_TEXT): "--check is not a run",
    ("target_planhat.reject_table", PRINT_TEXT): "--rejects is not a run",
    ("planhat_singer.plugin", PRINT_TEXT): "--about, --version and --help are not a run",
    ("airbyte_planhat.command_line", PRINT_TEXT): "--help is not a run",
}
"""By module and what it reaches: why that is right."""

WAITED_FOR = {"_clock", "_changed", "_threads", "_dispatcher", "pipeline"}
"""Names of parts of the system that wait, and of objects of ours that wait by means of them."""

PARTS = {"clock", "threads", "files", "write_lines", "system"}
"""Names of parameters that take the system, or a part of it."""

READ_FIELDS = "planhat_sync.api.custom_fields.read_custom_fields"
NOT_GIVEN = {
    ("planhat_sync.system", "planhat_sync.system.System"): "this machine",
    ("airbyte_planhat.command_line", "airbyte_planhat.messages.write"): "the answer of a process",
    ("airbyte_planhat.log", "airbyte_planhat.messages.write"): "the log of a process",
    ("airbyte_planhat.failures", "airbyte_planhat.failures.write_failure"): "the end of a process",
    ("airbyte_planhat.source.check", "planhat_sync.reading.run.ReadRun"): "check is not a run",
    ("airbyte_planhat.source.discover", "planhat_sync.reading.run.ReadRun"): "nor is discover",
    ("airbyte_planhat.source.discover", READ_FIELDS): "the same",
    ("airbyte_planhat.destination.discover", READ_FIELDS): "the same",
}
"""By module and what it calls without all parts: why that is right."""


@cache
def modules() -> dict[str, ast.Module]:
    """Return the modules by their names."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text("utf-8"))
        for package in PACKAGES
        for path in files_of(ROOT / package)
        if path.suffix == ".py"
    }


def names_in(module: str) -> dict[str, str]:
    """Return what each name at the top of a module stands for."""
    names = {}
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            names |= {each.asname or each.name: each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    for node in modules()[module].body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names[node.name] = f"{module}.{node.name}"
    return names


def full_name(node: ast.AST, names: dict[str, str]) -> str | None:
    """Return what an expression names in another module, or at the top of this one."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (before := full_name(node.value, names)):
        return f"{before}.{node.attr}"
    return None


def outside(module: str) -> Iterator[str]:
    """Yield what a module reaches, annotations aside."""
    names = names_in(module)
    annotations = {
        part
        for node in ast.walk(modules()[module])
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if annotation is not None
        for part in ast.walk(annotation)
    }
    for node in ast.walk(modules()[module]):
        if node not in annotations and (name := full_name(node, names)):
            yield from (each for each in OUTSIDE if f"{name}.".startswith(f"{each}."))
        if isinstance(node, ast.Call):
            yield from reached_by_call(node.func, node)


def reached_by_call(function: ast.expr, call: ast.Call) -> Iterator[str]:
    """Yield what a call reaches, whatever object it is a method of."""
    name = getattr(function, "attr", getattr(function, "id", ""))
    owner = getattr(function, "value", None)
    if name == "print" or name in {"write_text", "write_bytes", "touch"}:
        yield name
    if name == "open":
        texts = [each.value for each in ast.walk(call) if isinstance(each, ast.Constant)]
        yield from (f"open({text})" for text in texts if text in {"w", "wb", "a", "ab", "x", "xb"})
    if name == "wait" and getattr(owner, "attr", getattr(owner, "id", "")) not in WAITED_FOR:
        yield name


def parts_of(function: ast.FunctionDef) -> dict[str, int]:
    """Return the parameters that take a part and have a default, with their positions."""
    named = [*function.args.posonlyargs, *function.args.args]
    optional = [*named[len(named) - len(function.args.defaults) :]]
    optional += [
        each
        for each, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if default is not None
    ]
    all_of_them = [*named, *function.args.kwonlyargs]
    return {each.arg: all_of_them.index(each) for each in optional if each.arg in PARTS}


@cache
def receivers() -> dict[str, dict[str, int]]:
    """Return all functions and classes that may be given a part, by their full names."""
    found = {}
    for module, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found[f"{module}.{node.name}"] = parts_of(node)
            elif isinstance(node, ast.ClassDef):
                found[f"{module}.{node.name}"] = parts_of_class(node)
    return {name: parts for name, parts in found.items() if parts}


def parts_of_class(node: ast.ClassDef) -> dict[str, int]:
    """Return the parameters of a constructor, also of a dataclass, as `parts_of` does."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return {name: at - 1 for name, at in parts_of(each).items()}
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    return {
        each.target.id: at
        for at, each in enumerate(fields)
        if isinstance(each.target, ast.Name) and each.target.id in PARTS and each.value
    }


def calls_without(module: str) -> Iterator[str]:
    """Yield what a module calls without a part that it could give."""
    names = names_in(module)
    for node in ast.walk(modules()[module]):
        if not isinstance(node, ast.Call):
            continue
        name, given = full_name(node.func, names), list(node.args)
        if name == "functools.partial":
            name, given = full_name(given[0], names), given[1:]
        keywords = {each.arg for each in node.keywords}
        for part, at in receivers().get(name or "", {}).items():
            if part not in keywords and None not in keywords and len(given) <= at:
                yield str(name)


def test_no_module_reaches_the_world_outside_a_run_by_itself():
    found = {(module, name) for module in modules().keys() - REAL for name in outside(module)}
    assert found == set(ALLOWED)


def test_a_run_hands_its_system_to_all_that_take_a_part_of_it():
    assert len(receivers()) > 20
    found = {(module, name) for module in modules() for name in calls_without(module)}
    assert found == set(NOT_GIVEN)


def test_the_search_finds_each_way_around():
    """The searches above would also be green if they found nothing."""
    text = """
import time
from datetime import datetime
import threading
from planhat_sync.runtime import stdout
def work(path, event):
    time.time(); datetime.now(); threading.Thread(); stdout.write([]); print()
    path.open("wb"); path.write_text(""); event.wait(1)
"""
    modules()["made.up"] = ast.parse(text)
    try:
        found = set(outside("made.up"))
    finally:
        del modules()["made.up"]
    assert found == {
        *("time", "datetime.datetime.now", "threading.Thread", "print", "open(wb)"),
        *("planhat_sync.runtime.stdout.write", "write_text", "wait"),
    }
