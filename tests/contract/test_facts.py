"""The list of facts, and what cites it, are consistent."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest

from planhat_sandbox import Behaviours
from planhat_sync.models import load_models

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "docs" / "planhat-facts.md"
KINDS = {"official page", "client code", "third party", "guess"}
CITED = re.compile(r"\(((?:[a-z]+-)+[a-z]+(?:, (?:[a-z]+-)+[a-z]+)*)\)")


def facts():
    for section in FACTS.read_text(encoding="utf-8").split("\n### ")[1:]:
        yield re.match(r"`([a-z0-9-]+)`\n", section).group(1), section


def known():
    return [identifier for identifier, _ in facts()]


def contract_tests():
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_every_fact_has_its_own_id():
    assert [name for name, count in Counter(known()).items() if count > 1] == []


@pytest.mark.parametrize(("identifier", "section"), list(facts()), ids=known())
def test_a_fact_says_how_we_know_it_and_what_is_doubtful(identifier, section):
    source = re.search(r"- How we know: \*\*([^*]+)\*\*: \S", section)
    assert source.group(1) in KINDS
    assert re.search(r"- Doubt: \S", section)


@pytest.mark.parametrize(("identifier", "section"), list(facts()), ids=known())
def test_the_contract_test_of_a_fact_exists(identifier, section):
    named = re.search(r"(?m)^- Contract test: (?:`(\w+)`|none yet)$", section)
    assert named.group(1) in {None, *contract_tests()}


def test_every_behaviour_of_the_sandbox_cites_a_fact():
    cited = {field.metadata["fact"] for field in dataclasses.fields(Behaviours)}
    assert cited - set(known()) == set()


def test_every_fact_that_the_sandbox_cites_exists():
    cited = {
        identifier
        for path in (ROOT / "planhat_sandbox").rglob("*.py")
        for found in CITED.findall(path.read_text(encoding="utf-8"))
        for identifier in found.split(", ")
    }
    assert len(cited) > 25
    assert cited - set(known()) == set()


def test_every_model_rests_on_facts():
    assert [name for name, model in load_models().items() if not model.facts] == []


def test_every_fact_is_cited_or_has_a_contract_test():
    """By code or a model's file; one that nothing rests on need not be believed."""
    folders = ("planhat_sandbox", "planhat_sync", "tap_planhat", "target_planhat", "schemas")
    texts = [
        path.read_text("utf-8")
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".json"}
    ]
    words = set(re.findall(r"[a-z0-9-]+", " ".join(texts)))
    tested = {name for name, section in facts() if "Contract test: none yet" not in section}
    assert set(known()) - words - tested == set()
