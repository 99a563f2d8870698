"""Settings of both plugins, for runs of `warm`."""

from __future__ import annotations

import pytest


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
