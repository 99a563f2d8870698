"""The plugins, forked from a process that has imported them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from checkout import bare_environment
from warm import Warm, warm_plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = bare_environment() | {
    name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
}


@pytest.fixture(scope="session")
def warm(tmp_path_factory) -> Iterator[Warm]:
    """``warm("tap-planhat", "--config", "x", env={…})``: a real process, without the imports."""
    with warm_plugins(tmp_path_factory.mktemp("warm"), ENVIRONMENT) as running:
        yield running


@pytest.fixture
def base(sandbox):
    """Settings of either plugin for the sandbox's first tenant."""
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "retry_budget_seconds": 0,
        "progress": "none",
    }


@pytest.fixture
def variables(base):
    """The same settings as variables: ``variables("tap-planhat", page_size="5")``."""

    def make(plugin, **more):
        prefix = plugin.upper().replace("-", "_")
        return {f"{prefix}_{n.upper()}": str(v) for n, v in {**base, **more}.items()}

    return make
