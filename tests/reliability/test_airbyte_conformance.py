"""The source and the destination pass the conformance kit that others can run on theirs."""

from __future__ import annotations

import json
import sys

import pytest
from airbyte_conformance import SourceConformance, SourceUnderTest

from planhat_sandbox import seed_tenant
from reliability.kills import NO_LOOKBACK


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
        streams = {
            "issues": "incremental",
            "objectives": "full_refresh",
            "workspaces": "full_refresh",
        }
        return SourceUnderTest(
            command=command("source", "read", streams, page_size=100, **NO_LOOKBACK),
            expected=lambda: {
                name: [record["_id"] for record in alpha.records(name)] for name in streams
            },
            key=lambda data: data["_id"],
        )
