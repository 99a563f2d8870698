"""A recipe says first what its reader gets and needs, and is on the list of recipes."""

from __future__ import annotations

import pytest
from checkout import ROOT

LIST = ROOT / "docs" / "recipes" / "index.md"
RECIPES = sorted(
    {*(ROOT / "docs" / "recipes").glob("*.md"), ROOT / "docs" / "warehouse.md"} - {LIST}
)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_says_before_its_first_command_what_its_reader_gets_and_needs(path):
    before = path.read_text("utf-8").partition("\n```")[0]
    gets, needs = before.find("**What you get**: "), before.find("**What you need**: ")
    assert 0 < gets < needs


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_on_the_list(path):
    assert f"({path.name})" in LIST.read_text("utf-8").replace("../", "")
