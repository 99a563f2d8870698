"""The source passes the conformance kit that others can run on theirs."""

from __future__ import annotations

import json
import signal
import sys

import pytest
from airbyte_conformance import SourceConformance, SourceUnderTest

from planhat_sandbox import seed_tenant
from reliability.kills import NO_LOOKBACK

KILLS = pytest.mark.parametrize("end_with", [signal.SIGKILL, signal.SIGTERM])
STREAMS = {"issues": "incremental", "objectives": "full_refresh", "workspaces": "full_refresh"}


@pytest.fixture
def conformance_instants() -> int:
    return 2


@pytest.fixture
def command(sandbox, tmp_path):
    """Make the command of a connector, with files for its settings and its catalog."""

    def make(connector, verb, streams, **settings):
        config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
        catalog = [
            {
                "stream": {"name": name, "json_schema": {}, "supported_sync_modes": [mode]},
                "sync_mode": mode,
                "destination_sync_mode": "append_dedup",
                "primary_key": [["_id"]],
            }
            for name, mode in streams.items()
        ]
        arguments = []
        for name, value in (("config", config | settings), ("catalog", {"streams": catalog})):
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(value))
            arguments += [f"--{name}", str(path)]
        return [sys.executable, "-m", f"airbyte_planhat.{connector}", verb, *arguments]

    return make


class TestSourcePlanhat(SourceConformance):
    @pytest.fixture
    def source(self, sandbox, command):
        alpha = sandbox.tenant("alpha")
        seed_tenant(alpha, issues=600, objectives=60, seed=1)
        return SourceUnderTest(
            command=command("source", "read", STREAMS, page_size=100, **NO_LOOKBACK),
            expected=lambda: {
                name: [record["_id"] for record in alpha.records(name)] for name in STREAMS
            },
            key=lambda data: data["_id"],
        )

    @KILLS
    @pytest.mark.slow
    def test_a_killed_run_is_completed_from_its_last_states(
        self, source, end_with, tmp_path, conformance_instants, conformance_seed
    ):
        super().test_a_killed_run_is_completed_from_its_last_states(
            source, end_with, tmp_path, 2 * conformance_instants, conformance_seed
        )
