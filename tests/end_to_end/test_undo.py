"""docs/real-account.md, "Undo": what a run changed is set back from a file that the tap wrote."""

from __future__ import annotations

import pytest

from planhat_sandbox import Sandbox, seed_tenant

UNDO = {"match_on": ["_id"], "write_mode": "update", "skip_unchanged": True}


@pytest.fixture
def account():
    """A tenant with issues that have no sourceId too, as made by hand in Planhat."""
    with Sandbox({"token-a": "trial"}) as sandbox:
        tenant = sandbox.tenant("token-a")
        seed_tenant(tenant, issues=30, objectives=5)
        company = tenant.records("companies")[0]["_id"]
        for number in range(3):
            tenant.insert("issues", {"title": f"By hand {number}", "companyIds": [company]})
        yield sandbox


def content(sandbox, model):
    """Every property that somebody may write, by `_id`."""
    own = {"updatedAt", "createdAt", "__v"}
    return {
        record["_id"]: {name: value for name, value in record.items() if name not in own}
        for record in sandbox.tenant("token-a").records(model)
    }


def test_what_was_changed_is_set_back_and_what_was_deleted_or_created_stays(account, tap, target):
    config = {"api_token": "token-a", "api_url": account.url, "requests_per_minute": 0}
    before = tap(config=config).stdout
    issues, objectives = content(account, "issues"), content(account, "objectives")
    tenant = account.tenant("token-a")
    changed, deleted = list(issues)[::10], list(issues)[5]
    for identifier in changed:
        tenant.update("issues", identifier, {"title": "Wrong", "status": "Wrong"})
        issues[identifier].setdefault("status", "Wrong")  # the file has no value to set it back to
    tenant.update("objectives", next(iter(objectives)), {"health": 0.01})
    tenant.delete("issues", deleted)
    created = tenant.insert("issues", {"title": "Later", "sourceId": "later"})["_id"]

    undo = target(config=config | UNDO, stdin=before)

    assert undo.code == 0, undo.stderr
    assert content(account, "objectives") == objectives
    now = content(account, "issues")
    assert now.pop(created)["title"] == "Later"
    assert now == {key: issue for key, issue in issues.items() if key != deleted}
    (sent,) = [each for each in account.requests if each.route == "bulk" and each.model == "issues"]
    assert sent.items == len(changed)
