"""A sandbox answers over real HTTP."""

from __future__ import annotations

import requests


def test_a_created_issue_is_listed(sandbox):
    company = sandbox.tenant("token-a").insert("companies", {"name": "Tenet"})
    bearer = {"Authorization": "Bearer token-a"}
    item = {"title": "Broken", "companyIds": [company["_id"]]}
    created = requests.post(f"{sandbox.url}/issues", json=item, headers=bearer, timeout=5)
    assert created.status_code == 200
    listed = requests.get(f"{sandbox.url}/issues", headers=bearer, timeout=5)
    assert listed.json() == [created.json()]
    assert listed.headers["X-Planhat-Sandbox"]
