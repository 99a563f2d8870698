"""Values of custom fields against Planhat's types, when asked for."""

from __future__ import annotations

import json

import pytest

COMPANY = "61006bc89a3e0b702ed8ea49"


@pytest.fixture
def config(sandbox, tmp_path):
    tenant = sandbox.tenant("token-b")
    tenant.insert("companies", {"_id": COMPANY, "name": "Tenet"})
    field = {"name": "Severity", "type": "number", "parent": "Issue", "isHidden": False}
    tenant.insert("customfields", field)
    return {
        "api_token": "token-b",
        "api_url": sandbox.url,
        "match_on": ["sourceId"],
        "check_custom_fields": True,
        "on_reject": "continue",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
    }


def messages(*customs) -> str:
    schema = {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}
    lines = [{**schema, "key_properties": []}]
    for n, custom in enumerate(customs):
        record = {"sourceId": f"s-{n}", "title": "t", "companyIds": [COMPANY], "custom": custom}
        lines.append({"type": "RECORD", "stream": "issues", "record": record})
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_value_that_does_not_fit_is_rejected_with_its_label(target, config, sandbox, tmp_path):
    run = target(config=config, stdin=messages({"Severity": "high"}, {"Severity": 2.5}))
    assert run.code == 0, run.stderr
    assert [r["sourceId"] for r in sandbox.tenant("token-b").records("issues")] == ["s-1"]
    lines = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    (reject,) = [line["reject"] for line in lines if line["type"] == "RECORD"]
    assert reject["property"] == "custom.Severity"
    assert "must be a number or null" in reject["message"]


def test_a_label_that_planhat_does_not_know_is_sent(target, config, sandbox):
    run = target(config=config, stdin=messages({"New": "x"}, {"Severity": None}, None))
    assert run.code == 0, run.stderr
    customs = [r.get("custom") for r in sandbox.tenant("token-b").records("issues")]
    assert customs == [{"New": "x"}, {"Severity": None}, None]


def test_by_default_any_value_is_sent_and_planhat_is_not_asked_for_types(target, config, sandbox):
    run = target(
        config={**config, "check_custom_fields": False}, stdin=messages({"Severity": "high"})
    )
    assert run.code == 0, run.stderr
    assert [r["custom"] for r in sandbox.tenant("token-b").records("issues")] == [
        {"Severity": "high"}
    ]
    assert {request.model for request in sandbox.requests} == {"issues"}
