"""Two tenants, and what stands in for the containers that Airbyte would run."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCRATCH = tempfile.TemporaryDirectory(prefix="airbyte-")
sys.path[:0] = [str(ROOT), str(HERE)]
os.environ |= {
    # airbyte-cdk looks for docker, and PyAirbyte for its settings, when they are imported.
    "PATH": os.pathsep.join([str(HERE / "bin"), os.environ["PATH"]]),
    "AIRBYTE_OFFLINE_MODE": "1",
    "AIRBYTE_PROJECT_DIR": SCRATCH.name,
    "AIRBYTE_LOGGING_ROOT": SCRATCH.name,
}

# It is on the path only now.
from planhat_sandbox import Sandbox, seed_tenant  # noqa: E402 - see above

DAY = 86_400


@pytest.fixture
def sandbox() -> Sandbox:
    """Alpha has old records of every model, beta the same companies and endusers."""
    # Ten minutes apart, so that no two are read again because they are of the same minute.
    times = itertools.count(time.time() - 30 * DAY, 600)
    with Sandbox({"token-a": "alpha", "token-b": "beta"}, clock=times.__next__) as running:
        seed_tenant(running.tenant("token-a"), issues=40, objectives=10, others=3)
        seed_tenant(running.tenant("token-b"), issues=0, objectives=0)
        running.clock = time.time
        yield running
