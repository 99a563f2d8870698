"""A record that is deleted in one tenant is deleted in another, which knows it by its sourceId."""

from __future__ import annotations

import json

from strangers import program

MAPPINGS = [
    {
        "stream": "issues",
        "model": "issues",
        "set": {"sourceId": "_id", "title": "title", "companyIds": "companyIds"},
    }
]


def test_a_deletion_reaches_another_tenant(tenants, connection, written, pipe, tmp_path):
    alpha, beta = tenants.tenant("token-a"), tenants.tenant("token-b")
    state = tmp_path / "state.json"
    state.write_text("{}")
    detecting = {"detect_deletes": True, "detect_deletes_hours": 0}
    target = {"mappings": MAPPINGS, "match_on": ["sourceId"], "deletes": "delete"}

    def copy() -> None:
        tap = written("tap", **connection("token-a"), **detecting)
        ends = pipe(
            [program("tap-planhat"), "--config", tap, "--state", str(state)],
            [
                program("target-planhat"),
                "--config",
                written("target", **connection("token-b"), **target),
            ],
        )
        state.write_text(json.dumps(ends.state))

    copy()
    by_source = {record["sourceId"] for record in beta.records("issues")}
    ids = [record["_id"] for record in alpha.records("issues")]
    assert by_source == set(ids)
    mine = beta.insert("issues", {"title": "made here"})["_id"]
    for identifier in ids[20:25]:
        alpha.delete("issues", identifier)
    copy()
    left = beta.records("issues")
    assert {record.get("sourceId") for record in left} == {*ids[:20], *ids[25:], None}
    assert mine in {record["_id"] for record in left}
