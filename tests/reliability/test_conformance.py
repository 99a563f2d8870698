"""Both plugins pass the conformance kit that others can run on theirs."""

from __future__ import annotations

import json
import sys

import pytest
from singer_conformance import TapConformance, TapUnderTest, TargetConformance, TargetUnderTest

from planhat_sandbox import seed_tenant
from reliability.kills import NO_LOOKBACK


@pytest.fixture
def conformance_instants() -> int:
    return 2


def settings_file(folder, sandbox, token, **more):
    path = folder / f"{token}.json"
    config = {"api_token": token, "api_url": sandbox.url, "requests_per_minute": 0, **more}
    path.write_text(json.dumps(config))
    return str(path)


class TestTapPlanhat(TapConformance):
    @pytest.fixture
    def tap(self, sandbox, tmp_path):
        alpha = sandbox.tenant("alpha")
        seed_tenant(alpha, issues=600, objectives=60, seed=1)
        config = settings_file(tmp_path, sandbox, "token-a", page_size=100, **NO_LOOKBACK)
        return TapUnderTest(
            command=[sys.executable, "-m", "tap_planhat", "--config", config],
            expected=lambda: {
                (model, record["_id"])
                for model in ("issues", "objectives")
                for record in alpha.records(model)
            },
            key=lambda stream, record: (stream, record["_id"]),
        )


class TestTargetPlanhat(TargetConformance):
    @pytest.fixture
    def target(self, sandbox, tmp_path):
        alpha = sandbox.tenant("alpha")
        company = alpha.insert("companies", {"name": "A company"})["_id"]
        config = settings_file(tmp_path, sandbox, "token-a", batch_size_rows=70)

        def reset() -> None:
            for record in alpha.records("issues"):
                alpha.delete("issues", record["_id"])

        return TargetUnderTest(
            command=[sys.executable, "-m", "target_planhat", "--config", config],
            stream="issues",
            schema={"type": "object", "properties": {"sourceId": {"type": "string"}}},
            key_properties=["sourceId"],
            record=lambda n: {"sourceId": str(n), "title": f"{n}", "companyIds": [company]},
            stored=lambda: [int(record["sourceId"]) for record in alpha.records("issues")],
            reset=reset,
            records=630,
            state_every=20,
        )
