"""For which requests a fault fires, and how often."""

from __future__ import annotations

import pytest

from planhat_sandbox import Sandbox


def statuses(api, count=10, path="issues"):
    return [api.call("GET", path).status_code for _ in range(count)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, range(10)),
        ({"nth": 3}, [2]),
        ({"every": 4}, [3, 7]),
        ({"times": 2}, [0, 1]),
        ({"every": 3, "times": 2}, [2, 5]),
        ({"nth": 2, "burst": 3}, [1, 2, 3]),
        ({"every": 5, "burst": 2}, [4, 5, 9]),
        ({"probability": 0.0}, []),
        ({"probability": 1.0}, range(10)),
    ],
)
def test_a_fault_fires_by_its_schedule(api, when, expected):
    fault = api.sandbox.fault("status", status=500, **when)
    got = statuses(api)
    assert [place for place, status in enumerate(got) if status == 500] == list(expected)
    assert (fault.seen >= fault.fired, fault.fired) == (True, len(expected))


def test_the_same_seed_makes_the_same_random_numbers():
    drawn = []
    for seed in (1, 1, 2):
        with Sandbox(seed=seed) as sandbox:
            fault = sandbox.fault("status", probability=0.5)
            drawn.append([fault.random.random() for _ in range(8)])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_fault_fires_for_matching_requests_only(api, company):
    for place in (
        {"method": "PUT"},
        {"model": "objectives"},
        {"route": "get"},
        {"tenant": "beta"},
        {"tenant": "token-b"},
    ):
        api.sandbox.faults.clear()
        fault = api.sandbox.fault("status", status=500, **place)
        assert statuses(api, 2) == [200, 200], place
        assert fault.seen == 0


def test_faults_combine_in_the_order_they_were_added(api):
    for number in range(3):
        api.tenant.insert("issues", {"title": str(number)})
    api.sandbox.fault("short-page", rows=2)
    api.sandbox.fault("rows-without-id")
    assert [set(row) for row in api.get("issues", select="title")] == [{"title"}] * 2
    assert api.sandbox.requests[-1].faults == ["short-page", "rows-without-id"]


def test_a_fault_can_be_switched_off(api):
    fault = api.sandbox.fault("status")
    other = api.sandbox.fault("slow", seconds=0.0)
    api.sandbox.faults.remove(fault)
    assert statuses(api, 1) == [200]
    assert api.sandbox.faults.snapshot() == [other]
    api.sandbox.faults.clear("status")
    assert api.sandbox.faults.snapshot() == [other]
    api.sandbox.faults.clear("slow")
    assert api.sandbox.faults.snapshot() == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "earthquake"}, "no fault is called"),
        ({"name": "slow", "second": 1}, "has no option 'second'"),
        ({"name": "slow", "seconds": "long"}, "seconds must be a number"),
        ({"name": "slow", "every": "often"}, "every must be a number"),
        ({"name": "behave", "weather": "fine"}, "no behaviour is called"),
        ({"name": "body", "kind": "poem"}, "kind takes one of"),
        ({"name": "slow", "route": "scenic"}, "route takes one of"),
    ],
)
def test_an_invalid_fault_is_an_error(sandbox, values, message):
    with pytest.raises(ValueError, match=message):
        sandbox.fault(**values)


def test_a_watcher_can_change_records_before_a_request(api):
    def insert(entry):
        api.tenant.insert("issues", {"title": f"before {entry.number}"})

    api.sandbox.before_each_request.append(insert)
    assert len(api.get("issues")) == 1
    assert len(api.get("issues")) == 2


def test_a_watcher_after_a_request_sees_its_result(api, company):
    seen = []
    api.sandbox.after_each_request.append(
        lambda entry: seen.append((entry.route, len(api.tenant.records("issues"))))
    )
    api.bulk([{"title": "t", "companyIds": [company]}])
    assert seen == [("bulk", 1)]
