"""Demo data: the same for the same seed, with every type of value."""

from __future__ import annotations

import json

import pytest

from planhat_sandbox import Sandbox, seed_tenant
from planhat_sandbox.planhat.models import MODELS


def filled(seed=1, **how):
    with Sandbox(clock=lambda: 0.0) as sandbox:
        tenant = sandbox.tenant("alpha")
        seed_tenant(tenant, issues=60, objectives=30, seed=seed, **how)
        return {model: tenant.records(model) for model in tenant.models}


def test_the_same_seed_makes_the_same_data():
    assert filled() == filled()
    assert filled(seed=2)["issues"] != filled()["issues"]


def test_two_tenants_share_companies_and_endusers(sandbox):
    for tenant in sandbox.tenants:
        seed_tenant(tenant, issues=3, objectives=0)
    alpha, beta = sandbox.tenants
    for model in ("companies", "endusers"):
        ids = [{record["_id"] for record in tenant.records(model)} for tenant in (alpha, beta)]
        assert ids[0] == ids[1]
    assert alpha.records("issues")[0]["companies"] == beta.records("issues")[0]["companies"]
    assert alpha.records("issues")[0]["_id"] != beta.records("issues")[0]["_id"]


def test_two_tenants_can_have_different_ids(sandbox):
    ids = []
    for tenant in sandbox.tenants:
        seed_tenant(tenant, issues=0, objectives=0, shared_ids=False)
        ids.append({record["_id"] for record in tenant.records("companies")})
    assert not ids[0] & ids[1]


def test_the_data_has_every_type_of_value():
    records = filled()
    custom = [value for issue in records["issues"] for value in issue["custom"].values()]
    assert {type(value) for value in custom} == {int, float, bool, list, type(None), str}
    assert not json.dumps(records["issues"], ensure_ascii=False).isascii()
    assert {issue["archived"] for issue in records["issues"]} == {True, False}
    assert {len(issue["companies"]) for issue in records["issues"]} == {1, 2, 3}
    objectives = records["objectives"]
    assert {"externalId" in objective for objective in objectives} == {True, False}
    assert {type(objective["health"]) for objective in objectives} == {int, float}
    for model in ("issues", "objectives"):
        sources = [record["sourceId"] for record in records[model]]
        assert len(set(sources)) == len(sources)


def test_one_amount_fills_every_other_model(sandbox):
    tenant = sandbox.tenants[0]
    made = seed_tenant(tenant, issues=2, objectives=2, others=12, invoices=3)
    counts = tenant.counts()
    assert counts["invoices"] == made["invoices"] == 3
    assert counts["conversations"] == 24  # with the notes
    assert all(counts.values())
    for model in MODELS:
        found = [record.keys() for record in tenant.records(model.name)]
        assert set(model.required) - {"sourceId"} <= set.intersection(*map(set, found))


def test_other_models_do_not_change_issues():
    assert filled(others=5)["objectives"][0]["name"] == filled()["objectives"][0]["name"]


def test_there_is_no_demo_data_for_an_unknown_model(sandbox):
    with pytest.raises(ValueError, match="no demo data for cows"):
        seed_tenant(sandbox.tenants[0], issues=0, objectives=0, cows=3)
