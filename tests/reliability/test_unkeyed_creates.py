"""A record without a keyable is never sent a second time once Planhat may have it."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import redirect_stdout, suppress

import msgspec
import pytest

from planhat_sync.errors import PlanhatError
from reliability.faults import TABLE
from target_planhat.target import TargetPlanhat

SURELY_NOT_DONE = {425, 429}
ROWS = [row for row in TABLE if row.writing and row.name != "huge answer"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_unkeyed_create_is_never_sent_twice(sandbox, tmp_path, row):
    alpha = sandbox.tenant("alpha")
    company = alpha.insert("companies", {"name": "A company"})["_id"]
    options = {**row.options}
    if "seconds" in options:
        options["seconds"] = min(options["seconds"], 1.3)
    sandbox.fault(row.fault, **options)
    titles = [f"without a key {n:02d}!" for n in range(12)]
    messages = [
        {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}},
        *(
            {"type": "RECORD", "stream": "issues", "record": {"title": t, "companyIds": [company]}}
            for t in titles
        ),
    ]
    target = TargetPlanhat(
        config={
            "api_token": "token-a",
            "api_url": sandbox.url,
            "requests_per_minute": 0,
            "request_timeout_seconds": 1,
            "retry_budget_seconds": 2,
            "missing_key": "create",
            "on_reject": "continue",
            "rejects_path": str(tmp_path / "rejects.jsonl"),
            "batch_size_rows": 3,
        }
    )
    with redirect_stdout(io.StringIO()), suppress(PlanhatError):
        target.listen(io.BytesIO(b"\n".join(msgspec.json.encode(m) for m in messages)))
    sandbox.faults.clear()
    sandbox.settle()
    sent = Counter(
        title
        for request in sandbox.requests
        if request.method in ("POST", "PUT") and request.status not in SURELY_NOT_DONE
        for title in titles
        if title.encode() in request.body
    )
    assert not [title for title, times in sent.items() if times > 1]
    stored = Counter(record["title"] for record in alpha.records("issues"))
    assert not [title for title, times in stored.items() if times > 1]
    # Nothing is lost without a word either: it is there, or rejected, or has no outcome yet.
    total = target.run.pipeline.counts.total
    assert total.created <= len(stored)
