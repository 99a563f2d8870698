"""A tenant that shows every fact."""

from __future__ import annotations

import pytest
from asked_tenant import TOKEN, fill

from planhat_sandbox import Sandbox


@pytest.fixture(scope="module")
def asked():
    """A sandbox with a tenant that shows every fact."""
    with Sandbox({TOKEN: "asked"}) as sandbox:
        fill(sandbox)
        yield sandbox
