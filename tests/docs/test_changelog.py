"""The changelog has an entry for the version, and fragments are put together for the next one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from checkout import ROOT
from strangers import program

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
KINDS = {kind["directory"]: kind["name"] for kind in PROJECT["tool"]["towncrier"]["type"]}
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
START = "<!-- towncrier release notes start -->\n"


def test_the_newest_entry_is_that_of_the_version():
    newest = CHANGELOG.partition(START)[2].split("\n## ", 2)[1]
    assert newest.startswith(PROJECT["project"]["version"] + " (")
    assert newest.count("\n- ") > 2


def test_each_fragment_has_a_kind_and_is_one_line():
    for path in (ROOT / "changelog.d").iterdir():
        if path.name != "README.md":
            name = re.fullmatch(r"\+?[a-z0-9-]+\.([a-z]+)\.md", path.name)
            assert name, path.name
            assert name[1] in KINDS, path.name
            assert re.fullmatch(r"[^\n]+[.)]\n", path.read_text("utf-8")), path.name


@pytest.mark.slow
def test_fragments_become_an_entry_in_front_of_the_others(tmp_path):
    towncrier = program("towncrier", "release")
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "changelog.d").mkdir()
    shutil.copy(ROOT / "changelog.d" / "README.md", tmp_path / "changelog.d")
    for kind in KINDS:
        text = f"Something was {kind} now.\n"
        (tmp_path / "changelog.d" / f"word-{kind}.{kind}.md").write_text(text, "utf-8")
    build = [towncrier, "build", "--yes", "--version", "7.8.9", "--date", "2026-12-24"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    entry = "## 7.8.9 (2026-12-24)\n\n" + "\n".join(
        f"### {KINDS[kind]}\n\n- Something was {kind} now.\n" for kind in KINDS
    )
    built = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    before, start, after = CHANGELOG.partition(START)
    assert built.split() == (before + start + entry + after).split()
    assert [path.name for path in (tmp_path / "changelog.d").iterdir()] == ["README.md"]
