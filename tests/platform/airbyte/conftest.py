"""Two tenants, and what stands in for the containers that Airbyte would run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT), str(HERE)]
# airbyte-cdk looks for docker when its tests are imported.
os.environ["PATH"] = os.pathsep.join([str(HERE / "bin"), os.environ["PATH"]])

# It is on the path only now.
from planhat_sandbox import Sandbox, seed_tenant  # noqa: E402 - see above


@pytest.fixture
def sandbox() -> Sandbox:
    """Alpha has records of every model; beta has the same companies and endusers."""
    with Sandbox({"token-a": "alpha", "token-b": "beta"}) as running:
        seed_tenant(running.tenant("token-a"), issues=40, objectives=10, others=3)
        seed_tenant(running.tenant("token-b"), issues=0, objectives=0)
        yield running
