"""The tap over real HTTP while the tenant changes between the requests of one run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from changing_tenant import Clock, World, histories, several_runs
from hypothesis import given
from hypothesis import strategies as st

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

killed_at = st.one_of(st.just(1.0), st.floats(0, 1))  # the share of its lines that got out
pagings = st.tuples(st.sampled_from([1, 2, 7, 2000]), st.sampled_from([1, 4]))


@pytest.fixture(scope="module")
def planhat() -> Iterator[tuple[Sandbox, Clock]]:
    clock = Clock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        yield sandbox, clock


def settings_for(sandbox: Sandbox, paging: tuple[int, int], **more: Any) -> dict[str, Any]:
    page_size, concurrency = paging
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "page_size": page_size,
        "concurrency": concurrency,
        **more,
    }


@several_runs
@given(
    stream=st.sampled_from(["issues", "objectives"]),
    size=st.integers(0, 60),
    paging=pagings,
    history=histories,
)
def test_a_full_read_emits_every_record_that_is_there_throughout_once(
    planhat, read, select, stream, size, paging, history
):
    sandbox, clock = planhat
    sandbox.reset()
    world = World(sandbox, clock, stream, iter(history))
    for _ in range(size):
        world.insert()
    before = set(world.records())
    sandbox.before_each_request[:] = [world.change]
    output = read(settings_for(sandbox, paging), catalog=select(**{stream: None}))
    sandbox.before_each_request.clear()
    emitted = output.ids(stream)
    assert len(emitted) == len(set(emitted))
    assert before - world.deleted <= set(emitted)


@several_runs
@given(
    size=st.integers(0, 60),
    paging=pagings,
    runs=st.lists(st.tuples(histories, killed_at), min_size=1, max_size=4),
    lookback=st.sampled_from([0, 60]),
)
def test_after_any_number_of_runs_the_last_version_of_every_record_has_arrived(
    planhat, read, select, size, paging, runs, lookback
):
    sandbox, clock = planhat
    sandbox.reset()
    world = World(sandbox, clock, "issues", iter([]))
    for _ in range(size):
        world.insert()
    config = settings_for(sandbox, paging, lookback_seconds=lookback)
    catalog = select(issues=None)
    arrived: dict[str, dict[str, Any]] = {}
    state: dict[str, Any] | None = None
    for history, share in runs:
        world.left = iter(history)
        sandbox.before_each_request[:] = [world.change]
        output = read(config, state=state, catalog=catalog)
        sandbox.before_each_request.clear()
        # Killed anywhere: the lines so far have arrived, and of the states only the last of them.
        for message in output.messages[: int(share * len(output.messages))]:
            if message["type"] == "RECORD":
                arrived[message["record"]["_id"]] = message["record"]
            elif message["type"] == "STATE":
                state = message["value"]
        world.change()
    for record in read(config, state=state, catalog=catalog).records("issues"):
        arrived[record["_id"]] = record
    alive = world.records()
    assert {key: arrived.get(key, {}).get("updatedAt") for key in alive} == {
        key: record["updatedAt"] for key, record in alive.items()
    }
    assert {key: arrived[key].get("custom") for key in alive} == {
        key: record.get("custom") for key, record in alive.items()
    }


def test_pages_ahead_that_overtake_each_other_lose_nothing(planhat, read, select):
    sandbox, clock = planhat
    sandbox.reset()
    world = World(sandbox, clock, "objectives", iter([[("delete", 0.1, 2)]] * 100))
    for _ in range(200):
        world.insert()
    before = set(world.records())
    turn = threading.Semaphore(2)

    def late(request):
        with turn:
            world.change()

    sandbox.fault("slow", route="list", every=3, seconds=0.02)
    sandbox.before_each_request[:] = [late]
    output = read(settings_for(sandbox, (10, 4)), catalog=select(objectives=None))
    sandbox.before_each_request.clear()
    emitted = output.ids("objectives")
    assert len(emitted) == len(set(emitted))
    assert before - world.deleted <= set(emitted)
