"""A tenant as it was when the earlier versions read it."""

from __future__ import annotations

import pytest
from earlier_versions import fill
from tap_runs import config, read, select
from target_runs import bench

__all__ = ["bench", "config", "read", "select"]


@pytest.fixture
def tenant(sandbox):
    """The first tenant, filled as for the earlier versions."""
    sandbox.behave(objective_times="present")
    tenant = sandbox.tenant("alpha")
    fill(tenant)
    return tenant
