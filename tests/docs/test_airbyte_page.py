"""What the page says to users of Airbyte's own source for Planhat agrees with the models."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from checkout import ROOT

from planhat_sync.models import load_models

THEIRS = json.loads(Path(__file__).with_name("airbyte_source.json").read_text("utf-8"))
PROPERTIES = {name: names.split() for name, names in THEIRS["properties"].items()}
NAMES = {"custom_fields": "customfields"}


def rows() -> dict[str, list[str]]:
    """Return the rows of the table of streams, by the name of Airbyte's stream."""
    page = (ROOT / "docs" / "airbyte.md").read_text("utf-8")
    section = page.partition("## Coming from ")[2]
    cells = [
        line.strip("| ").split(" | ") for line in re.findall(r"^\| `.*", section, re.MULTILINE)
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_each_of_airbyte_s_streams_has_a_row_in_the_table():
    assert rows().keys() == PROPERTIES.keys()


@pytest.mark.parametrize("stream", PROPERTIES)
def test_a_row_says_by_which_name_and_how_its_stream_is_read_here(stream):
    name, _, incremental, *_ = rows()[stream]
    model = load_models()[name.strip("`*")]
    assert model.name == NAMES.get(stream, stream)
    said, *_ = incremental.strip("* ").replace("**", "").split(",")
    if model.replication_key:
        assert said == "yes"
        assert f"`{model.replication_key}`" in incremental
    elif model.possible_replication_key:
        assert said == "on request"
        key = model.possible_replication_key
        assert key == "updatedAt" or f"`{key}`" in incremental
    else:
        assert said == "no"


@pytest.mark.parametrize("stream", PROPERTIES)
def test_every_property_of_airbyte_s_stream_is_one_here(stream):
    model = load_models()[NAMES.get(stream, stream)]
    assert model.is_read
    assert not set(PROPERTIES[stream]) - model.properties.keys()
