"""A catalog that asks to remove what earlier syncs have written is refused."""

from __future__ import annotations

import json

import pytest

from airbyte_planhat.configured_catalog import read_catalog
from airbyte_planhat.destination.catalog_checks import destination_streams
from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.writing.mapping.record_maps import NoMaps
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()


def accept(**given):
    stream = {"stream": {"name": "issues"}, "destination_sync_mode": "append_dedup", **given}
    catalog = read_catalog(json.dumps({"streams": [stream]}).encode())
    settings = WriteSettings.from_config({"api_token": "t"}, MODELS)
    return destination_streams(catalog, MODELS, settings, NoMaps())


@pytest.mark.parametrize("generation", [1, 7])
@pytest.mark.parametrize("sync", [None, 2, 900])
def test_a_later_sync_that_removes_earlier_generations_is_refused(generation, sync):
    with pytest.raises(ConfigurationError, match="asks to remove earlier generations"):
        accept(generation_id=generation, minimum_generation_id=generation, sync_id=sync)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="none"),
        pytest.param(
            {"generation_id": 4, "minimum_generation_id": 0, "sync_id": 900}, id="none is removed"
        ),
        pytest.param(
            {"generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}, id="as PyAirbyte has it"
        ),
    ],
)
def test_a_catalog_that_removes_nothing_is_accepted(given):
    assert accept(**given)[None, "issues"]


def test_the_first_sync_may_not_overwrite_either():
    with pytest.raises(ConfigurationError, match="never empties what it writes to"):
        accept(
            generation_id=1,
            minimum_generation_id=1,
            sync_id=1,
            destination_sync_mode="overwrite",
        )
