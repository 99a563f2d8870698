"""How both plugins retry when the server stays unavailable, from the sandbox's request log."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise

import pytest

BUDGET_SECONDS = 4
WORKERS = 4
MOST_ATTEMPTS = 15
"""Delays are drawn below 0.25, 0.5, 1, 2, 4, 8, 15, 15 … seconds: that more of them than this fit
into the budget has a chance of one in a hundred millions. A storm has hundreds."""
MESSAGES = (
    {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}},
    *(
        {"type": "RECORD", "stream": "issues", "record": {"sourceId": f"{n}", "title": f"{n}"}}
        for n in range(200)
    ),
    {"type": "STATE", "value": {"bookmarks": {"issues": 1}}},
)
INPUT = b"".join(json.dumps(message).encode() + b"\n" for message in MESSAGES)


@pytest.fixture(params=["tap", "target"])
def storm(request, sandbox):
    """Return a function that runs a plugin, and returns how it ended and when it sent requests."""

    def run(workers=WORKERS):
        config = settings(sandbox, "token-a")
        stdin = b""
        if request.param == "target":
            config |= {"match_on": ["sourceId"], "batch_size_rows": 10, "concurrency": workers}
            stdin = INPUT
        ran = request.getfixturevalue(request.param)(config=config, stdin=stdin)
        assert ran.code == 1
        assert not [m for m in ran.messages if m.get("type") != "SCHEMA"], "nothing was done"
        assert "try again later" in ran.last_line
        return ran, [each.started for each in sandbox.requests]

    return run


def settings(sandbox, token) -> dict:
    return {
        "api_token": token,
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "retry_budget_seconds": BUDGET_SECONDS,
    }


def test_a_lasting_503_is_met_with_few_requests_and_ends_with_the_budget(sandbox, storm):
    sandbox.fault("status", status=503)
    ran, asked = storm()
    assert "503" in ran.last_line
    # The tap sends no other request before it knows the newest record.
    askers = WORKERS if ran.last_line.startswith("target") else 1
    assert 2 <= len(asked) <= askers * MOST_ATTEMPTS
    # The last attempt is made when the budget ends; no thread begins another one.
    assert BUDGET_SECONDS * 0.99 <= asked[-1] - asked[0] <= BUDGET_SECONDS * 4


def test_a_429_is_not_asked_about_before_its_retry_after(sandbox, storm):
    sandbox.fault("status", status=429, retry_after="2")
    ran, asked = storm(workers=1)
    assert "429" in ran.last_line
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert 1 <= len(waits) <= BUDGET_SECONDS / 2 + 1
    # The last request is made when the budget ends, which may be earlier.
    assert all(wait >= 1.99 for wait in waits[:-1]), waits
    assert sum(waits) >= BUDGET_SECONDS * 0.99


def test_runs_that_fail_together_do_not_come_back_together(sandbox, tap):
    sandbox.fault("status", status=503)
    runs = [
        tap.start(
            config=settings(sandbox, token),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for token in ("token-a", "token-b")
    ]
    assert [run.wait(60) for run in runs] == [1, 1]
    times = [
        [each.started for each in sandbox.requests if each.tenant == tenant]
        for tenant in ("alpha", "beta")
    ]
    delays = [[later - earlier for earlier, later in pairwise(each)] for each in times]
    # Full jitter: that five draws of each come so close has a chance of one in millions.
    assert any(abs(one - other) > 0.02 for one, other in zip(*delays, strict=False)), delays
