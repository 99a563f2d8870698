"""The pytest side: two options, two fixtures."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kill tests."""
    group = parser.getgroup("singer-conformance")
    group.addoption(
        "--conformance-instants",
        type=int,
        default=5,
        help="How many instants a kill test tries.",
    )
    group.addoption(
        "--conformance-seed", type=int, default=1, help="Which instants a kill test tries."
    )


@pytest.fixture
def conformance_instants(pytestconfig: pytest.Config) -> int:
    """How many instants a kill test tries."""
    return int(pytestconfig.getoption("--conformance-instants"))


@pytest.fixture
def conformance_seed(pytestconfig: pytest.Config) -> int:
    """Which instants a kill test tries."""
    return int(pytestconfig.getoption("--conformance-seed"))
