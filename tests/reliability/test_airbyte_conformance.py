"""The source and the destination pass the conformance kit that others can run on theirs."""

from __future__ import annotations

import json
import signal
import sys

import pytest
from airbyte_conformance import (
    DestinationConformance,
    DestinationUnderTest,
    SourceConformance,
    SourceUnderTest,
)

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


class TestDestinationPlanhat(DestinationConformance):
    @pytest.fixture
    def destination(self, sandbox, command, tmp_path):
        alpha = sandbox.tenant("alpha")
        company = alpha.insert("companies", {"name": "A company"})["_id"]
        models = ("issues", "objectives")

        def record(stream, n):
            if stream == "issues":
                return {"sourceId": str(n), "title": f"{n}", "companyIds": [company]}
            return {"sourceId": str(n), "name": f"{n}", "companyId": company}

        def reset() -> None:
            for model in models:
                for each in alpha.records(model):
                    alpha.delete(model, each["_id"])

        return DestinationUnderTest(
            command=command(
                "destination",
                "write",
                dict.fromkeys(models, "incremental"),
                match_on=["sourceId"],
                batch_size_rows=70,  # of records before several states, and in between
                on_reject="continue",
                rejects_path=str(tmp_path / "rejects.jsonl"),
            ),
            streams=models,
            record=record,
            refused=lambda stream, n: {**record(stream, n), "companyIds": 7, "companyId": 7},
            stored=lambda: [
                int(each["sourceId"]) for model in models for each in alpha.records(model)
            ],
            reset=reset,
            records=630,
            state_every=20,
        )

    @pytest.mark.slow
    def test_every_state_is_returned_while_the_input_is_open(self, destination):
        super().test_every_state_is_returned_while_the_input_is_open(destination)

    @KILLS
    @pytest.mark.slow
    def test_a_killed_run_is_completed_from_its_last_states(
        self, destination, end_with, conformance_instants, conformance_seed
    ):
        super().test_a_killed_run_is_completed_from_its_last_states(
            destination, end_with, 2 * conformance_instants, conformance_seed
        )
