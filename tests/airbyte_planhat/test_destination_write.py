"""The destination writes every record, and returns every state when its records are there."""

from __future__ import annotations

import json
import math

import pytest
from destination_runs import record, run_destination, state, stream

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.unknown_messages import MOST_TYPES

KEYED = {"match_on": ["sourceId"]}


@pytest.fixture
def base(sandbox):
    """Settings for the sandbox's first tenant."""
    return {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}


@pytest.fixture
def issue(company):
    """``issue("s1", title="t")``: a RECORD of an issue."""

    def make(key, /, **fields):
        return record(
            "issues", **{"sourceId": key, "companyIds": [company], "title": key, **fields}
        )

    return make


@pytest.fixture
def titles(tenant):
    return lambda: {each["sourceId"]: each["title"] for each in tenant.records("issues")}


def test_each_state_is_returned_in_order_when_its_records_are_there(base, issue, titles):
    messages = []
    for number in range(6):
        messages += [issue(f"s{number}"), state(number, count=1.0)]
    ran = run_destination(
        {**base, **KEYED, "batch_size_rows": 2}, messages, look=lambda: len(titles())
    )
    assert ran.error is None
    assert [each["stream"]["stream_state"]["at"] for each in ran.states] == list(range(6))
    assert all(there > at for at, there in enumerate(ran.seen))
    assert ran.stats == [(1.0, 0.0)] * 6


def test_a_state_is_returned_as_received_with_the_numbers_of_the_destination(base):
    text = (
        '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"issues",'
        '"namespace":null},"stream_state":{"a":1.50,"b":1e400}},"sourceStats":{"recordCount":0.0},'
        '"id":7,"of_tomorrow":[1.0]}}'
    )
    ran = run_destination({**base, **KEYED}, [text.encode()] * 2)
    numbers = '"destinationStats":{"recordCount":0.0,"rejectedRecordCount":0.0}'
    assert ran.lines == [f"{text[:-2]},{numbers}}}}}"] * 2


@pytest.mark.parametrize("kind", ["GLOBAL", "LEGACY", None])
def test_a_state_of_all_streams_counts_the_records_of_all(base, issue, kind):
    content = {"GLOBAL": {"global": {"stream_states": []}}}.get(kind, {"data": {"a": 1}})
    message = {"type": "STATE", "state": {**({"type": kind} if kind else {}), **content}}
    ran = run_destination({**base, **KEYED}, [issue("a"), issue("b"), message, message])
    assert [each.pop("destinationStats")["recordCount"] for each in ran.states] == [2.0, 0.0]
    assert ran.states == [message["state"]] * 2


def test_the_states_of_two_streams_count_their_own_records(base, issue, company):
    objective = record("objectives", sourceId="o", companyId=company, name="o")
    messages = [issue("a"), objective, issue("b"), state(1), state(2, "objectives"), state(3)]
    ran = run_destination({**base, **KEYED}, messages, stream(), stream("objectives"))
    assert ran.stats == [(2.0, 0.0), (1.0, 0.0), (0.0, 0.0)]


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_what_is_written_twice_is_there_once(base, issue, titles, mode):
    for number in range(2):
        messages = [issue("a", title=f"a{number}"), issue("b", title=f"b{number}")]
        ran = run_destination({**base, **KEYED}, messages, stream(destination_sync_mode=mode))
        assert ran.error is None
    assert titles() == {"a": "a1", "b": "b1"}


@pytest.mark.parametrize(
    "asked",
    [
        {"destination_sync_mode": "overwrite"},
        {"destination_sync_mode": "overwrite_dedup"},
        {"destination_sync_mode": "soft_delete"},
        {"destination_sync_mode": "update"},
        {"generation_id": 3, "minimum_generation_id": 3},
        {"generation_id": 3, "minimum_generation_id": 2},
    ],
)
def test_what_would_remove_records_is_refused_before_the_first_request(base, sandbox, issue, asked):
    sent = len(sandbox.requests)
    ran = run_destination({**base, **KEYED}, [issue("a")], stream(**asked))
    assert isinstance(ran.error, ConfigurationError)
    assert "stream issues" in str(ran.error)
    assert len(sandbox.requests) == sent


def test_a_generation_that_keeps_what_is_there_is_written(base, issue, titles):
    asked = stream(generation_id=3, minimum_generation_id=0, sync_id=9)
    assert run_destination({**base, **KEYED}, [issue("a")], asked).error is None
    assert titles() == {"a": "a"}


def test_the_columns_of_airbyte_are_left_out_without_a_word(base, issue, tenant):
    message = issue(
        "a", _airbyte_raw_id="x", _airbyte_meta={"a": 1}, _ab_cdc_updated_at="y", _airbyte_new=1
    )
    ran = run_destination({**base, **KEYED}, [message, state(1)])
    assert (ran.error, ran.warnings) == (None, [])
    (written,) = tenant.records("issues")
    assert not [name for name in written if name.startswith("_a")]


@pytest.mark.parametrize("columns", [(), ("sourceid", "companyids", "TITLE")])
def test_the_case_of_a_column_does_not_matter(base, company, titles, columns):
    message = record(sourceid="a", companyids=[company], TITLE="t")
    ran = run_destination({**base, **KEYED}, [message, message], stream("issues", *columns))
    assert (ran.error, ran.warnings) == (None, [])
    assert titles() == {"a": "t"}


def test_two_columns_that_differ_by_case_alone_are_not_confused(base, issue, titles):
    ran = run_destination({**base, **KEYED}, [issue("a", TITLE="other")])
    assert "TITLE" in ran.warnings[0]
    assert titles() == {"a": "a"}
    ran = run_destination({**base, **KEYED}, [issue("b", Title="x", TITLE="y")])
    assert "2 properties that issues does not have" in ran.warnings[0]
    assert titles()["b"] == "b"


def test_a_column_of_which_the_catalog_has_two_is_read_alike_by_both_paths(base, issue, titles):
    columns = stream("issues", "sourceId", "sourceid", "title", "companyIds")
    for more in ({}, {"not_announced": 1}):
        message = issue("a", sourceid="b", **more)
        del message["record"]["data"]["sourceId"]
        ran = run_destination({**base, **KEYED}, [message], columns)
        assert "1 record was rejected" in str(ran.error)
    assert titles() == {}


@pytest.mark.parametrize(("deletes", "left"), [("ignore", 2), ("delete", 1)])
def test_a_deletion_does_what_the_setting_says(base, issue, titles, deletes, left):
    gone = record(sourceId="a", _ab_cdc_deleted_at="2026-01-01T00:00:00Z")
    kept = issue("b", _ab_cdc_deleted_at=None)
    ran = run_destination({**base, **KEYED, "deletes": deletes}, [issue("a"), kept, gone, state(1)])
    assert (ran.error, ran.stats) == (None, [(3.0, 0.0)])
    assert len(titles()) == left


def test_a_dry_run_returns_no_state_and_writes_nothing(base, issue, titles):
    config = {**base, **KEYED, "dry_run": True}
    ran = run_destination(config, [issue("a"), record(sourceId="b", title=7.5), state(1)])
    assert ran.states == []
    assert titles() == {}


def test_records_are_taken_for_those_of_their_own_stream(base, company, tenant):
    """Two streams have names that cross over, one has a namespace."""
    crossed = [
        stream("issues", destination_object_name="objectives"),
        stream("objectives", namespace="n", destination_object_name="issues"),
    ]
    messages = [
        record("issues", sourceId="o", companyId=company, name="an objective"),
        record("objectives", namespace="n", sourceId="i", companyIds=[company], title="an issue"),
    ] * 2
    states = [state(1), state(2, "objectives", namespace="n")]
    ran = run_destination({**base, **KEYED}, messages + states, *crossed)
    assert (ran.error, ran.stats) == (None, [(2.0, 0.0), (2.0, 0.0)])
    assert [each["name"] for each in tenant.records("objectives")] == ["an objective"]
    assert [each["title"] for each in tenant.records("issues")] == ["an issue"]


def test_two_streams_of_one_model_count_their_own_records(base, issue, titles):
    def of(namespace, key):
        message = issue(key)
        message["record"]["namespace"] = namespace
        return message

    messages = [of("x", "a"), of("y", "b"), of("y", "c"), of("x", "d"), of("y", "e")]
    states = [state(1, namespace="x"), state(2, namespace="y")]
    streams = [stream(namespace=each) for each in ("x", "y")]
    ran = run_destination({**base, **KEYED}, messages + states, *streams)
    assert (ran.error, ran.stats) == (None, [(2.0, 0.0), (3.0, 0.0)])
    assert len(titles()) == 5


def test_mappings_decide_what_a_stream_becomes(base, company, tenant):
    mapping = {
        "stream": "tickets",
        "model": "issues",
        "set": {"sourceId": "id", "companyIds": {"value": [company]}, "title": "summary"},
    }
    config = {**base, "mappings": [mapping], "deletes": "delete"}
    messages = [
        record("tickets", id="1", summary="one"),
        record("tickets", id="2", summary="two"),
        record("tickets", id="2", _ab_cdc_deleted_at="2026-01-01T00:00:00Z"),
        record("users", id="u"),
        state(1, "tickets"),
        state(2, "users"),
    ]
    streams = [stream("tickets", primary_key=[["id"]]), stream("users")]
    ran = run_destination(config, messages, *streams)
    assert (ran.error, ran.stats) == (None, [(3.0, 0.0), (1.0, 0.0)])
    assert [each["title"] for each in tenant.records("issues")] == ["one"]
    assert ran.counts["users"]["skipped"] == 1


@pytest.mark.parametrize("name", ["not_a_model", "workflows"])
def test_a_stream_that_is_written_nowhere_is_refused(base, sandbox, name):
    sent = len(sandbox.requests)
    ran = run_destination(base, [], stream(name))
    assert isinstance(ran.error, ConfigurationError)
    assert f"names the stream {name}" in str(ran.error)
    assert len(sandbox.requests) == sent


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"x", "line 3 of the input is not JSON"),
        (b"[1]", "line 3 of the input is not an Airbyte message"),
        (b'{"record":{}}', "line 3 of the input is not an Airbyte message"),
        (b'{"type":"RECORD"}', "line 3 of the input is a RECORD without a record"),
        (b'{"type":"RECORD","record":7}', "line 3 of the input is not a valid RECORD message"),
        (b'{"type":"RECORD","record":{"stream":"issues"}}', "is a RECORD without a record"),
        (
            b'{"type":"RECORD","record":{"stream":"issues","data":[]}}',
            "is a RECORD without a record",
        ),
        (b'{"type":"RECORD","record":{"stream":"issues","data":{"x":NaN}', "is not JSON"),
        (b'{"type":"RECORD","record":{"stream":"other","data":{}}}', "does not name"),
        (b'{"type":"RECORD","record":{"stream":"issues","namespace":"n","data":{}}}', "not name"),
        (b'{"type":"STATE"}', "line 3 of the input is a STATE that cannot be returned"),
        (b'{"type":"STATE","state":{"stream":1}}', "is a STATE that cannot be returned"),
        (b'{"type":"STATE","state":{"data":NaN}}', "is a STATE that cannot be returned"),
        (b'{"type":"STATE","state":{"data":"\xff"}}', "is not JSON"),
        (
            b'{"type":"ROW","record":{"stream":"issues","data":{}}}',
            "of the unknown type 'ROW', and contains a record",
        ),
        (b'{"type":"record","record":{}}', "is not a valid record message"),
        (b'{"type":" STATE"}', "the type of an Airbyte message is written STATE"),
        (b'{"type":"NOTE","state":{"data":NaN}}', "of the unknown type 'NOTE'"),
        (
            b'{"type":"NOTE","state":{}}',
            "of the unknown type 'NOTE', and contains a record or a state",
        ),
    ],
)
def test_a_line_that_is_wrong_ends_the_run_behind_what_came_before(
    base, issue, titles, line, sentence
):
    ran = run_destination({**base, **KEYED}, [issue("a"), state(1), line, issue("b"), state(2)])
    assert isinstance(ran.error, InputError)
    assert sentence in str(ran.error)
    assert "\n" not in str(ran.error)
    assert titles() == {"a": "a"}
    assert len(ran.states) == 1


def test_messages_that_concern_no_destination_are_ignored(base, issue, titles):
    others = [
        {"type": "LOG", "log": {"level": "INFO", "message": "reading"}},
        {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.0}},
        b"",
        b"  ",
        {"type": "OF_TOMORROW", "tomorrow": {}},
        {"type": "OF_TOMORROW", "tomorrow": {}},
    ]
    ran = run_destination({**base, **KEYED}, [*others, issue("a"), *others, state(1)])
    assert ran.error is None
    (warning,) = ran.warnings
    assert warning.startswith("line 5 of the input is a message of the unknown type 'OF_TOMORROW'")
    assert titles() == {"a": "a"}


def test_unknown_types_beyond_the_first_ones_are_counted_at_the_end_however_the_run_ends(base):
    unknown = [{"type": f"NOTE {number}"} for number in range(MOST_TYPES + 2)]
    for end in ([], [b"x"]):
        ran = run_destination({**base, **KEYED}, [*unknown, *end])
        assert bool(ran.error) is bool(end)
        assert len(ran.warnings) == MOST_TYPES + 1
        assert ran.warnings[-1] == "2 messages of other unknown types were ignored"


def test_a_number_that_json_does_not_have_is_a_reject(base, issue, titles):
    ran = run_destination(
        {**base, **KEYED}, [json.dumps(issue("a", custom={"n": math.nan})).encode(), state(1)]
    )
    assert "custom holds NaN or Infinity" in str(ran.error)
    assert (titles(), ran.states) == ({}, [])


def test_so_many_states_that_they_fill_the_memory_have_their_records_sent(
    base, issue, titles, monkeypatch
):
    monkeypatch.setattr("planhat_sync.writing.results.every_state.MOST_STATES", 3)
    messages = [each for key in "abcdefg" for each in (issue(key), state(key))]
    ran = run_destination({**base, **KEYED}, messages, look=lambda: len(titles()))
    assert [each["stream"]["stream_state"]["at"] for each in ran.states] == list("abcdefg")
    assert ran.seen == [3, 3, 3, 6, 6, 6, 7]


def test_states_do_not_end_the_batches_of_a_dry_run(base, issue, monkeypatch):
    monkeypatch.setattr("planhat_sync.writing.results.every_state.MOST_STATES", 1)
    messages = [issue("a"), state(1), issue("a", title="newer")]
    counts = [
        run_destination({**base, **KEYED, "dry_run": dry_run}, messages).counts["issues"]
        for dry_run in (True, False)
    ]
    assert [each["merged"] for each in counts] == [1, 0]
