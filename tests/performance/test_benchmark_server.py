"""The server of the benchmarks limits requests, and counts what was read and written."""

import json
import subprocess
import time

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.commands import Job
from benchmarks.lines import lines
from benchmarks.quota import BURST, Quota
from benchmarks.rounds import counts_of, items_of, server
from benchmarks.subjects import OUR_TAP
from benchmarks.tenant import Tenant
from planhat_sync.api.http.rate_limit import TokenBucket


@pytest.fixture(scope="module")
def url():
    with server() as address:
        yield address


def put(url, tenant, numbers):
    headers = {"Authorization": f"Bearer {tenant.token}"}
    items = [{"sourceId": f"PROD-{number}"} for number in numbers]
    return requests.put(f"{url}/issues", json=items, headers=headers, timeout=30).status_code


@given(
    bursts=st.lists(st.tuples(st.floats(0, 20), st.integers(1, 70), st.floats(0, 0.29)), max_size=8)
)
@example([(0, 1, 0), (20, 1, 0.29), (0.3, 50, 0)])
def test_a_client_that_paces_itself_as_ours_does_is_never_refused(bursts):
    """Bursts after idle times, each of them late by less than the interval between requests."""
    now, arrivals = 0.0, []
    bucket, quota = TokenBucket(200, lambda: now), Quota(200, 0.0)
    for idle, count, late in bursts:
        now += idle
        for _ in range(count):
            now += bucket.reserve()
            arrivals.append(now + late)
    assert all(map(quota.admits, sorted(arrivals)))


@given(gaps=st.lists(st.floats(0, 1), min_size=1, max_size=300))
def test_no_more_requests_are_answered_than_the_quota_has(gaps):
    quota, now, answered = Quota(200, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        answered += quota.admits(now)
        assert answered <= BURST + now * 200 / 60 + 1e-6


def test_requests_beyond_the_quota_are_refused_and_counted_apart(url):
    tenant = Tenant("quota", 0, requests_per_minute=1)
    statuses = [put(url, tenant, [number]) for number in range(BURST + 2)]
    assert statuses == [200] * BURST + [429] * 2
    counts = counts_of(url, tenant)
    assert (counts["requests"], counts["refused"], counts["items"]) == (BURST + 2, 2, BURST)


def test_an_answer_is_held_back_for_the_latency(url):
    began = time.monotonic()
    put(url, Tenant("late", 0, latency_milliseconds=50), [0])
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize(("batches", "found"), [([[0, 1], [2]], 3), ([[0, 1], [1]], -1)])
def test_a_row_that_is_written_twice_hides_no_lost_one(url, batches, found):
    tenant = Tenant(f"once{found}", 3)
    for numbers in batches:
        put(url, tenant, numbers)
    assert items_of(counts_of(url, tenant)) == found


def test_the_lines_after_the_tap_hold_what_the_tap_prints(url, tmp_path):
    command = OUR_TAP.command(Job(url, Tenant("lines", 3), tmp_path))
    printed = subprocess.run(command.argv, check=True, capture_output=True).stdout
    records = [json.loads(line).get("record") for line in printed.splitlines()[1:-1]]
    given = [json.loads(line)["record"] for line in list(lines(3, "tap"))[1:]]
    assert given == records
    assert list(map(list, given)) == list(map(list, records))  # also their order
