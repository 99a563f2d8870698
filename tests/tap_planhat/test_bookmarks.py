"""Bookmarks: how far they move, how far they never do, and what a run costs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from under_way import wait_for_pages

from planhat_sync.errors import ConfigurationError
from planhat_sync.timestamps import format_timestamp

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=timezone.utc)


def at(days: float) -> str:
    return format_timestamp(START + days * DAY)


def state_at(days: float, **more) -> dict:
    bookmark = {"replication_key": "updatedAt", "replication_key_value": at(days), **more}
    return {"bookmarks": {"issues": bookmark}}


def bookmark_of(output) -> str | None:
    return output.state["bookmarks"]["issues"].get("replication_key_value")


@pytest.fixture
def issues(select):
    return select(issues=None)


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    for day in range(10):
        tenant.insert("issues", {"title": f"day {day}", "updatedAt": at(day)})
    return tenant


@pytest.mark.parametrize(
    ("held", "warns"),
    [
        ({"replication_key": "createdAt", "replication_key_value": at(4)}, True),
        ({"updatedAt": at(4)}, True),  # as the first taps wrote it
        ({"replication_key_value": at(4)}, True),
        ({"partitions": [{"context": {}, "replication_key_value": at(4)}]}, True),
        ({"replication_key": "updatedAt", "replication_key_value": None}, False),
        ({"partitions": []}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_bookmark_that_is_not_understood_is_ignored_with_one_warning(
    tenant, config, read, issues, caplog, held, warns
):
    warning = "the state holds something other than a bookmark of issues by updatedAt: ignoring it"
    output = read(config, catalog=issues, state={"bookmarks": {"issues": held}})
    assert len(titles(output)) == 10
    assert caplog.messages.count(warning) == warns
    caplog.clear()
    assert len(titles(read(config, catalog=issues, state=output.state))) == 1
    assert warning not in caplog.messages


def test_a_bookmark_more_than_a_day_ahead_of_the_clock_is_warned_of(
    tenant, config, read, issues, caplog
):
    now = (datetime.now(timezone.utc) - START) / DAY
    warning = (
        "the state's bookmark of issues is more than a day ahead of this machine's clock: "
        "changes before it are not read"
    )
    assert titles(read(config, catalog=issues, state=state_at(now + 0.9))) == set()
    assert warning not in caplog.messages
    assert titles(read(config, catalog=issues, state=state_at(now + 2))) == set()
    assert caplog.messages.count(warning) == 1


def titles(output) -> set[str]:
    return {record["title"] for record in output.records("issues")}


def test_a_first_run_leaves_the_newest_key_as_its_bookmark(tenant, config, read, issues):
    output = read(config, catalog=issues)
    assert len(output.records("issues")) == 10
    assert output.state == state_at(9, rows=10)


@pytest.mark.parametrize(
    ("state", "more", "says"),
    [
        (None, {}, "issues: no bookmark, reading everything"),
        (None, {"start_date": at(3)}, f"issues: no bookmark, from start_date {at(3)} on"),
        (
            state_at(7),
            {"start_date": at(3), "lookback_seconds": 90},
            f"issues: from {at(7)} on, lookback 90 s",
        ),
        (
            state_at(2),
            {"start_date": at(6)},
            f"issues: from start_date {at(6)} on, which is later than the bookmark",
        ),
        ({"bookmarks": {}}, {"lookback_seconds": 0}, "issues: no bookmark, reading everything"),
    ],
)
def test_the_log_says_where_a_stream_begins(
    tenant, config, read, issues, caplog, state, more, says
):
    caplog.set_level("INFO")
    read({**config, **more}, state=state, catalog=issues)
    assert [message for message in caplog.messages if message.startswith("issues: ")] == [says]


def test_a_later_run_reads_what_is_not_older_than_the_bookmark(tenant, config, read, issues):
    output = read(config, state=state_at(7), catalog=issues)
    assert titles(output) == {"day 7", "day 8", "day 9"}
    assert bookmark_of(output) == at(9)


def test_the_lookback_reads_what_planhat_may_have_shown_late(tenant, config, read, issues):
    config["lookback_seconds"] = 2 * 24 * 3600
    assert titles(read(config, state=state_at(9), catalog=issues)) == {"day 7", "day 8", "day 9"}


def test_a_run_that_finds_no_change_still_prints_its_state(tenant, config, read, issues):
    tenant.insert("issues", {"title": "late", "updatedAt": at(8.5)})
    output = read(config, state=state_at(10), catalog=issues)
    assert output.records("issues") == []
    assert output.state == state_at(10)


def test_a_bookmark_never_moves_backwards(tenant, config, read, issues):
    assert bookmark_of(read(config, state=state_at(400), catalog=issues)) == at(400)


def test_bookmarks_are_compared_as_datetimes_and_not_as_text(tenant, config, read, issues):
    """01:00+02:00 is the greater text and the earlier time than 00:00Z of that day."""
    state = state_at(0)
    bookmark = state["bookmarks"]["issues"]
    bookmark["replication_key_value"] = at(8).replace("T00:00:00.000Z", "T01:30:00+02:00")
    output = read({**config, "lookback_seconds": 0}, state=state, catalog=issues)
    assert titles(output) == {"day 8", "day 9"}
    assert bookmark_of(output) == at(9)


def test_the_bookmark_does_not_pass_what_was_newest_when_the_scan_began(
    tenant, config, read, issues, sandbox
):
    """A change during the run may be of a record that was read before: the next run gets it."""
    first = tenant.records("issues")[0]["_id"]
    page_size_of_one_page = {**config, "page_size": 4, "concurrency": 1}

    def change(_):
        if len(sandbox.requests) == 4:
            tenant.update("issues", first, {"title": "changed", "updatedAt": at(20)})
            tenant.insert("issues", {"title": "new", "updatedAt": at(21)})

    sandbox.before_each_request.append(change)
    output = read(page_size_of_one_page, catalog=issues)
    sandbox.before_each_request.clear()
    assert "changed" not in titles(output)
    assert bookmark_of(output) == at(9)
    assert titles(read(config, state=output.state, catalog=issues)) >= {"changed", "new"}


def test_the_bookmark_does_not_pass_what_the_first_page_showed(
    config, read, issues, sandbox, select
):
    """Records that change meanwhile appear on later pages, but not all of them."""
    tenant = sandbox.tenant("token-a")
    ids = [
        tenant.insert("issues", {"title": "old", "updatedAt": at(day)})["_id"] for day in range(40)
    ]
    config |= {"page_size": 10, "lookback_seconds": 0, "concurrency": 1}

    def change(_):
        if len(sandbox.requests) == 2:
            for day, identifier in enumerate(ids[-15:], start=50):
                tenant.update("issues", identifier, {"title": "new", "updatedAt": at(day)})

    sandbox.before_each_request.append(change)
    state = state_at(5, sorts_by_replication_key=True)
    output = read(config, state=state, catalog=issues)
    sandbox.before_each_request.clear()
    again = read(config, state=output.state, catalog=issues)
    new = [record for record in again.records("issues") if record["title"] == "new"]
    assert len(new) == 15


@pytest.mark.parametrize("bookmark", [None, 5])
def test_a_date_in_the_far_future_does_not_become_the_bookmark(
    tenant, config, read, issues, bookmark
):
    """Every later change would be older than it, and never be read again."""
    tenant.insert("issues", {"title": "future", "updatedAt": "2999-01-01T00:00:00.000Z"})
    output = read(config, state=state_at(bookmark) if bookmark else None, catalog=issues)
    assert "future" in titles(output)
    assert bookmark_of(output) == at(9)
    tenant.insert("issues", {"title": "after", "updatedAt": at(12)})
    assert titles(read(config, state=output.state, catalog=issues)) >= {"after", "future"}


def test_our_own_clock_does_not_matter_where_planhats_is_ahead_or_behind(
    config, read, issues, sandbox
):
    tenant = sandbox.tenant("token-a")
    ahead = format_timestamp(datetime.now(timezone.utc) + timedelta(hours=20))
    tenant.insert("issues", {"title": "a", "updatedAt": ahead})
    output = read(config, catalog=issues)
    assert bookmark_of(output) == ahead


def test_records_without_a_key_are_read_only_by_a_full_scan_and_do_not_end_a_scan(
    config, read, issues, sandbox
):
    tenant = sandbox.tenant("token-a")
    with_key = tenant.insert("issues", {"title": "with", "updatedAt": at(3)})
    tenant.insert("issues", {"title": "null", "updatedAt": None})
    output = read(config, catalog=issues)
    assert titles(output) == {"with", "null"}
    assert bookmark_of(output) == with_key["updatedAt"]
    assert titles(read(config, state=output.state, catalog=issues)) == {"with"}


@pytest.mark.parametrize("more", [{}, {"stream_maps": {"issues": {"__filter__": "True"}}}])
def test_a_record_without_a_key_is_emitted_and_does_not_move_the_bookmark(
    config, read, issues, canned, more
):
    """The SDK fails on it, after it is out."""
    canned.rows["issues"] = [
        b'{"_id":"a","updatedAt":"2026-03-01T00:00:00.000Z"}',
        b'{"_id":"b"}',
        b'{"_id":"c","updatedAt":null}',
    ]
    output = read({**config, **more, "api_url": canned.url}, catalog=issues)
    assert output.ids("issues") == ["a", "b", "c"]
    assert bookmark_of(output) == "2026-03-01T00:00:00.000Z"


def test_start_date_counts_as_a_bookmark(tenant, config, read, issues):
    config["start_date"] = at(6)
    output = read(config, catalog=issues)
    assert titles(output) == {"day 6", "day 7", "day 8", "day 9"}
    assert bookmark_of(output) == at(9)


def test_the_later_of_start_date_and_bookmark_counts(tenant, config, read, issues):
    config["start_date"] = at(6)
    assert len(titles(read(config, state=state_at(8), catalog=issues))) == 2
    assert len(titles(read(config, state=state_at(2), catalog=issues))) == 4


def test_a_start_date_before_everything_reads_everything(tenant, config, read, issues):
    config["start_date"] = "2001-01-01"
    assert len(titles(read(config, catalog=issues))) == 10


def test_a_bookmark_of_another_key_counts_for_nothing(tenant, config, read, issues):
    state = state_at(8)
    state["bookmarks"]["issues"]["replication_key"] = "createdAt"
    assert len(titles(read(config, state=state, catalog=issues))) == 10


def test_a_bookmark_that_is_not_a_date_is_an_error(tenant, config, read, issues):
    state = state_at(8)
    state["bookmarks"]["issues"]["replication_key_value"] = "yesterday"
    with pytest.raises(ConfigurationError, match="bookmark of issues is not a date-time"):
        read(config, state=state, catalog=issues)


def test_the_state_of_other_streams_and_keys_of_others_stay(tenant, config, read, issues):
    state = state_at(7, note="kept")
    state["bookmarks"]["somebody"] = {"else": 1}
    output = read(config, state=state, catalog=issues)
    assert output.state["bookmarks"]["somebody"] == {"else": 1}
    assert output.state["bookmarks"]["issues"]["note"] == "kept"


def test_a_state_line_is_never_empty(config, read, sandbox):
    output = read(config)
    assert output.states
    assert all(state["bookmarks"] for state in output.states)


def requests_of(sandbox, run) -> int:
    wait_for_pages()
    before = len(sandbox.requests)
    run()
    wait_for_pages()
    return len(sandbox.requests) - before


def test_a_first_run_of_a_tiny_stream_costs_three_requests_and_two_without_a_key(
    tenant, config, read, select, sandbox
):
    tenant.insert("objectives", {"name": "a"})
    assert requests_of(sandbox, lambda: read(config, catalog=select(issues=None))) == 3
    assert requests_of(sandbox, lambda: read(config, catalog=select(objectives=None))) == 2


@pytest.mark.parametrize("page_size", [5, 2000])
def test_a_quiet_incremental_run_costs_one_request(
    tenant, config, read, issues, sandbox, page_size
):
    config["page_size"] = page_size
    state = read(config, catalog=issues).state
    assert requests_of(sandbox, lambda: read(config, state=state, catalog=issues)) == 1


def test_a_tiny_stream_that_changed_within_the_lookback_costs_two(config, read, issues, sandbox):
    for second in range(5):
        timestamp = format_timestamp(START + timedelta(seconds=second))
        sandbox.tenant("token-a").insert("issues", {"title": "t", "updatedAt": timestamp})
    state = read(config, catalog=issues).state
    assert requests_of(sandbox, lambda: read(config, state=state, catalog=issues)) == 2


@pytest.mark.parametrize("bookmark", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_bookmark_at_either_end_of_time_is_a_bookmark(sandbox, config, read, issues, bookmark):
    sandbox.tenant("token-a").insert("issues", {"title": "t"})
    held = {"replication_key": "updatedAt", "replication_key_value": bookmark}
    output = read(config, state={"bookmarks": {"issues": held}}, catalog=issues)
    assert len(output.ids("issues")) == (1 if bookmark < "2" else 0)
