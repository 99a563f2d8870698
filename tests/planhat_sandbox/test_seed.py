"""Demo data: the same for the same seed, of every kind, shared where a copy needs it."""

from __future__ import annotations

import json

from planhat_sandbox import Sandbox, seed_tenant


def filled(seed=1, **how):
    with Sandbox(clock=lambda: 0.0) as sandbox:
        tenant = sandbox.tenant("alpha")
        seed_tenant(tenant, issues=60, objectives=30, seed=seed, **how)
        return {model: tenant.records(model) for model in tenant.models}


def test_one_seed_gives_one_world():
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


def test_two_tenants_may_also_share_nothing(sandbox):
    ids = []
    for tenant in sandbox.tenants:
        seed_tenant(tenant, issues=0, objectives=0, shared_ids=False)
        ids.append({record["_id"] for record in tenant.records("companies")})
    assert not ids[0] & ids[1]


def test_the_data_is_of_every_kind():
    world = filled()
    custom = [value for issue in world["issues"] for value in issue["custom"].values()]
    assert {type(value) for value in custom} == {int, float, bool, list, type(None), str}
    assert not json.dumps(world["issues"], ensure_ascii=False).isascii()
    assert {issue["archived"] for issue in world["issues"]} == {True, False}
    assert {len(issue["companies"]) for issue in world["issues"]} == {1, 2, 3}
    objectives = world["objectives"]
    assert {"externalId" in objective for objective in objectives} == {True, False}
    assert {type(objective["health"]) for objective in objectives} == {int, float}
    for model in ("issues", "objectives"):
        sources = [record["sourceId"] for record in world[model]]
        assert len(set(sources)) == len(sources)
