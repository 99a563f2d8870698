"""The recipes and the Python example of docs/sandbox.md; its commands are run elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planhat_sandbox.faults.effects import EFFECTS
from planhat_sandbox.faults.fault import read_fault

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
RECIPES = re.findall(rf"`((?:{'|'.join(EFFECTS)}),[^`]+)`", PAGE)


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_recipe_is_a_valid_fault(sandbox, recipe):
    name, *rest = recipe.split(",")
    values = dict(text.split("=", 1) for text in rest)
    assert sandbox.add_fault(read_fault({"name": name, **values})).fault.name == name


def test_there_are_recipes():
    assert len(RECIPES) >= 6


def test_the_python_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(example, {})  # noqa: S102 - our own page
