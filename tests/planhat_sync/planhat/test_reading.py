"""Records are read as Python values, each once, whatever changes meanwhile."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from changing_tenant import Clock, World, histories
from hypothesis import given
from hypothesis import strategies as st
from under_way import until

from planhat_sandbox import Sandbox
from planhat_sync import (
    AuthenticationError,
    ConfigurationError,
    Interrupted,
    InvalidIdentifierError,
    NotPermittedError,
    Planhat,
    Rights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


class FastClock(Clock):
    """Planhat's clock, on which changes lie minutes apart, further than a read looks back."""

    def tick(self, milliseconds):
        self.now += 100 * milliseconds


@pytest.fixture(scope="module")
def changing() -> Iterator[tuple[Sandbox, Clock]]:
    clock = FastClock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        yield sandbox, clock


@given(
    size=st.integers(0, 30),
    paging=st.tuples(st.sampled_from([1, 2, 7, 2000]), st.sampled_from([1, 4])),
    runs=st.lists(histories, min_size=1, max_size=2),
)
def test_reads_that_begin_where_the_last_one_ended_miss_no_change(changing, size, paging, runs):
    sandbox, clock = changing
    sandbox.reset()
    world = World(sandbox, clock, "issues", iter([]))
    for _ in range(size):
        world.insert()
    page_size, concurrency = paging
    arrived = {}
    since = None
    with Planhat(
        "token-a",
        api_url=sandbox.url,
        requests_per_minute=0,
        page_size=page_size,
        concurrency=concurrency,
    ) as planhat:
        for history in (*runs, []):
            world.left = iter(history)
            there_before, changed_before = set(world.records()), set(world.changed)
            sandbox.before_each_request[:] = [world.change]
            reading = planhat.read("issues", changed_since=since)
            ids = []
            for record in reading:
                ids.append(record["_id"])
                arrived[record["_id"]] = record
            sandbox.before_each_request.clear()
            if since is None:
                assert there_before - world.deleted <= set(ids)
                assert world.changed != changed_before or len(ids) == len(set(ids))
            since = reading.next_changed_since
            world.change()
    alive = world.records()
    assert {key: arrived.get(key, {}).get("updatedAt") for key in alive} == {
        key: record["updatedAt"] for key, record in alive.items()
    }


def test_only_what_has_changed_is_read_and_the_time_may_be_written_in_any_way(planhat, alpha):
    for hour in (11, 12, 13):
        alpha.insert("issues", {"title": f"{hour}", "updatedAt": f"2026-01-02T{hour}:00:00.000Z"})
    for since in (
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5, minutes=30))),
        "2026-01-02T12:00:00Z",
        "2026-01-02T13:00:00+01:00",
    ):
        titles = {record["title"] for record in planhat.read("issues", changed_since=since)}
        assert titles == {"12", "13"}, since
    assert len(list(planhat.read("issues", changed_since=date(2026, 1, 2)))) == 3
    assert list(planhat.read("issues", changed_since=date(2026, 1, 3))) == []


def test_the_next_read_begins_a_minute_before_the_newest_change_and_never_before_this_one(
    planhat, alpha
):
    alpha.insert("issues", {"title": "a", "updatedAt": "2026-01-02T12:00:00.000Z"})
    reading = planhat.read("issues")
    assert reading.next_changed_since is None
    list(reading)
    assert reading.next_changed_since == NOON - timedelta(minutes=1)
    later = planhat.read("issues", changed_since=NOON + timedelta(hours=1))
    assert list(later) == []
    assert later.next_changed_since == NOON + timedelta(hours=1)


def test_models_that_do_not_show_changes_have_no_next_time(planhat, alpha):
    alpha.insert("users", {"email": "a@example.com"})
    reading = planhat.read("users")
    assert [user["email"] for user in reading] == ["a@example.com"]
    assert reading.next_changed_since is None


def test_properties_are_those_that_were_asked_for(planhat, alpha):
    issue = alpha.insert("issues", {"title": "t", "sourceId": "s", "custom": {}})
    assert list(planhat.read("issues", properties=["title", "sourceId"])) == [
        {"_id": issue["_id"], "title": "t", "sourceId": "s"}
    ]
    assert list(planhat.read("issues", properties=[])) == [{"_id": issue["_id"]}]
    assert list(planhat.read_ids("issues")) == [issue["_id"]]
    [every] = planhat.read("issues")
    assert {"title", "sourceId", "updatedAt", "custom"} <= set(every)


def test_no_digit_of_a_number_is_lost_and_usual_numbers_are_floats(planhat, alpha):
    numbers = {
        "usual": 0.1,
        "whole": 12345678901234567890,
        "long": Decimal("0.12345678901234567890123"),
        "large": Decimal("1e400"),
    }
    issue = alpha.insert("issues", {"title": "t", "custom": numbers})
    for record in (next(planhat.read("issues")), planhat.get("issues", issue["_id"])):
        custom = record["custom"]
        assert custom == numbers
        assert [type(custom[name]) for name in numbers] == [float, int, Decimal, Decimal]


def test_records_of_some_companies_are_read_alone(planhat, alpha):
    ids = [alpha.insert("companies", {"name": name})["_id"] for name in ("a", "b", "c")]
    for company in ids:
        alpha.insert("issues", {"title": company, "companyIds": [company]})
    chosen = planhat.read("issues", company_ids=ids[:2], properties=["title"])
    assert {record["title"] for record in chosen} == set(ids[:2])
    assert len(list(planhat.read_ids("issues", company_ids=ids[2:]))) == 1
    assert {record["_id"] for record in planhat.read("companies", company_ids=ids[:1])} == {ids[0]}


def test_one_record_is_read_by_each_of_its_keys(planhat, alpha):
    company = alpha.insert("companies", {"name": "Acme", "externalId": "e/1", "sourceId": "s 1"})
    assert planhat.get("companies", company["_id"])["name"] == "Acme"
    assert planhat.get("companies", "e/1", by="externalId")["name"] == "Acme"
    assert planhat.get("companies", "s 1", by="sourceId")["name"] == "Acme"
    assert planhat.get("companies", "s 2", by="sourceId") is None
    for key in ("", None, 17):
        with pytest.raises(InvalidIdentifierError):
            planhat.get("companies", key)


def test_custom_fields_are_described_by_their_labels(planhat, alpha):
    for name, kind in (("Region", "text"), ("Seats", "number")):
        alpha.insert("customfields", {"name": name, "type": kind, "parent": "Issue"})
    fields = planhat.custom_fields("issues")
    assert {label: schema["type"][0] for label, schema in fields.items()} == {
        "Region": "string",
        "Seats": "number",
    }
    assert planhat.custom_fields("objectives") == {}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda p: p.read(None), "there is no model called None"),
        (lambda p: p.read("isues"), "there is no model called isues; did you mean issues?"),
        (
            lambda p: p.read("issues", properties=["titel"]),
            "issues have no property called titel; did you mean title?",
        ),
        (lambda p: p.read("issues", properties="title"), "properties must be a list of strings"),
        (lambda p: p.read("issues", properties=5), "properties must be a list of strings"),
        (lambda p: p.read("issues", company_ids="a"), "company_ids must be a list of strings"),
        (lambda p: p.read("issues", company_ids=[]), "company_ids is empty: leave it out to read"),
        (lambda p: p.read_ids("issues", company_ids=()), "company_ids is empty: leave it out to"),
        (lambda p: p.read("issues", company_ids=["x y"]), 'company_ids holds "x y", which'),
        (lambda p: p.read("issues", changed_since="monday"), "changed_since is not a date-time"),
        (
            lambda p: p.read("campaigns", changed_since=NOON),
            "campaigns do not show when they were changed: leave out changed_since, and read all",
        ),
        (
            lambda p: p.read("users", changed_since=NOON),
            "not every change of users is known to move updatedAt: leave out changed_since, and",
        ),
        (
            lambda p: p.read("users", company_ids=["a" * 24]),
            "users belong to no companies: leave out company_ids",
        ),
        (
            lambda p: p.get("issues", "x", by="email"),
            "issues cannot be requested one by one by email, only by _id, sourceId",
        ),
        (lambda p: p.custom_fields("tickts"), "there is no model called tickts; did you mean"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_before_anything_is_sent(
    planhat, sandbox, call, sentence
):
    with pytest.raises(ConfigurationError) as failed:
        call(planhat)
    assert str(failed.value).startswith(sentence)
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"api_token": ""}, "api_token is not set"),
        ({"api_token": "to ken"}, "api_token contains a space"),
        ({"api_url": "http://example.com"}, "api_url is http"),
        ({"requests_per_minute": -1}, "requests_per_minute must be at least 0"),
        ({"concurrency": 0}, "concurrency must be between 1 and 50"),
        ({"page_size": 0}, "page_size must be between 1 and 10000"),
    ],
)
def test_a_wrong_setting_is_a_sentence_and_never_shows_the_token(settings, sentence):
    with pytest.raises(ConfigurationError) as failed:
        Planhat(**{"api_token": "the-secret-token", **settings})
    assert str(failed.value).startswith(sentence)
    assert "the-secret-token" not in repr(failed.value)


def test_what_the_token_may_do_is_found_out_without_writing(planhat, sandbox):
    assert planhat.check(["issues"]) == {"issues": Rights(reads=True, writes=True)}
    sandbox.fault("status", status=403, model="issues", route="list")
    sandbox.fault("status", status=403, model="objectives", route="bulk")
    rights = planhat.check(["issues", "objectives", "customfields"])
    assert rights == {
        "issues": Rights(reads=False, writes=True),
        "objectives": Rights(reads=True, writes=False),
        "customfields": Rights(reads=True, writes=None),
    }
    assert not sandbox.tenant("alpha").writes
    usual = {name for name, model in planhat.models.items() if model.selected_by_default}
    assert set(planhat.check()) == usual
    sandbox.fault("status", status=401)
    with pytest.raises(AuthenticationError):
        planhat.check()


def test_its_repr_does_not_show_the_token(planhat, sandbox):
    assert repr(planhat) == f"<Planhat at {sandbox.url}>"


def test_a_reading_that_is_left_early_ends_its_threads_and_its_requests(planhat, sandbox, alpha):
    for number in range(200):
        alpha.insert("issues", {"title": f"{number}"})
    planhat = Planhat("token-a", api_url=sandbox.url, requests_per_minute=0, page_size=5)
    with planhat, planhat.read("issues") as reading:
        next(reading)
    until(lambda: not [each for each in threading.enumerate() if each.name == "planhat-pages"])
    assert len(sandbox.requests) < 20
    assert list(reading) == []


def test_a_loop_that_is_left_early_ends_the_threads_of_its_reading(planhat, alpha):
    alpha.insert("issues", {"title": "t"})
    for _ in planhat.read("issues"):
        break
    until(lambda: not [each for each in threading.enumerate() if each.name == "planhat-pages"])


def test_a_planhat_that_is_closed_ends_its_readings_and_begins_no_others(sandbox, alpha):
    for number in range(20):
        alpha.insert("issues", {"title": f"{number}"})
    with Planhat("token-a", api_url=sandbox.url, requests_per_minute=0, page_size=5) as planhat:
        reading = planhat.read("issues")
        next(reading)
    with pytest.raises(Interrupted):
        list(reading)
    for call in (
        lambda: planhat.read("issues"),
        lambda: planhat.get("issues", "1"),
        lambda: planhat.custom_fields("issues"),
        lambda: planhat.write("issues", []),
    ):
        with pytest.raises(ConfigurationError, match="this Planhat is closed"):
            call()


def test_an_error_of_planhat_is_one_of_the_exported_ones_and_says_what_to_do(planhat, sandbox):
    sandbox.fault("status", status=403)
    with pytest.raises(NotPermittedError) as failed:
        list(planhat.read("issues"))
    assert failed.value.status == 403
    assert "token-a" not in str(failed.value)


def test_nothing_is_printed_and_no_handler_of_a_signal_is_changed(planhat, sandbox, alpha, capfd):
    import signal  # noqa: PLC0415 - beside what is compared

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    alpha.insert("issues", {"title": "t"})
    sandbox.fault("status", status=503, times=1)
    list(planhat.read("issues"))
    planhat.write("issues", [{"title": 1j}], on_reject="continue", missing_key="create")
    assert {number: signal.getsignal(number) for number in before} == before
    assert capfd.readouterr() == ("", "")
