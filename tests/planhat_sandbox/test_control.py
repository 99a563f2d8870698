"""The control routes, over HTTP."""

from __future__ import annotations

import pytest


def test_records_are_inserted_changed_and_deleted_bypassing_the_api(api):
    issue = api.control("POST", "records/alpha/issues", {"title": "a"})
    path = f"records/alpha/issues/{issue['_id']}"
    assert api.control("PATCH", path, {"title": "b"})["title"] == "b"
    assert [one["title"] for one in api.control("GET", "records/alpha/issues")] == ["b"]
    assert api.control("DELETE", path) == {"deleted": True}
    assert api.control("GET", "records/alpha/issues") == []
    history = api.control("GET", path.replace("records", "history"))
    assert [write["action"] for write in history] == ["create", "update", "delete"]
    assert {write["request"] for write in history} == {None}


def test_the_history_of_a_record_includes_writes_by_requests(api, company):
    (issue,) = api.bulk([{"title": "a", "companyIds": [company]}]).json()["upsertedIds"]
    api.call("PUT", f"issues/{issue}", {"title": "b"})
    history = api.control("GET", f"history/alpha/issues/{issue}")
    assert [(w["request"], w["action"], w["properties"]) for w in history] == [
        (1, "create", ["title", "companyIds"]),
        (2, "update", ["title"]),
    ]


def test_the_log_has_every_request_and_never_the_token(api, company):
    api.get("issues", limit=5)
    api.bulk([{"title": "a", "companyIds": [company]}, {"title": "bad"}])
    api.call("GET", "nowhere")
    first, second, third = api.control("GET", "requests")
    assert (first["method"], first["path"], first["query"]) == ("GET", "/issues", {"limit": "5"})
    assert (first["tenant"], first["model"], first["route"]) == ("alpha", "issues", "list")
    assert (second["route"], second["status"], second["items"]) == ("bulk", 206, 2)
    assert (third["status"], third["route"]) == (404, None)
    second_in_full = api.control("GET", "requests/2")
    assert second_in_full["body"].startswith('[{"title"')
    assert "authorization" not in second_in_full["headers"]
    assert api.control("GET", "requests", after=2) == [third]
    assert "token-a" not in api.call("GET", "_sandbox/requests").text


def test_faults_are_switched_on_and_off(api):
    added = api.control("POST", "faults", {"name": "status", "status": 429, "times": 1})
    assert (added["options"]["status"], added["times"], added["fired"]) == (429, 1, 0)
    assert api.call("GET", "issues").status_code == 429
    assert api.control("GET", "faults")[0]["fired"] == 1
    api.control("POST", "faults", {"name": "slow", "options": {"seconds": 0}})
    api.control("DELETE", "faults", name="status")
    assert [one["name"] for one in api.control("GET", "faults")] == ["slow"]
    api.control("DELETE", "faults")
    assert api.control("GET", "faults") == []


def test_behaviours_are_changed(api):
    api.control("POST", "behaviours", {"tenant": "beta", "custom": "replace"})
    api.control("POST", "behaviours", {"gzip": True})
    now = api.control("GET", "behaviours")
    assert [now[alias]["custom"] for alias in ("alpha", "beta")] == ["merge", "replace"]
    assert now["alpha"]["gzip"] is True


def test_a_tenant_is_filled_and_reset(api):
    api.control("POST", "seed", {"tenant": "alpha", "issues": 5, "objectives": 2})
    alpha, beta = api.control("GET", "tenants")
    assert (alpha["alias"], alpha["models"]["issues"], alpha["models"]["objectives"]) == (
        "alpha",
        5,
        2,
    )
    assert beta["models"]["issues"] == 0
    api.control("POST", "faults", {"name": "status"})
    api.control("POST", "behaviours", {"default_limit": 1})
    api.control("POST", "reset")
    assert api.control("GET", "tenants")[0]["models"]["issues"] == 0
    assert api.control("GET", "requests") == []
    assert api.control("GET", "behaviours")["alpha"]["default_limit"] == 0
    assert api.get("issues") == []


def test_connections_can_be_refused(api):
    api.control("POST", "refuse", {"seconds": 1.5})
    ends = set()
    while "refused" not in ends:
        ends.add(api.raw().end)
    while api.raw().end != "closed":
        pass


def test_control_needs_no_token(sandbox, api):
    api.session.headers.pop("Authorization")
    assert api.control("GET", "health") == {"ok": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "unheard-of", None, 404),
        ("GET", "records/alpha", None, 404),
        ("GET", "records/nobody/issues", None, 404),
        ("GET", "records/alpha/unknown", None, 404),
        ("PATCH", "records/alpha/issues/none", {"title": "x"}, 404),
        ("PATCH", "records/alpha/issues", {"title": "x"}, 404),
        ("POST", "faults", {"name": "earthquake"}, 400),
        ("POST", "faults", {}, 400),
        ("POST", "faults", [], 400),
        ("POST", "behaviours", {"weather": 1}, 400),
        ("POST", "seed", {"tenant": "alpha", "unknown": 1}, 400),
        ("POST", "seed", {"tenant": "nobody"}, 404),
        ("GET", "requests/9", None, 404),
        ("GET", "requests/x", None, 400),
    ],
)
def test_an_invalid_control_request_gets_a_message(api, method, path, body, status):
    answer = api.call(method, f"_sandbox/{path}", body)
    assert answer.status_code == status
    assert len(answer.json()["message"]) > 10
