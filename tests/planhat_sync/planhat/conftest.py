"""A `Planhat` for the sandbox, as a program has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planhat_sync import Planhat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planhat_sandbox import Sandbox


@pytest.fixture
def planhat(sandbox: Sandbox) -> Iterator[Planhat]:
    with Planhat("token-a", api_url=sandbox.url, requests_per_minute=0) as planhat:
        yield planhat


@pytest.fixture
def alpha(sandbox):
    """The tenant."""
    return sandbox.tenant("alpha")
