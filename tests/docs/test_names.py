"""Pages name what there is: files, folders, modules, functions and other identifiers exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
from checkout import ROOT, files_of

CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]*\w\.(?:py|sh|md)")
MODULE = re.compile(
    r"(?:planhat_\w+|airbyte_planhat|tap_planhat|target_planhat|benchmarks|reliability|tools)(?:\.[A-Za-z]\w*)+"
)
FOLDER = re.compile(
    r"(?<![\w./-])(?:planhat_\w+|airbyte_planhat|tap_planhat|target_planhat|docs|tests|tools|schemas|examples|"
    r"reliability|benchmarks|conformance|hub|requirements|changelog\.d)/(?:[\w.-]+/)*"
)
IDENTIFIER = re.compile(r"(?<![\w/.-])(?:[a-z]\w*_\w+|_[a-z]\w*|[A-Z][a-z]\w*[A-Z]\w*)(?![\w/-])")
OF_READERS = {"script.py"}
"""Files that a page writes, or that the vendor or the reader has."""
OF_OTHERS = {
    # of import-linter, Airflow and Kubernetes
    *("ignore_imports", "ObjectStoragePath", "task_state_store", "asset_state_store"),
    "kube_job_status_failed",
    # of JMESPath and of tap-github
    *("to_number", "skip_parent_streams"),
    # of tap-jira and PyAirbyte
    *("cloud_id", "get_samples"),
    # of polars and dlt
    *("infer_schema_length", "data_writer", "drop_pending_packages"),
    # of cruds, and packages of earlier versions
    *("PlanhatUpsertError", "calls_per_min", "raise_on_error", "planhat_api", "planhat_console"),
    # in the examples of a page
    *("changed_at", "custom__Size"),
}
"""Identifiers that occur on pages and nowhere else."""


@cache
def files() -> frozenset[str]:
    """Return the files of the checkout, by their paths from its top."""
    return frozenset(path.relative_to(ROOT).as_posix() for path in files_of(ROOT))


def pages() -> list[str]:
    return sorted(name for name in files() if name.endswith(".md"))


@cache
def identifiers() -> frozenset[str]:
    """Return the words of all files that are not pages."""
    words: set[str] = set()
    for name in files():
        if not name.endswith((".md", ".png", ".svg")):
            words.update(re.findall(r"\w+", (ROOT / name).read_text("utf-8")))
    return frozenset(words)


def is_file(name: str) -> bool:
    """Return whether the project has a file, which may be named without its folders."""
    return name in files() or any(path.endswith(f"/{name}") for path in files())


def is_name(dotted: str) -> bool:
    """Return whether a dotted name is a module or a package, or a name that a module defines."""
    path = dotted.replace(".", "/")
    if f"{path}.py" in files() or f"{path}/__init__.py" in files():
        return True
    module, _, name = path.rpartition("/")
    package = ROOT / module / "__init__.py"
    if package.is_file() and f'"{name}",' in package.read_text("utf-8"):  # of its __all__
        return True
    source = ROOT / f"{module}.py"
    return source.is_file() and bool(
        re.search(rf"^(?:async )?(?:def |class )?{name}\b", source.read_text("utf-8"), re.MULTILINE)
    )


def missing(text: str) -> list[str]:
    """List what a page names that is not there."""
    found = [
        name
        for code in CODE.findall(text)
        for name in FILE.findall(code)
        if not is_file(name) and name not in OF_READERS
    ]
    spans = CODE.findall(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    modules = {name for code in spans for name in MODULE.findall(code)}
    folders = {name for code in spans for name in FOLDER.findall(code)}
    named = {name for code in spans for name in IDENTIFIER.findall(FILE.sub("", code))}
    return [
        *found,
        *(name for name in sorted(modules) if not FILE.fullmatch(name) and not is_name(name)),
        *(name for name in sorted(folders) if not (ROOT / name).is_dir()),
        *sorted(named - identifiers() - OF_OTHERS),
    ]


@pytest.mark.parametrize("markdown", pages())
def test_what_a_page_names_is_there(markdown):
    assert not missing((ROOT / markdown).read_text("utf-8"))


def test_the_code_names_pages_that_are_there():
    named = [
        (path, page)
        for path in sorted(files())
        if path.endswith((".py", ".toml", ".yml")) and not path.startswith("tests/")
        for page in re.findall(r"(?<![\w/])docs/[\w/.-]+\.md", (ROOT / path).read_text("utf-8"))
    ]
    assert not [(path, page) for path, page in named if page not in files()]
    assert named


def test_a_name_that_is_not_there_is_found():
    assert missing("`planhat_sync/gone.py`, `gone.py`, `planhat_sync.api.gone`") == [
        "planhat_sync/gone.py",
        "gone.py",
        "planhat_sync.api.gone",
    ]
    gone = ["tests/" + "gone/", "Gone" + "Class", "gone_" + "function"]
    assert missing(" ".join(f"`{name}`" for name in gone)) == gone
    assert not missing("`wire.py`, `planhat_sync.api.client.PlanhatClient`, `planhat_sync.api`")
    assert not missing("`planhat_sync/api/`, `PlanhatClient`, `api_token`")


def test_docstrings_name_modules_that_are_there():
    named = [
        (path, name)
        for path in sorted(files())
        if path.endswith(".py") and not path.startswith(("tests/", "examples/"))
        for name in re.findall(rf"`({MODULE.pattern})`", (ROOT / path).read_text("utf-8"))
    ]
    assert not [(path, name) for path, name in named if not is_name(name)]
    assert named


LINK = re.compile(r"\[`([\w.]+)`\]\(\.\./([\w/.]+\.py)\)")


@cache
def defined_in(path: str) -> frozenset[str]:
    """Return the classes and functions of a file, methods as `Class.method`."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    names = set()
    for node in tree.body:
        if isinstance(node, kinds):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{own.name}" for own in node.body if isinstance(own, kinds)}
    return frozenset(names)


def test_the_way_of_a_page_and_of_a_record_names_functions_that_are_there():
    text = (ROOT / "docs" / "how-it-is-built.md").read_text("utf-8")
    prose = text.partition("<!-- planhat_sync:begin -->")[0]
    found = LINK.findall(prose)
    assert len(found) > 50
    assert prose.count("](../") == len(found)
    for name, path in found:
        assert name in defined_in(path), f"{path} has no {name}"
    for section in prose.split("\n## ")[1:]:
        assert len(section.splitlines()) <= 40


def test_the_decision_on_layers_says_what_is_checked():
    decision = (ROOT / "docs/adr/0006-one-library-thin-plugins.md").read_text("utf-8")
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    contracts = re.findall(r"^layers = (\[[^\]]+\])", settings, re.MULTILINE)
    assert len(contracts) == 8
    for layers in map(ast.literal_eval, contracts):
        rooms = (" \\| ".join(f"`{room}`" for room in layer.split(" | ")) for layer in layers)
        assert " → ".join(rooms) in decision
