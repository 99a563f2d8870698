"""The API that the contract tests use: a sandbox, or with ``--live`` a real tenant.

Live tests create records of their own, marked with a random word, and delete them at the end.
"""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

import pytest
import requests

from planhat_sandbox import Sandbox

# About 200 requests a minute are meant for one tenant (fact rate-limit-soft).
LIVE_SECONDS_BETWEEN_REQUESTS = 0.35


class Planhat:
    """One tenant, over HTTP; everything created through it is deleted at the end."""

    def __init__(self, url: str, token: str, sandbox: Sandbox | None) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.sandbox = sandbox
        self.word = f"contract-{uuid.uuid4().hex[:12]}"
        self._session = requests.Session()
        self._created: list[tuple[str, str]] = []
        self._keeps = False

    def skip_live(self, reason: str) -> Sandbox:
        """Return the sandbox; skip the test where there is none."""
        if self.sandbox is None:
            pytest.skip(f"not checked live: {reason}")
        self._keeps = True  # what such a test creates goes with the sandbox
        return self.sandbox

    def call(self, method: str, path: str, *, auth: Any = None, **how: Any) -> requests.Response:
        if self.sandbox is None:
            time.sleep(LIVE_SECONDS_BETWEEN_REQUESTS)
        headers = how.pop("headers", {})
        if auth is None:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        answer = self._session.request(
            method,
            f"{self.url}/{path}",
            auth=auth,
            headers=headers,
            timeout=60,
            allow_redirects=False,
            **how,
        )
        self._remember(method, path, answer)
        return answer

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, model: str, **item: Any) -> dict[str, Any]:
        """Create a record and return the answer."""
        answer = self.call("POST", model, json=item)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def company(self, **item: Any) -> dict[str, Any]:
        return self.create("companies", **{"name": f"Tenet {self.word}", **item})

    def issue(self, company: dict[str, Any], **item: Any) -> dict[str, Any]:
        item = {"title": f"Issue {self.word}", **item}
        return self.create("issues", companyIds=[company["_id"]], **item)

    def bulk(self, model: str, items: Any) -> requests.Response:
        return self.call("PUT", model, json=items)

    def _remember(self, method: str, path: str, answer: requests.Response) -> None:
        """Note what was created; a refusal of some items may have created others."""
        if method not in {"POST", "PUT"} or "/" in path:
            return
        try:
            body = answer.json()
        except ValueError:
            return
        if isinstance(body, dict):
            keys = [body] if method == "POST" else body.get("insertsKeys", [])
            self._created += [(path, key["_id"]) for key in keys if "_id" in key]

    def clean(self) -> None:
        for model, identifier in () if self._keeps else reversed(self._created):
            self.call("DELETE", f"{model}/{identifier}")
        self._session.close()


@pytest.fixture
def planhat(request):
    """A sandbox's tenant; with ``--live`` the one that PLANHAT_API_TOKEN belongs to."""
    if not request.config.getoption("--live"):
        with Sandbox({"contract-token": "contract"}) as sandbox:
            tenant = Planhat(sandbox.url, "contract-token", sandbox)
            yield tenant
            tenant.clean()
        return
    token = os.environ.get("PLANHAT_API_TOKEN")
    if not token:
        pytest.fail("--live needs PLANHAT_API_TOKEN in the environment", pytrace=False)
    live = Planhat(os.environ.get("PLANHAT_API_URL", "https://api.planhat.com"), token, None)
    yield live
    live.clean()
