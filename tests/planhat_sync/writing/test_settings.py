"""The settings of writing are checked against the models that are given with them."""

from __future__ import annotations

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.model import Model
from planhat_sync.writing.settings import WriteSettings

BOOKS = Model("books", "Book", "/books", ("_id", "isbn"), page_limit=10, bulk_limit=10)


def test_keyables_are_those_of_the_models_that_are_given():
    settings = WriteSettings.from_config({"match_on": ["isbn"]}, {"books": BOOKS})
    assert settings.match_on == ("isbn",)
    with pytest.raises(ConfigurationError, match="called sourceId; there are _id, isbn"):
        WriteSettings.from_config({"match_on": ["sourceId"]}, {"books": BOOKS})
