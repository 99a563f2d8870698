"""A refusal that an earlier attempt of the same request caused is not a reject."""

from __future__ import annotations

import json

COMPANY = "61006bc89a3e0b702ed8ea49"


def messages(count: int) -> str:
    schema = {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}
    lines = [{**schema, "key_properties": []}]
    for n in range(count):
        record = {"sourceId": f"s-{n}", "title": "t", "companyIds": [COMPANY]}
        lines.append({"type": "RECORD", "stream": "issues", "record": record})
    return "".join(json.dumps(line) + "\n" for line in lines)


def config(sandbox) -> dict:
    return {"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}


def test_what_is_refused_after_a_lost_answer_is_sent_once_more(target, sandbox):
    tenant = sandbox.tenant("token-b")
    tenant.insert("companies", {"_id": COMPANY, "name": "Tenet"})
    sandbox.fault("reset-after", route="bulk", nth=1)
    sandbox.fault("behave", route="bulk", nth=2, refused_marker="s-1", error_entries="keyables")
    run = target(config=config(sandbox), stdin=messages(3))
    assert run.code == 0, run.stderr
    assert [r["sourceId"] for r in tenant.records("issues")] == ["s-0", "s-1", "s-2"]


def test_what_is_refused_again_is_a_reject(target, sandbox):
    tenant = sandbox.tenant("token-b")
    tenant.insert("companies", {"_id": COMPANY, "name": "Tenet"})
    sandbox.fault("reset-after", route="bulk", nth=1)
    sandbox.behave("token-b", refused_marker="s-1", error_entries="keyables")
    run = target(config=config(sandbox), stdin=messages(3))
    assert run.code == 1
    assert "s-1" not in {r["sourceId"] for r in tenant.records("issues")}
