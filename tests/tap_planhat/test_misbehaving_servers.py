"""Servers that do not behave as documented: the read is exact, or ends with a clear error."""

from __future__ import annotations

import pytest

from planhat_sync.errors import GaveUpError, ProtocolError

PAGE = 10


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    for number in range(45):
        timestamp = f"2026-01-01T00:{number:02}:00.000Z"
        tenant.insert("issues", {"title": f"{number}", "status": "Open", "updatedAt": timestamp})
    return tenant


@pytest.fixture
def config(config):
    return {**config, "page_size": PAGE, "retry_budget_seconds": 0}


@pytest.fixture
def issues(select):
    return select(issues=None)


@pytest.fixture(params=["full", "incremental"])
def state(request):
    """Of a first run, and of one whose bookmark is older than every record."""
    if request.param == "full":
        return None
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2025-01-01T00:00:00.000Z"}
    return {"bookmarks": {"issues": bookmark}}


def assert_exact(output, tenant):
    assert sorted(output.ids("issues")) == [record["_id"] for record in tenant.records("issues")]
    assert (
        output.state["bookmarks"]["issues"]["replication_key_value"] == "2026-01-01T00:44:00.000Z"
    )


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("limit", [2, 3, 7])
def test_a_clamped_limit_loses_nothing(
    tenant, config, read, issues, sandbox, state, limit, concurrency
):
    sandbox.behave(maximum_limit=limit)
    output = read({**config, "concurrency": concurrency}, catalog=issues, state=state)
    assert_exact(output, tenant)


def test_a_limit_clamped_to_one_is_an_error(tenant, config, read, issues, sandbox):
    sandbox.behave(maximum_limit=1)
    with pytest.raises(ProtocolError, match="no new row"):
        read(config, catalog=issues)


@pytest.mark.parametrize("rows", [1, 4])
def test_short_pages_in_the_middle_lose_nothing(tenant, config, read, issues, sandbox, state, rows):
    sandbox.fault("short-page", route="list", every=3, rows=rows)
    output = read(config, catalog=issues, state=state)
    assert set(output.ids("issues")) == {record["_id"] for record in tenant.records("issues")}


@pytest.mark.parametrize("nth", range(1, 8))
def test_an_empty_page_where_there_are_rows_loses_nothing(
    tenant, config, read, issues, sandbox, nth
):
    sandbox.fault("short-page", route="list", nth=nth, rows=0)
    output = read(config, catalog=issues)
    assert set(output.ids("issues")) == {record["_id"] for record in tenant.records("issues")}


def test_an_empty_page_in_front_of_all_changes_leaves_them_to_the_next_run(
    tenant, config, read, issues, sandbox
):
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2026-01-01T00:20:00.000Z"}
    state = {"bookmarks": {"issues": bookmark}}
    sandbox.fault("short-page", route="list", nth=1, rows=0)
    output = read(config, catalog=issues, state=state)
    assert output.state == state
    assert len(read(config, catalog=issues, state=output.state).records("issues")) >= 24


def test_an_ignored_sort_is_an_error_where_everything_is_read(
    tenant, config, read, issues, sandbox
):
    sandbox.behave(honours_sort=False)
    with pytest.raises(ProtocolError, match="not in the order of sort"):
        read(config, catalog=issues)


def test_an_ignored_select_emits_only_what_is_selected(
    tenant, config, read, select, sandbox, state
):
    sandbox.behave(honours_select=False)
    output = read(config, catalog=select(issues=["status"]), state=state)
    assert {frozenset(record) for record in output.records("issues")} == {
        frozenset({"_id", "status", "updatedAt"})
    }


def test_few_properties_without_select_are_no_matter_since_it_is_always_sent(
    tenant, config, read, issues, sandbox
):
    sandbox.behave(without_select="few")
    records = read(config, catalog=issues).records("issues")
    assert [record["status"] for record in records] == ["Open"] * 45


def test_an_ignored_offset_is_an_error_and_not_a_loop(tenant, config, read, issues, sandbox):
    sandbox.behave(honours_offset=False)
    with pytest.raises(ProtocolError, match="ignores offset"):
        read(config, catalog=issues)


def test_an_ignored_offset_is_an_error_for_changes_too(tenant, config, read, issues, sandbox):
    sandbox.behave(honours_offset=False)
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2025-01-01T00:00:00.000Z"}
    with pytest.raises(ProtocolError, match="ignores offset"):
        read(config, catalog=issues, state={"bookmarks": {"issues": bookmark}})


@pytest.mark.parametrize("nth", range(2, 9))
def test_a_page_that_comes_twice_loses_nothing(tenant, config, read, issues, sandbox, state, nth):
    sandbox.fault("repeat-page", route="list", nth=nth)
    output = read(config, catalog=issues, state=state)
    assert set(output.ids("issues")) == {record["_id"] for record in tenant.records("issues")}


@pytest.mark.parametrize(
    "kind", ["object", "string", "empty", "null", "html", "not-json", "truncated"]
)
def test_a_body_that_is_not_a_list_is_requested_again(
    tenant, config, read, issues, sandbox, state, kind
):
    sandbox.fault("body", route="list", kind=kind, nth=3)
    assert_exact(read({**config, "retry_budget_seconds": 30}, catalog=issues, state=state), tenant)


@pytest.mark.parametrize("kind", ["object", "string", "empty"])
def test_a_body_that_is_never_a_list_is_an_error(tenant, config, read, issues, sandbox, kind):
    sandbox.fault("body", route="list", kind=kind)
    with pytest.raises(GaveUpError):
        read(config, catalog=issues)


def test_a_row_without_an_id_is_an_error(tenant, config, read, issues, sandbox, state):
    sandbox.fault("rows-without-id", route="list", each=4)
    with pytest.raises(ProtocolError, match="`_id`"):
        read(config, catalog=issues, state=state)


def test_a_collection_that_empties_while_it_is_read_ends_the_run(
    tenant, config, read, issues, sandbox, state
):
    def empty(_):
        if len(sandbox.requests) == 4:
            for record in tenant.records("issues"):
                tenant.delete("issues", record["_id"])

    sandbox.before_each_request.append(empty)
    output = read(config, catalog=issues, state=state)
    assert len(set(output.ids("issues"))) == len(output.ids("issues")) < 45


@pytest.mark.parametrize("concurrency", [1, 4])
def test_more_records_of_one_timestamp_than_a_page_holds_are_all_read(
    config, read, issues, sandbox, concurrency
):
    tenant = sandbox.tenant("token-a")
    for number in range(60):
        minute = 10 if 12 <= number < 50 else number
        tenant.insert("issues", {"title": "t", "updatedAt": f"2026-01-01T00:{minute:02}:00.000Z"})
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2026-01-01T00:09:00.000Z"}
    settings = {**config, "concurrency": concurrency, "lookback_seconds": 0}
    output = read(settings, catalog=issues, state={"bookmarks": {"issues": bookmark}})
    wanted = {
        record["_id"]
        for record in tenant.records("issues")
        if record["updatedAt"] >= "2026-01-01T00:09:00.000Z"
    }
    assert set(output.ids("issues")) == wanted


def test_undeclared_properties_are_not_emitted(canned, config, read, select):
    canned.bodies["objectives"] = b'[{"_id":"a","name":"n","__v":0,"surprise":{"x":1}}]'
    output = read({**config, "api_url": canned.url}, catalog=select(objectives=None))
    assert output.records("objectives") == [{"_id": "a", "name": "n"}]
