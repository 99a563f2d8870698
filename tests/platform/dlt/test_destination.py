"""The dlt destination, with real dlt, into the sandbox."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import dlt
import pandas as pd
import planhat_destination
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from planhat_destination import planhat, rows_for


@pytest.fixture
def load(sandbox, tmp_path):
    """``load(rows)``: one run of a pipeline that writes rows to a model."""

    connection = {"api_token": "token-a", "api_url": sandbox.url}

    def run(rows, model="issues", **arguments):
        destination = planhat(**connection, **arguments)
        pipeline = dlt.pipeline("out", destination=destination, pipelines_dir=str(tmp_path))
        resource = dlt.resource(rows, name="tickets")
        return pipeline.run(rows_for(model, resource) if rows else None)

    return run


def issues(tenant):
    return {issue["sourceId"]: issue for issue in tenant.records("issues")}


def row(number, company, **fields):
    return {"sourceId": f"s{number}", "title": f"t{number}", "companyIds": [company], **fields}


def test_rows_arrive_as_they_are(load, tenant, company):
    """dlt alone would send a date for the first title, and drop 1.5 and the null."""
    due = datetime(2026, 12, 1, 9, 30, tzinfo=timezone.utc)
    load(
        [
            row(1, company, title="2024-01-01T00:00:00Z", description="gone", custom={"Size": 1}),
            row("0012", company, title="7", custom={"Size": 1.5, "Due": due, "Team": None}),
            row(3, company, custom={"Size": Decimal("0.10"), "Tags": ["a", None]}),
            row(1, company, title="2024-01-01", description=None),
        ]
    )
    found = issues(tenant)
    assert set(found) == {"s1", "s0012", "s3"}
    assert found["s1"]["title"] == "2024-01-01"
    assert found["s1"]["description"] is None
    assert found["s1"]["custom"] == {"Size": 1}
    assert found["s0012"]["title"] == "7"
    text = "2026-12-01T09:30:00.000Z"
    assert found["s0012"]["custom"] == {"Size": 1.5, "Due": text, "Team": None}
    assert found["s3"]["custom"] == {"Size": 0.1, "Tags": ["a", None]}


def test_rows_that_are_loaded_again_double_nothing(load, tenant, company):
    load([row(number, company) for number in range(20)])
    load([row(number, company, title="again") for number in range(10, 30)])
    found = tenant.records("issues")
    assert len(found) == 30
    assert sum(issue["title"] == "again" for issue in found) == 20


def test_what_a_frame_lacks_changes_nothing(load, tenant, company):
    load([row(1, company, description="kept", custom={"Size": 1})])
    frame = pd.DataFrame([row(1, company), row(2, company, description="there")])
    frame["custom"] = [{"Size": math.nan}, {}]
    frame["createdAt"] = pd.NaT
    load(frame.to_dict("records"))
    assert issues(tenant)["s1"]["description"] == "kept"
    assert issues(tenant)["s1"]["custom"] == {"Size": 1}


def test_a_load_that_fails_is_repeated_and_loses_and_doubles_nothing(
    load, sandbox, tenant, company
):
    sandbox.fault("status", route="bulk", status=401, nth=3)
    with pytest.raises(PipelineStepFailed, match="401"):
        load([row(number, company) for number in range(10)], batch_size=4)
    assert len(tenant.records("issues")) == 8
    sandbox.faults.clear()
    before = len(sandbox.requests)
    load(None, batch_size=4)
    assert set(issues(tenant)) == {f"s{number}" for number in range(10)}
    assert len(tenant.records("issues")) == 10
    assert [r.items for r in sandbox.requests[before:] if r.route == "bulk"] == [2]


LOAD = """
import sys, dlt
from planhat_destination import planhat, rows_for
url, folder, company = sys.argv[1:]
rows = [{"sourceId": f"s{n}", "title": f"t{n}", "companyIds": [company]} for n in range(10)]
destination = planhat(api_token="token-a", api_url=url, batch_size=4)
pipeline = dlt.pipeline("out", destination=destination, pipelines_dir=folder)
pipeline.run(rows_for("issues", dlt.resource(rows, name="tickets")))
"""


def test_a_load_that_is_killed_is_continued_and_loses_and_doubles_nothing(
    load, sandbox, tenant, company, monkeypatch, tmp_path
):
    monkeypatch.setenv("PYTHONPATH", str(Path(planhat_destination.__file__).parent))
    process = subprocess.Popen([sys.executable, "-c", LOAD, sandbox.url, str(tmp_path), company])

    def kill_behind_the_second(request):
        if request.route == "bulk" and len(tenant.records("issues")) == 8:
            process.kill()
            process.wait()

    sandbox.after_each_request.append(kill_behind_the_second)
    assert process.wait(60) == -signal.SIGKILL
    sandbox.after_each_request.clear()
    before = len(sandbox.requests)
    load(None, batch_size=4)
    assert [issue["sourceId"] for issue in tenant.records("issues")] == [f"s{n}" for n in range(10)]
    sent = [request.items for request in sandbox.requests[before:] if request.route == "bulk"]
    assert sent == [4, 2], "the batch whose answer was lost, and the last one"


def test_a_rejected_row_fails_the_load_after_the_rows_before_it(load, tenant, company):
    with pytest.raises(PipelineStepFailed, match=r"rows\[1\]: wrong_type"):
        load([row(1, company), row(2, company, archived="perhaps"), row(3, company)])
    assert set(issues(tenant)) == {"s1"}


def test_the_load_goes_on_once_there_is_a_file_for_rejected_rows(load, tenant, company, tmp_path):
    rejects = tmp_path / "rejects.jsonl"
    bad = row(2, company, archived="perhaps", custom={"At": datetime(2026, 1, 1)})  # noqa: DTZ001
    with pytest.raises(PipelineStepFailed):
        load([row(1, company), bad, row(3, company)])
    load(None, rejects_path=str(rejects))
    assert set(issues(tenant)) == {"s1", "s3"}
    (line,) = rejects.read_text().splitlines()
    rejected = json.loads(line)
    assert rejected["model"] == "issues"
    assert rejected["code"] == "wrong_type"
    assert "archived" in rejected["message"]
    assert rejected["row"]["sourceId"] == "s2"

    rejected["row"]["archived"] = True
    load([rejected["row"]])
    assert set(issues(tenant)) == {"s1", "s2", "s3"}


def test_match_on_says_what_identifies_a_row(load, tenant):
    made = tenant.insert("companies", {"name": "Old", "externalId": "e1", "sourceId": "s1"})
    load([{"externalId": "e1", "name": "New"}], "companies", match_on=["externalId"])
    assert tenant.get("companies", made["_id"])["name"] == "New"
    with pytest.raises(PipelineStepFailed, match="missing_key"):
        load([{"sourceId": "s1", "name": "Newer"}], "companies", match_on=["externalId"])
    assert [company["name"] for company in tenant.records("companies")] == ["New"]


def test_what_is_wrong_is_one_sentence_and_shows_no_token(load, company):
    with pytest.raises(PipelineStepFailed) as failed:
        load([row(1, company)], match_on=["sourceID"])
    assert "match_on: issues have no keyable" in str(failed.value)
    assert "token-a" not in str(failed.value)
