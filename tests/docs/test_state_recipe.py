"""The state recipe of the documentation: one form everywhere, and no run can lose a state by it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import parse

ROOT = Path(__file__).parents[2]
RECIPE = "tail -n 1 state.jsonl > new && [ -s new ] && mv new state.json"
# A redirection into the state file itself: it empties the file before the command has printed.
UNSAFE = re.compile(r">\|?\s*\S*state\.(?:json|txt)(?![\w.])|\btee\s+\S*state\.json(?![\w.])")
GOOD = '{"bookmarks": {"issues": {"at": 1}}}\n'


def texts() -> dict[str, str]:
    """Everything that a user may copy a command from, by its name."""
    found = {}
    for pattern in ("*.md", "*.yml", "docs/**/*.md", "examples/**/*", "hub/**/*.yml", "*/t*.py"):
        for path in ROOT.glob(pattern):
            if path.is_file() and path.suffix in {".md", ".yml", ".yaml", ".py", ""}:
                found[str(path.relative_to(ROOT))] = path.read_text("utf-8")
    return found


@pytest.mark.parametrize(
    ("line", "unsafe"),
    [
        ("tail -n 1 state.jsonl > state.json", True),
        ("tail -1 states > /state/state.json", True),
        ("tap | target >state.txt", True),
        ("tap | target | tee state.json", True),
        ("tap | target > state.jsonl", False),
        (RECIPE, False),
    ],
)
def test_an_unsafe_form_is_recognized(line, unsafe):
    assert bool(UNSAFE.search(line)) is unsafe


def test_no_text_redirects_into_the_state_file():
    for name, text in texts().items():
        for line in text.splitlines():
            assert not UNSAFE.search(line), f"{name}: {line}"


def test_the_state_file_is_replaced_only_by_what_is_not_empty():
    for name, text in texts().items():
        for line in text.splitlines():
            if re.search(r"\bmv\b.*state\.json", line):
                assert "> new && [ -s new ] && mv new state.json" in line, f"{name}: {line}"


@pytest.mark.parametrize(
    "name", ["README.md", "docs/start.md", "docs/pipes.md", "target_planhat/command_line.py"]
)
def test_every_place_that_keeps_a_state_shows_the_same_line(name):
    assert RECIPE in (ROOT / name).read_text("utf-8")


@pytest.fixture
def shell(sandbox, tmp_path):
    """Run a script with the plugins on PATH, in a folder with a state of the run before."""
    (tmp_path / "state.json").write_text(GOOD)
    company = sandbox.tenant("token-a").insert("companies", {"name": "Acme"})
    messages = [
        {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {"title": {}}}},
        {
            "type": "RECORD",
            "stream": "issues",
            "record": {"sourceId": "A-1", "title": "a", "companyIds": [company["_id"]]},
        },
        {"type": "STATE", "value": {"bookmarks": {"issues": {"at": 2}}}},
    ]
    (tmp_path / "in.singer").write_text("\n".join(map(json.dumps, messages)))

    def run(script, *, allowed=True, shell="bash"):
        token = "token-a" if allowed else "token-of-nobody"
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "TAP_PLANHAT_API_TOKEN": token,
            "TAP_PLANHAT_API_URL": sandbox.url,
            "TARGET_PLANHAT_API_TOKEN": token,
            "TARGET_PLANHAT_API_URL": sandbox.url,
            "TARGET_PLANHAT_MATCH_ON": '["sourceId"]',
        }
        return subprocess.run(
            [shell, "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", ["sh", "bash"])
@pytest.mark.parametrize("options", ["", "set -e\n"], ids=["interactive", "errexit"])
def test_a_run_that_fails_early_leaves_the_state_of_the_run_before(shell, tmp_path, name, options):
    done = shell(
        f"target-planhat --config ENV < in.singer > state.jsonl || echo failed\n{options}{RECIPE}",
        allowed=False,
        shell=name,
    )
    assert done.stdout == "failed\n", done.stderr
    assert (tmp_path / "state.jsonl").read_text() == ""
    assert (tmp_path / "state.json").read_text() == GOOD


@pytest.mark.parametrize("name", ["sh", "bash"])
def test_a_run_that_has_printed_a_state_replaces_the_one_before(shell, tmp_path, name):
    done = shell(f"target-planhat --config ENV < in.singer > state.jsonl\n{RECIPE}", shell=name)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "state.json").read_text())["bookmarks"]["issues"]["at"] == 2


@pytest.fixture
def script():
    """The script of the page about pipes."""
    page = parse("docs/pipes.md", (ROOT / "docs" / "pipes.md").read_text("utf-8"))
    (found,) = [block.body for block in page.blocks if block.file == "copy.sh"]
    return found


def test_the_script_of_the_page_keeps_the_state_when_it_fails_early(shell, tmp_path, script):
    (tmp_path / "state.json").write_text("{}\n")
    done = shell(script, allowed=False)
    assert done.returncode == 1
    assert (tmp_path / "state.json").read_text() == "{}\n"


def test_the_script_of_the_page_begins_without_a_state_and_keeps_the_one_it_gets(
    shell, tmp_path, script
):
    (tmp_path / "state.json").unlink()
    done = shell(script)
    assert done.returncode == 0, done.stderr
    assert "bookmarks" in json.loads((tmp_path / "state.json").read_text())


def test_the_script_of_the_page_goes_on_from_what_a_killed_run_has_printed(shell, tmp_path, script):
    (tmp_path / "state.jsonl").write_text('{"bookmarks": {}}\n{"bookmarks": {}, "last": true}\n')
    shell(script, allowed=False)
    assert json.loads((tmp_path / "state.json").read_text()) == {"bookmarks": {}, "last": True}


def test_the_script_of_the_page_reads_everything_once_its_state_is_removed(shell, tmp_path, script):
    assert shell(script).returncode == 0
    (tmp_path / "state.json").unlink()
    assert "issues: no bookmark, reading everything" in shell(script).stderr
