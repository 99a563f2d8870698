"""Which requests a fault meets, and how often."""

from __future__ import annotations

import pytest

from planhat_sandbox import Sandbox


def statuses(api, count=10, path="issues"):
    return [api.call("GET", path).status_code for _ in range(count)]


@pytest.mark.parametrize(
    ("when", "met"),
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
def test_a_fault_meets_the_requests_it_was_meant_for(api, when, met):
    fault = api.sandbox.fault("status", status=500, **when)
    got = statuses(api)
    assert [place for place, status in enumerate(got) if status == 500] == list(met)
    assert (fault.seen >= fault.fired, fault.fired) == (True, len(met))


def test_chance_is_the_same_for_the_same_seed():
    drawn = []
    for seed in (1, 1, 2):
        with Sandbox(seed=seed) as sandbox:
            fault = sandbox.fault("status", probability=0.5)
            drawn.append([fault.random.random() for _ in range(8)])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_fault_keeps_to_its_place(api, company):
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


def test_faults_add_up_in_the_order_they_were_switched_on(api):
    for number in range(3):
        api.tenant.insert("issues", {"title": str(number)})
    api.sandbox.fault("short-page", rows=2)
    api.sandbox.fault("rows-without-id")
    assert [set(row) for row in api.get("issues", select="title")] == [{"title"}] * 2
    assert api.sandbox.requests[-1].faults == ["short-page", "rows-without-id"]


def test_a_fault_can_be_switched_off_again(api):
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
    ("asked", "said"),
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
def test_what_cannot_be_asked_for_is_said_at_once(sandbox, asked, said):
    with pytest.raises(ValueError, match=said):
        sandbox.fault(**asked)


def test_a_watcher_may_change_things_between_two_requests(api):
    def insert(entry):
        api.tenant.insert("issues", {"title": f"before {entry.number}"})

    api.sandbox.before_each_request.append(insert)
    assert len(api.get("issues")) == 1
    assert len(api.get("issues")) == 2


def test_a_watcher_after_the_work_sees_it_done(api, company):
    seen = []
    api.sandbox.after_each_request.append(
        lambda entry: seen.append((entry.route, len(api.tenant.records("issues"))))
    )
    api.bulk([{"title": "t", "companyIds": [company]}])
    assert seen == [("bulk", 1)]
