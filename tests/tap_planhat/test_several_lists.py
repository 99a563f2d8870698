"""Models whose default list is not the table, such as tasks: one list has the archived ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from changing_tenant import Clock, World, histories
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def planhat() -> Iterator[tuple[Sandbox, Clock]]:
    clock = Clock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        yield sandbox, clock


@pytest.fixture
def run(planhat, read, select):
    sandbox, _ = planhat
    sandbox.reset()

    def run(stream="tasks", state=None, *, method=None, **more):
        config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0, **more}
        catalog = select(**{stream: None})
        if method:
            for entry in catalog["streams"]:
                root = next(each for each in entry["metadata"] if not each["breadcrumb"])
                if entry["tap_stream_id"] == stream:
                    root["metadata"]["replication-method"] = method
        return read(config, catalog=catalog, state=state)

    return run


def parameters_of(sandbox, model, name, since=0):
    """What the requests to the list of a model say for one of its parameters."""
    return [one.query.get(name) for one in sandbox.requests[since:] if one.model == model]


moves = st.lists(st.floats(0, 1, exclude_max=True), max_size=3)


@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    size=st.integers(0, 20),
    archived=st.sets(st.integers(0, 19)),
    page_size=st.sampled_from([3, 7]),
    history=st.one_of(st.just([]), histories),
    moved=st.lists(moves, min_size=25, max_size=25),
)
def test_a_task_that_is_there_throughout_is_emitted_once_in_whichever_list_it_is(
    planhat, run, size, archived, page_size, history, moved
):
    """A task that moves to another list, and back again, within one read is not counted on."""
    sandbox, clock = planhat
    sandbox.reset()
    world = World(sandbox, clock, "tasks", iter(history))
    for number in range(size):
        world.insert()
        if number in archived:
            flip(world, max(world.records()))
    before = set(world.records())
    flipped: list[str] = []
    left = iter(moved)

    def change(_: object = None) -> None:
        world.change()
        ids = sorted(world.records())
        for share in next(left, []):
            if ids:
                flipped.append(ids[int(share * len(ids))])
                flip(world, flipped[-1])

    sandbox.before_each_request[:] = [change]
    output = run(page_size=page_size)
    sandbox.before_each_request.clear()
    emitted = output.ids("tasks")
    assert len(emitted) == len(set(emitted))
    back_and_forth = {one for one in flipped if flipped.count(one) > 1}
    assert before - world.deleted - back_and_forth <= set(emitted)


def flip(world: World, identifier: str) -> None:
    archived = world.records()[identifier].get("isArchived", False)
    world.tenant.update("tasks", identifier, {"isArchived": not archived})


@pytest.mark.parametrize("is_archived", [True, False])
def test_a_task_that_moves_while_the_lists_are_read_is_emitted_once(planhat, run, is_archived):
    """As soon as the second list is asked for, one moves to the first list, or out of it."""
    sandbox, _ = planhat
    tenant = sandbox.tenant("token-a")
    ids = [tenant.insert("tasks", {"action": f"{n}"})["_id"] for n in range(6)]
    for one in ids[:3]:
        tenant.update("tasks", one, {"isArchived": True})
    moving = ids[1] if is_archived else ids[4]

    def move(request) -> None:
        if request.query.get("isArchived") == "true":
            tenant.update("tasks", moving, {"isArchived": not is_archived})

    sandbox.before_each_request[:] = [move]
    output = run()
    sandbox.before_each_request.clear()
    assert sorted(output.ids("tasks")) == sorted(ids)


def test_tasks_are_read_incrementally_from_both_lists(planhat, run):
    sandbox, clock = planhat
    sandbox.behave(model_times="present")
    tenant = sandbox.tenant("token-a")
    ids = []
    for number in range(8):
        clock.tick(1000)
        ids.append(tenant.insert("tasks", {"action": f"{number}"})["_id"])
    for one in ids[:4]:
        clock.tick(1000)
        tenant.update("tasks", one, {"isArchived": True})
    first = run(method="INCREMENTAL", lookback_seconds=0)
    assert sorted(first.ids("tasks")) == sorted(ids)
    clock.tick(5000)
    tenant.update("tasks", ids[1], {"action": "changed"})
    tenant.update("tasks", ids[6], {"isArchived": True})
    before = len(sandbox.requests)
    second = run(state=first.state, method="INCREMENTAL", lookback_seconds=0)
    assert {ids[1], ids[6]} <= set(second.ids("tasks")) < set(ids)
    assert set(parameters_of(sandbox, "tasks", "sort", before)) == {"-updatedAt"}
    assert set(parameters_of(sandbox, "tasks", "isArchived", before)) == {"true", "false"}


def test_the_parameters_of_a_list_are_sent_with_every_request(planhat, run):
    sandbox, _ = planhat
    tenant = sandbox.tenant("token-a")
    gone = tenant.insert("endusers", {"email": "a@example.com", "archived": True})["_id"]
    here = tenant.insert("endusers", {"email": "b@example.com"})["_id"]
    assert sorted(run("endusers").ids("endusers")) == sorted([gone, here])
    assert set(parameters_of(sandbox, "endusers", "archived")) == {"true"}


def test_deletions_of_tasks_are_detected_in_both_lists(planhat, run):
    sandbox, _ = planhat
    tenant = sandbox.tenant("token-a")
    ids = [tenant.insert("tasks", {"action": f"{n}"})["_id"] for n in range(8)]
    for one in ids[:4]:
        tenant.update("tasks", one, {"isArchived": True})
    detecting = {"detect_deletes": True, "detect_deletes_hours": 0}
    state = run(**detecting).state
    for one in (ids[1], ids[6]):
        tenant.delete("tasks", one)
    tenant.update("tasks", ids[2], {"isArchived": False})
    output = run(state=state, **detecting)
    deleted = [one["_id"] for one in output.records("tasks") if "_sdc_deleted_at" in one]
    assert sorted(deleted) == sorted([ids[1], ids[6]])


def test_a_model_that_has_no_request_for_one_record_is_read_without_deletions(planhat, run, caplog):
    sandbox, _ = planhat
    ticket = sandbox.tenant("token-a").insert("tickets", {"title": "t"})["_id"]
    output = run("tickets", detect_deletes=True)
    assert output.ids("tickets") == [ticket]
    assert "tickets: deletions are not detected" in caplog.text


@pytest.mark.parametrize("stream", ["companies", "assets", "invoices", "users"])
def test_company_ids_leave_out_what_belongs_to_other_companies(planhat, run, stream):
    """Users belong to no company, and their list takes none."""
    sandbox, _ = planhat
    tenant = sandbox.tenant("token-a")
    companies = [tenant.insert("companies", {"name": f"c{n}"})["_id"] for n in range(3)]
    reference = {"invoices": "cId", "assets": "companyId"}.get(stream)
    for company in companies if stream != "companies" else []:
        tenant.insert(stream, {"name": "n"} | ({reference: company} if reference else {}))
    every = {record["_id"] for record in tenant.records(stream)}
    wanted = {
        record["_id"]
        for record in tenant.records(stream)
        if reference is None or record[reference] in companies[:2]
    }
    if stream == "companies":
        wanted = set(companies[:2])
    output = run(stream, company_ids=companies[:2])
    assert set(output.ids(stream)) == (wanted if stream != "users" else every)


def test_a_page_has_as_many_rows_as_the_model_and_the_setting_allow(planhat, run):
    sandbox, _ = planhat
    for stream, limit in {"tasks": "10000", "issues": "2000", "companies": "5000"}.items():
        sandbox.tenant("token-a").insert(stream, {"title": "t", "name": "n"})
        run(stream)
        assert limit in parameters_of(sandbox, stream, "limit")
        run(stream, page_size=50)
        assert parameters_of(sandbox, stream, "limit")[-1] == "50"
