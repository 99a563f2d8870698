"""The connectors, forked from a process that has imported them; a tenant with a company."""

from __future__ import annotations

import pytest
from warm_runs import base, warm

__all__ = ["base", "warm"]


@pytest.fixture
def tenant(sandbox):
    return sandbox.tenant("alpha")


@pytest.fixture
def company(tenant):
    return tenant.insert("companies", {"name": "Acme"})["_id"]
