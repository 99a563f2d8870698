"""Rows of any number become records, and each row has exactly one outcome."""

from __future__ import annotations

import json
import math
import threading
from collections import ChainMap, OrderedDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync import (
    AuthenticationError,
    ConfigurationError,
    GaveUpError,
    NotPermittedError,
    Planhat,
    PlanhatError,
    RejectedRow,
    Result,
    TooManyRejectsError,
)

NAN = math.nan


def companies(count, **more):
    return [{"sourceId": f"s{number}", "name": f"n{number}", **more} for number in range(count)]


def by_source_id(tenant, model="companies"):
    return {record["sourceId"]: record for record in tenant.records(model)}


def test_every_row_is_counted_by_its_outcome(planhat, alpha):
    rows = companies(5)
    created = planhat.write("companies", rows, match_on=["sourceId"])
    assert (created.rows, created.created, created.undecided, created.requests) == (5, 5, 0, 1)
    assert {record["name"] for record in alpha.records("companies")} == {
        row["name"] for row in rows
    }
    again = planhat.write("companies", [*rows[:4], {**rows[4], "name": "new"}, rows[0]])
    assert (again.rows, again.updated, again.unchanged, again.merged) == (6, 1, 4, 1)
    assert again.created == again.rejected == again.skipped == again.deleted == 0
    assert by_source_id(alpha)["s4"]["name"] == "new"


def test_rows_are_taken_one_by_one_and_sent_before_the_last_is_made(planhat, sandbox):
    sent_before = []

    def rows():
        for row in companies(25):
            sent_before.append(len(sandbox.requests))
            yield row

    result = planhat.write("companies", rows(), batch_size_rows=5)
    assert result.created == 25
    assert sent_before[0] == 0
    # Two batches may form at the same time; see the Batcher.
    assert all(sent_before[at] >= (at - 10) // 5 for at in range(25))


def test_progress_is_the_result_so_far(planhat):
    seen = []
    result = planhat.write("companies", companies(12), batch_size_rows=5, on_progress=seen.append)
    assert [so_far.created for so_far in seen] == [5, 10, 12]
    assert seen[0].rows == 5
    assert seen[-1] == result


def test_the_first_reject_ends_the_write_after_the_rows_before_it(planhat, alpha):
    rows = [*companies(2), {"sourceId": "bad", "name": ["a"]}, *companies(5)[3:]]
    with pytest.raises(TooManyRejectsError) as failed:
        planhat.write("companies", iter(rows))
    assert str(failed.value) == (
        "1 row was rejected, first rows[2]: wrong_type: name is an array, but must be text or "
        'null; correct what is wrong and write again, or pass on_reject="continue"'
    )
    result = failed.value.result
    assert (result.rows, result.created, result.rejected, result.undecided) == (3, 2, 1, 0)
    assert result.rejects[0].row == rows[2]
    assert set(by_source_id(alpha)) == {"s0", "s1"}


def test_rejects_have_their_row_and_the_others_are_written(planhat, alpha):
    rows = companies(6)
    rows[1]["name"] = {}
    del rows[3]["sourceId"]
    del rows[4]["name"]  # which Planhat refuses, since a new company needs one
    result = planhat.write("companies", rows, on_reject="continue")
    assert [(each.index, each.code, each.property) for each in result.rejects] == [
        (1, "wrong_type", "name"),
        (3, "missing_key", None),
        (4, "refused", None),
    ]
    assert all(each.row == rows[each.index] for each in result.rejects)
    assert (result.rows, result.created, result.rejected) == (6, 3, 3)
    assert set(by_source_id(alpha)) == {"s0", "s2", "s5"}


def test_more_rejects_than_are_kept_end_the_write_unless_somebody_receives_them(planhat):
    rows = [{"sourceId": f"{number}", "name": number % 2 or {}} for number in range(10)]
    with pytest.raises(
        TooManyRejectsError, match=r"more than max_rejects \(2\) allows, first rows"
    ) as failed:
        planhat.write("companies", rows, on_reject="continue", max_rejects=2)
    assert [each.index for each in failed.value.result.rejects] == [0, 2]
    received: list[RejectedRow] = []
    result = planhat.write(
        "companies", rows, on_reject="continue", max_rejects=2, on_rejected=received.append
    )
    assert [each.index for each in received] == [0, 2, 4, 6, 8]
    assert result.rejects == tuple(received[:2])
    assert (result.rows, result.rejected, result.rows - result.rejected) == (10, 5, 5)


def test_a_callback_that_fails_ends_the_write_with_its_error(planhat, sandbox):
    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        planhat.write("companies", companies(20), batch_size_rows=5, on_progress=fail)
    assert len(sandbox.requests) == 1
    with pytest.raises(ZeroDivisionError):
        planhat.write("companies", [{}, *companies(1)], on_reject="continue", on_rejected=fail)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("callback", ["on_progress", "on_rejected"])
def test_rejects_of_a_write_within_a_callback_end_the_write_and_lose_no_row_silently(
    planhat, callback
):
    def fail(_):
        planhat.write("companies", [{}])

    rows = [{"sourceId": "bad", "name": {}}, *companies(20)]
    with pytest.raises(TooManyRejectsError, match=r"1 row was rejected, first rows\[0\]") as failed:
        planhat.write(
            "companies", rows, batch_size_rows=5, on_reject="continue", **{callback: fail}
        )
    assert failed.value.result.rows < len(rows)
    assert failed.value.result.rejected == 1


def test_rejects_in_flight_are_received_although_the_iterable_fails(planhat, sandbox):
    failed = threading.Event()
    sandbox.before_each_request.append(lambda _: failed.wait(10))

    def rows():
        for number in range(3):
            yield {"sourceId": f"s{number}"}  # no name: Planhat refuses it
        failed.set()
        raise ZeroDivisionError

    received: list[RejectedRow] = []
    with pytest.raises(ZeroDivisionError):
        planhat.write(
            "companies",
            rows(),
            batch_size_rows=1,
            concurrency=10,
            on_reject="continue",
            on_rejected=received.append,
        )
    assert {each.code for each in received} == {"refused"}


def test_a_rejected_row_is_as_it_was_given_although_the_iterable_gives_one_object_again(planhat):
    def rows():
        row = {}
        for number in range(4):
            row.clear()
            row.update(sourceId=f"s{number}", **({} if number == 1 else {"name": "n"}))
            yield row

    result = planhat.write("companies", rows(), on_reject="continue")
    assert [(each.index, each.row) for each in result.rejects] == [(1, {"sourceId": "s1"})]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_rows_without_keyables_are_created_also_after_one_that_is_rejected(
    planhat, alpha, concurrency
):
    rows = [{"name": {} if number == 2 else f"n{number}"} for number in range(20)]
    result = planhat.write(
        "companies",
        rows,
        missing_key="create",
        on_reject="continue",
        batch_size_rows=3,
        concurrency=concurrency,
    )
    assert (result.rows, result.created, result.rejected) == (20, 19, 1)
    assert len(alpha.records("companies")) == 19


def test_a_callback_may_be_an_object_that_is_false(planhat):
    class Received(list[RejectedRow]):
        def __call__(self, rejected):
            self.append(rejected)

    received = Received()
    rows = [{"sourceId": f"{number}", "name": {}} for number in range(5)]
    planhat.write("companies", rows, on_reject="continue", max_rejects=2, on_rejected=received)
    assert len(received) == 5


def test_an_option_of_writes_is_none_of_deletes(planhat, sandbox):
    for option in ({"write_mode": "update"}, {"nan": "absent"}, {"missing_key": "create"}):
        with pytest.raises(ConfigurationError, match="is not a setting"):
            planhat.delete("companies", [{"sourceId": "s"}], **option)
    assert not sandbox.requests


def test_a_column_without_a_letter_is_like_no_property(planhat):
    rows = [{"sourceId": "s", name: 1} for name in ("", "--", "\ud800")]
    result = planhat.write("companies", rows, on_reject="continue")
    assert [each.code for each in result.rejects] == ["unknown_property"] * 3
    assert not [each.message for each in result.rejects if "did you mean" in each.message]


def test_an_iterable_that_fails_ends_the_write_with_its_error(planhat, sandbox, alpha):
    def rows():
        yield from companies(13)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        planhat.write("companies", rows(), batch_size_rows=5, concurrency=2)
    assert len(alpha.records("companies")) in {5, 10}
    assert all(request.status == 200 for request in sandbox.requests)


def test_an_error_of_planhat_has_what_was_done_until_then(planhat, sandbox, alpha):
    sandbox.fault("status", status=401, route="bulk", nth=2)
    with pytest.raises(AuthenticationError) as failed:
        planhat.write("companies", companies(20), batch_size_rows=5)
    result = failed.value.result
    assert isinstance(result, Result)
    assert (result.created, result.rejected) == (len(alpha.records("companies")), 0)
    assert result.created + result.undecided == result.rows


def test_an_error_of_what_rows_are_read_from_ends_the_write_and_says_what_was_done(
    sandbox, planhat
):
    for row in companies(20):
        sandbox.tenant("beta").insert("companies", row)
    sandbox.fault("status", status=403, route="list", tenant="beta", nth=4)
    source = Planhat("token-b", api_url=sandbox.url, requests_per_minute=0, page_size=8)
    with source, pytest.raises(NotPermittedError) as failed:
        planhat.write(
            "companies", source.read("companies"), match_on=["sourceId"], batch_size_rows=2
        )
    assert failed.value.result.created > 0


def test_rejects_of_a_write_that_feeds_another_one_end_both_and_are_not_those_of_the_other(planhat):
    def rows():
        yield from companies(2)
        planhat.write("companies", [{}])

    with pytest.raises(TooManyRejectsError, match=r"1 row was rejected, first rows\[0\]") as failed:
        planhat.write("companies", rows(), batch_size_rows=1)
    assert (failed.value.result.rows, failed.value.result.rejected) == (2, 0)


def test_lost_answers_duplicate_nothing(planhat, sandbox, alpha):
    sandbox.fault("reset-after", route="bulk", times=1)
    result = planhat.write("companies", companies(10), match_on=["sourceId"])
    assert result.rows == len(alpha.records("companies")) == 10
    assert result.retries == 1


def test_a_dry_run_writes_nothing_and_says_what_would_be(planhat, alpha, sandbox):
    planhat.write("companies", companies(2))
    rows = [*companies(1, phase="new"), *companies(3)[1:], {"sourceId": "s9", "name": {}}]
    result = planhat.write("companies", rows, dry_run=True, on_reject="continue")
    assert (result.updated, result.unchanged, result.created, result.rejected) == (1, 1, 1, 1)
    assert [each.index for each in result.rejects] == [3]
    assert len(alpha.records("companies")) == 2
    assert [request.route for request in sandbox.requests].count("bulk") == 1


@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        ({"write_mode": "create"}, {"created": 1, "skipped": 2}),
        ({"write_mode": "update"}, {"updated": 1, "unchanged": 1, "skipped": 1}),
        ({"skip_unchanged": True}, {"created": 1, "updated": 1, "unchanged": 1}),
    ],
)
def test_the_modes_of_the_target_are_there(planhat, options, outcomes):
    planhat.write("companies", companies(2))
    rows = companies(3)
    rows[0]["name"] = "new"
    result = planhat.write("companies", rows, **options)
    assert {name: getattr(result, name) for name in outcomes} == outcomes
    assert result.undecided == 0
    assert sum(result.reasons.values()) == result.skipped


def test_records_are_deleted_by_their_keys_and_each_has_its_outcome(planhat, alpha):
    planhat.write("companies", companies(4))
    identifier = by_source_id(alpha)["s3"]["_id"]
    rows = [{"sourceId": "s0", "name": {}}, {"sourceId": "none"}, {"_id": identifier}, {}]
    result = planhat.delete("companies", rows, on_reject="continue")
    assert (result.rows, result.deleted, result.skipped, result.rejected) == (4, 2, 1, 1)
    assert result.reasons == {"to be deleted but not in Planhat": 1}
    assert (result.rejects[0].index, result.rejects[0].code) == (3, "missing_key")
    assert result.rejects[0].row == rows[3]
    assert set(by_source_id(alpha)) == {"s1", "s2"}


def test_no_column_of_a_row_that_is_written_deletes_anything(planhat, alpha):
    planhat.write("companies", companies(1))
    for column in ("_sdc_deleted_at", "_ab_cdc_deleted_at", "deleted"):
        row = {"sourceId": "s0", column: "2026-01-01T00:00:00Z"}
        result = planhat.write("companies", [row], on_reject="continue")
        assert [(each.code, each.property) for each in result.rejects] == [
            ("unknown_property", column)
        ]
    assert set(by_source_id(alpha)) == {"s0"}


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()

    def __str__(self):
        return "another text"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc), "2026-01-02T03:04:05.678Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T03:04:05.000+02:00",
        ),
        (date(2026, 1, 2), "2026-01-02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Text("text"), "text"),
        (Decimal("0.10"), 0.1),
        ((1, [Colour.RED]), [1, ["red"]]),
        (MappingProxyType({"a": UUID(int=0)}), {"a": "00000000-0000-0000-0000-000000000000"}),
        (ChainMap({"a": 1}), {"a": 1}),
    ],
)
def test_values_of_pythons_own_types_arrive_as_what_they_stand_for(planhat, alpha, given, stored):
    row = OrderedDict(sourceId="s", name="n", custom={"value": given})
    assert planhat.write("companies", [MappingProxyType(row)]).created == 1
    assert by_source_id(alpha)["s"]["custom"]["value"] == stored


@pytest.mark.parametrize("value", [NAN, Decimal("NaN"), Decimal("sNaN"), [1, NAN], {"a": NAN}])
def test_nan_is_refused_unless_it_stands_for_nothing_or_null(planhat, alpha, value):
    row = {"sourceId": "s", "name": "t", "custom": {"value": value}}
    with pytest.raises(TooManyRejectsError, match=r"rows.0.: unsendable: custom holds NaN"):
        planhat.write("companies", [row])
    without = {list: [1], dict: {}}.get(type(value))
    with_null = {list: [1, None], dict: {"a": None}}.get(type(value))
    planhat.write("companies", [row], nan="absent")
    assert by_source_id(alpha)["s"]["custom"].get("value") == without
    planhat.write("companies", [row], nan="null")
    assert by_source_id(alpha)["s"]["custom"].get("value") == with_null


@pytest.mark.parametrize("nan", ["reject", "absent", "null"])
def test_infinity_and_what_json_does_not_have_are_refused_whatever_nan_means(planhat, nan):
    for value in (math.inf, Decimal("-Infinity"), 1j, b"a", {1, 2}, {1: 2}, timedelta(1), object()):
        row = {"sourceId": "s", "name": "t", "custom": {"value": value}}
        result = planhat.write("companies", [row], nan=nan, on_reject="continue")
        assert [each.code for each in result.rejects] == ["unsendable"], value


def test_a_row_that_is_deep_or_contains_itself_is_refused(planhat):
    deep: list[object] = []
    for _ in range(2_000):
        deep = [deep]
    endless: dict[str, object] = {}
    endless["again"] = endless
    rows = [{"sourceId": "s", "name": "t", "custom": value} for value in ({"a": deep}, endless)]
    result = planhat.write("companies", rows, on_reject="continue")
    assert [each.code for each in result.rejects] == ["unsendable", "unsendable"]


def test_none_is_null_and_clears_a_property_unless_nulls_are_left_out(planhat, alpha):
    planhat.write("companies", companies(1, phase="open", custom={"a": 1, "b": [2]}))
    row = {"sourceId": "s0", "phase": None, "custom": {"a": None, "b": [None, NAN]}}
    planhat.write("companies", [row], nan="null", nulls="omit")
    record = by_source_id(alpha)["s0"]
    assert (record["phase"], record["custom"]) == ("open", {"a": 1, "b": [None, None]})
    planhat.write("companies", [row], nan="absent")
    record = by_source_id(alpha)["s0"]
    assert (record.get("phase"), record["custom"]) == (None, {"a": None, "b": [None]})


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
strange = plain | st.builds(object) | st.binary() | st.complex_numbers() | st.timedeltas()


@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["sourceId", "name", "phase", "custom", "owner"]) | st.text(),
            strange,
            max_size=4,
        ),
        max_size=6,
    ),
    nan=st.sampled_from(["reject", "absent", "null"]),
    unknown=st.sampled_from(["reject", "drop"]),
)
def test_whatever_rows_hold_each_of_them_has_one_outcome(sandbox, planhat, rows, nan, unknown):
    sandbox.reset()
    given = [dict(row) for row in rows]
    result = planhat.write(
        "companies", rows, nan=nan, unknown_properties=unknown, on_reject="continue"
    )
    outcomes = ("created", "updated", "unchanged", "merged", "skipped", "deleted", "rejected")
    assert result.rows == len(rows) == sum(getattr(result, name) for name in outcomes)
    assert result.undecided == result.deleted == 0
    assert len(result.rejects) == result.rejected
    assert all(each.row == rows[each.index] for each in result.rejects)
    assert len(sandbox.tenant("alpha").records("companies")) == result.created
    assert repr(rows) == repr(given)  # NaN differs from itself
    sent = b"".join(request.body for request in sandbox.requests)
    assert b"NaN" not in sent
    assert b"Infinity" not in sent


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["abc"], "rows[0] is not a mapping from names of properties to values, but a str"),
        ([{}, 3], "rows[1] is not a mapping from names of properties to values, but a int"),
        ([{1: 2}], "rows[0] is not a mapping from names of properties to values, but a dict"),
        ({"sourceId": "s"}, "rows[0] is not a mapping from names of properties to values"),
    ],
)
def test_a_row_that_is_not_a_mapping_is_a_type_error(planhat, rows, sentence):
    with pytest.raises(TypeError) as failed:
        planhat.write("companies", rows, on_reject="continue", missing_key="create")
    assert str(failed.value).startswith(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"match_one": ["sourceId"]}, "match_one is not a setting; did you mean match_on?"),
        ({"match_on": "sourceId"}, "match_on must be a list of strings"),
        ({"match_on": None}, "match_on must be a list of strings"),
        ({"on_rejected": []}, "on_rejected must be a function"),
        ({"on_progress": "print"}, "on_progress must be a function"),
        ({"match_on": ["email"]}, "match_on: companies have no keyable called email"),
        ({"nan": "zero"}, "nan must be one of reject, absent, null"),
        ({"on_reject": "ignore"}, "on_reject must be one of fail, continue"),
        ({"max_rejects": -1}, "max_rejects must be at least 0"),
        ({"batch_size_rows": 5001}, "batch_size_rows must be between 1 and 5000"),
        ({"write_mode": None}, "write_mode must be"),
    ],
)
def test_a_wrong_option_is_a_sentence_before_anything_is_sent(planhat, sandbox, options, sentence):
    with pytest.raises(ConfigurationError) as failed:
        planhat.write("companies", companies(1), **options)
    assert str(failed.value).startswith(sentence)
    assert not sandbox.requests


def test_a_model_that_is_only_read_is_not_written(planhat, sandbox):
    read_only = next(name for name, model in planhat.models.items() if not model.is_written)
    with pytest.raises(ConfigurationError, match=f"{read_only} can only be read"):
        planhat.write(read_only, [{"name": "a"}])
    assert not sandbox.requests


def test_unknown_properties_are_refused_or_left_out(planhat):
    row = {"sourceId": "s", "name": "t", "namme": "x"}
    with pytest.raises(TooManyRejectsError, match=r"did you mean name\? \(property namme\)"):
        planhat.write("companies", [row])
    assert planhat.write("companies", [row], unknown_properties="drop").created == 1


def test_what_was_read_can_be_written_again_as_it_is(sandbox, planhat, alpha):
    for row in companies(3, custom={"n": 0.1, "long": Decimal("0.1234567890123456789")}):
        alpha.insert("companies", row)
    with Planhat("token-b", api_url=sandbox.url, requests_per_minute=0) as beta:
        copied = (
            {name: value for name, value in record.items() if name != "_id"}
            for record in planhat.read("companies")
        )
        assert beta.write("companies", copied, match_on=["sourceId"]).created == 3
    numbers = [record["custom"] for record in sandbox.tenant("beta").records("companies")]
    assert numbers == [record["custom"] for record in alpha.records("companies")]
    assert json.dumps(numbers, default=str).count("0.1234567890123456789") == 3


def test_a_write_that_gives_up_says_what_it_has_done(sandbox):
    sandbox.fault("status", status=503, route="bulk")
    planhat = Planhat("token-a", api_url=sandbox.url, requests_per_minute=0, retry_budget_seconds=0)
    with planhat, pytest.raises(GaveUpError) as failed:
        planhat.write("companies", companies(3))
    assert (failed.value.result.rows, failed.value.result.undecided) == (3, 3)


@given(
    faults=st.lists(
        st.tuples(
            st.sampled_from(["reset-before", "reset-after", "cut-body", "status"]),
            st.integers(1, 6),
        ),
        max_size=4,
    ),
    size=st.integers(1, 40),
    concurrency=st.sampled_from([1, 3]),
)
def test_whatever_fails_rows_that_are_written_again_are_there_once(
    sandbox, faults, size, concurrency
):
    sandbox.reset()
    rows = companies(size)
    for name, nth in faults:
        sandbox.fault(name, route="bulk", nth=nth, **({"status": 500} if name == "status" else {}))
    settings = {"requests_per_minute": 0, "retry_budget_seconds": 0}
    with Planhat("token-a", api_url=sandbox.url, **settings) as planhat:
        for _ in range(10):
            try:
                result = planhat.write(
                    "companies", iter(rows), batch_size_rows=7, concurrency=concurrency
                )
                break
            except PlanhatError as error:
                known = error.result
                assert known.rows == known.created + known.unchanged + known.undecided
                assert known.created + known.unchanged <= len(
                    sandbox.tenant("alpha").records("companies")
                )
    assert result.rows == result.created + result.unchanged == size
    stored = sandbox.tenant("alpha").records("companies")
    assert sorted(record["sourceId"] for record in stored) == sorted(
        row["sourceId"] for row in rows
    )
