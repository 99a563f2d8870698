"""The page of the models says what their files say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planhat_sync.models import load_models
from tools.reference.models import EVIDENCE

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
SECTIONS = {
    name: text
    for name, _, text in (part.partition("\n") for part in PAGE.split("\n### ")[1:])
    if name in load_models()
}


@pytest.fixture(params=load_models().values(), ids=lambda model: model.name)
def model(request):
    return request.param


def test_each_model_has_a_section():
    assert SECTIONS.keys() == load_models().keys()


def test_the_table_says_how_a_model_is_read_and_written(model):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| [`{model.name}`]")]
    _, read, written, keys, needed = (cell.strip() for cell in row.strip("|").split("|"))
    methods = {
        (False, False): "in full",
        (False, True): "on request",
        (True, False): "incremental",
    }
    method = methods[bool(model.replication_key), bool(model.possible_replication_key)]
    assert read.partition(",")[0] == (method if model.access != "write" else "no")
    assert ("no `detect_deletes`" in read) is (not model.get_by_id)
    assert written.partition(",")[0] == ("all modes" if model.access != "read" else "no")
    flag = model.properties.get(model.archive_flag, {"readOnly": True})
    assert ("archive" in written) is (not flag.get("readOnly", False))
    assert re.findall(r"`(\w+)`", keys) == [*model.keyables]
    assert re.findall(r"`(\w+)`", needed) == [*model.bulk_required] * model.is_written


def test_the_table_names_the_models_that_no_page_of_the_vendor_s_describes():
    (line,) = [line for line in PAGE.splitlines() if line.startswith("The vendor documents no ")]
    uncertain = {each.name for each in load_models().values() if each.is_uncertain}
    assert set(re.findall(r"\[`(\w+)`\]", line)) == uncertain


def test_a_section_says_what_the_file_is_made_from_and_links_the_facts(model):
    (line,) = [line for line in SECTIONS[model.name].splitlines() if line.startswith("- made from")]
    assert line.removeprefix("- made from: ").startswith(EVIDENCE[model.evidence])
    for fact in model.facts:
        assert f"[{fact}](planhat-facts.md#{fact})" in line
    assert line.count("](") == len(model.facts)


def test_a_section_names_the_parameters_that_lists_need(model):
    for each in model.lists:
        for name, value in each.items():
            assert f"`{name}={value}`" in SECTIONS[model.name]


def test_the_streams_of_others_have_a_model_or_a_reason():
    rows = PAGE.partition("## Beside Airbyte and Hightouch")[2].partition("\n\nNeither")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in rows.splitlines()
        if line.startswith("|")
    ][2:]
    airbyte, hightouch, ours, differs = zip(*cells, strict=True)
    assert (len(list(filter(None, airbyte))), len(list(filter(None, hightouch)))) == (17, 14)
    assert {name.strip("`") for name in ours if name} <= load_models().keys()
    assert all(name or why for name, why in zip(ours, differs, strict=True))
