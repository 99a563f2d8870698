"""Tests use only the files that git tracks, and leave the checkout unchanged."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT, Watch, copy_folder
from hypothesis.configuration import storage_directory


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xee8765")


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


LEFT = ("dags/__pycache__/copies.cpython-311.pyc", "__pycache__/a.pyc", "output/a.json", ".env")


def test_a_copy_holds_what_git_would_commit_and_nothing_that_it_ignores(tmp_path):
    folder, where = tmp_path / "checkout" / "examples", tmp_path / "place"
    put(folder, "dags/copies.py", "notes.txt", "gone.txt", ".hidden", "name with é.txt", *LEFT)
    (tmp_path / "checkout" / ".gitignore").write_text("__pycache__/\noutput/\n.env\n")
    git = ["git", "-C", str(tmp_path / "checkout")]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "examples/dags", "examples/gone.txt"], check=True)
    (folder / "gone.txt").unlink()
    copy_folder(folder, where)
    assert names(where) == {"dags/copies.py", "notes.txt", ".hidden", "name with é.txt"}


@pytest.mark.parametrize("git", ["is not there", "ignores the folder"])
def test_a_copy_of_sources_without_git_holds_no_bytecode(tmp_path, monkeypatch, git):
    folder, where = tmp_path / "sources" / "examples", tmp_path / "place"
    put(folder, "dags/copies.py", "notes.txt", *LEFT[:2])
    if git == "is not there":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
        (tmp_path / ".gitignore").write_text("sources/\n")
    copy_folder(folder, where)
    assert names(where) == {"dags/copies.py", "notes.txt"}


CONFTEST = """
import checkout

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(checkout.Watch(config.rootpath))
"""
TEST = """
import pathlib, sys

def test_it():
    {}
"""


@pytest.fixture
def run_that_does(tmp_path):
    """Run pytest in a watched checkout, with one test that does something there."""
    place = tmp_path / "checkout"
    place.mkdir()
    (place / "conftest.py").write_text(CONFTEST)
    (place / "m.py").touch()
    (place / "there.txt").write_text("as it was")

    def run(what, *arguments, **environment):
        (place / "test_it.py").write_text(TEST.format(what))
        plugins = ("-p", "no:cacheprovider", "-p", "xdist.plugin")
        kept = {name: value for name, value in os.environ.items() if name != "CI"}
        kept |= {"PYTHONPATH": str(ROOT / "tests" / "support")}
        kept |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # it starts in half the time
        return subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, *arguments],
            cwd=place,
            env={**kept, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("what", "left", "processes"),
    [
        ("pathlib.Path('left.txt').touch()", "left.txt", 0),
        ("pathlib.Path('left.txt').touch()", "left.txt", 2),
        ("pathlib.Path('left.txt').touch(); assert False", "left.txt", 0),
        ("pathlib.Path('left/deep').mkdir(parents=True)", "left", 0),
        ("sys.pycache_prefix = None; sys.dont_write_bytecode = 0; import m", "__pycache__", 0),
    ],
    ids=["a file", "a file, by a worker", "a file, and it fails", "a folder", "bytecode"],
)
def test_a_run_that_leaves_something_in_the_checkout_fails_and_names_it(
    run_that_does, what, left, processes
):
    run = run_that_does(what, "-n", str(processes))
    assert run.returncode == 1
    assert "the checkout is not as it was" in run.stdout
    assert f"\n{left}\n" in run.stdout


@pytest.mark.parametrize(
    "what",
    [
        "pathlib.Path('left.txt').touch(); pathlib.Path('left.txt').unlink()",
        "pathlib.Path('.there.txt.swp').touch(); pathlib.Path('.ruff_cache').mkdir()",
        "pathlib.Path('there.txt').write_text('edited'); pathlib.Path('m.py').unlink()",
    ],
    ids=["nothing", "what editors and linters keep", "edited files"],
)
def test_a_run_that_leaves_nothing_of_its_own_passes(run_that_does, what):
    run = run_that_does(what)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "what", ["pathlib.Path('there.txt').write_text('edited')", "pathlib.Path('there.txt').unlink()"]
)
def test_where_nobody_edits_a_run_that_changes_a_file_fails(run_that_does, what):
    run = run_that_does(what, CI="true")
    assert run.returncode == 1
    assert "\nthere.txt\n" in run.stdout


def is_outside(path):
    return not Path(path).is_relative_to(ROOT) or Path(path).is_relative_to(ROOT / ".venv")


def test_this_run_is_watched_and_keeps_its_caches_out_of_the_checkout(pytestconfig):
    plugins = pytestconfig.pluginmanager.get_plugins()
    is_worker = hasattr(pytestconfig, "workerinput")
    assert is_worker or any(isinstance(plugin, Watch) for plugin in plugins)
    assert is_outside(storage_directory("examples").path)
    assert is_outside(pytestconfig.rootpath / pytestconfig.getini("cache_dir"))
    command = [sys.executable, "-c", "import sys; print(sys.pycache_prefix)"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert is_outside(said.strip())


def test_the_order_of_make_test_is_fixed_and_a_shuffled_one_names_its_seed():
    def says(*command):
        done = subprocess.run(
            ["make", "--dry-run", *command], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "random" not in says("tests")
    shuffled = says("test-shuffled", "SEED=123")
    assert "SEED=123 repeats this order" in shuffled
    assert "--random-order-seed=123" in shuffled
    chosen = says("test-shuffled")
    seed = re.search(r"--random-order-seed=(\d+)", chosen)[1]
    assert f"SEED={seed} repeats this order" in chosen
