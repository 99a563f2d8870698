"""The dlt destination, with real dlt, into the sandbox."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from random import Random

import dlt
import pandas as pd
import planhat_destination
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from planhat_destination import planhat, rows_for

from planhat_sync import Planhat


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
    bad = row(2, company, archived="perhaps", custom={"At": datetime(2026, 1, 1)})  # noqa: DTZ001 - has no zone
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


TEXTS = ["", " ", "0012", "true", "null", "2024-01-01", "2024-01-01T00:00:00Z", "1e3", "\u2028😀"]
VALUES = [
    *(None, True, False, 0, -1, 2**53 + 1, 2**63 - 1, 0.1, -0.0, 1e300),
    *(Decimal("0.10"), Decimal("12345678901234567890.123456789")),
    *(date(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=timezone.utc)),
    *TEXTS,
]


def anything(random, depth=2):
    """Return any value that a custom field may have."""
    kind = random.randrange(5) if depth else 0
    if kind == 1:
        return {text: anything(random, depth - 1) for text in random.sample(TEXTS, 2)}
    if kind == 2:
        return [anything(random, depth - 1) for _ in range(2)]
    return math.nan if kind == 3 else random.choice(VALUES)


@pytest.mark.parametrize("seed", range(3))
def test_any_rows_arrive_as_they_do_without_dlt(load, sandbox, seed, tmp_path):
    random, given = Random(seed), []
    for alias in ("alpha", "beta"):
        sandbox.tenant(alias).insert("companies", {"name": "Acme", "externalId": "acme"})
    for number in range(300):
        row = {"sourceId": f"s{number % 200}", "title": random.choice(TEXTS)}
        row["companyIds"] = ["extid-acme"]
        row[random.choice(["description", "archived", "priority"])] = random.choice(VALUES)
        row["custom"] = {f"F{field}": anything(random) for field in random.sample(range(4), 2)}
        given.append(row)
    load(given, rejects_path=str(tmp_path / "rejects.jsonl"))
    with Planhat("token-b", api_url=sandbox.url) as direct:
        result = direct.write("issues", given, nan="absent", on_reject="continue")
    alpha, beta = (stored(sandbox.tenant(alias)) for alias in ("alpha", "beta"))
    assert len(beta) > 100
    assert alpha == beta
    lines = (tmp_path / "rejects.jsonl").read_text().splitlines()
    rejects = [(reject["row"]["sourceId"], reject["code"]) for reject in map(json.loads, lines)]
    assert rejects == [(reject.row["sourceId"], reject.code) for reject in result.rejects]
    assert rejects


def stored(tenant):
    """What each issue has, apart from ids and times."""
    leave = {"_id", "companyIds", "companies", "createdAt", "updatedAt"}
    found = issues(tenant).items()
    return {
        key: {name: repr(value) for name, value in issue.items() if name not in leave}
        for key, issue in found
    }
