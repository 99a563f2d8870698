"""Settings for runs of `warm`; a tenant with a company."""

from __future__ import annotations

import pytest
from warm_runs import base

__all__ = ["base"]


@pytest.fixture
def tenant(sandbox):
    return sandbox.tenant("alpha")


@pytest.fixture
def company(tenant):
    return tenant.insert("companies", {"name": "Acme"})["_id"]
