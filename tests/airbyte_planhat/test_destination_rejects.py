"""Rejects of the destination: counted, shown, kept as messages, and written again from them."""

from __future__ import annotations

import json
import stat

import pytest
from airbyte_protocol import parse_all
from destination_runs import lines_of, record, run_destination, state, stream
from hypothesis import given
from hypothesis import strategies as st

from airbyte_planhat.destination.input import PROTOCOL, READER, key_of, values_of
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.results.rejects import TooManyRejectsError

BAD = {"title": {"not": "a text"}}


@pytest.fixture
def base(sandbox):
    """Settings for the sandbox's first tenant."""
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "match_on": ["sourceId"],
    }


@pytest.fixture
def continuing(base, tmp_path):
    """Settings with which a run continues after a reject."""
    return {**base, "on_reject": "continue", "rejects_path": str(tmp_path / "rejects.jsonl")}


@pytest.fixture
def issue(sandbox):
    """``issue("s1", title="t")``: a RECORD of an issue."""
    company = sandbox.tenant("alpha").insert("companies", {"name": "Acme"})["_id"]

    def make(key, /, **fields):
        usual = {"sourceId": key, "companyIds": [company], "title": key}
        return record("issues", **usual | fields)

    return make


@pytest.fixture
def titles(sandbox):
    tenant = sandbox.tenant("alpha")
    return lambda: {each["sourceId"]: each["title"] for each in tenant.records("issues")}


def kept(config):
    with open(config["rejects_path"], "rb") as file:  # noqa: PTH123 - a setting
        return [json.loads(line) for line in file]


def test_a_reject_ends_the_run_behind_what_came_before_it(base, issue, titles):
    messages = [issue("a"), state(1), issue("b"), issue("c", **BAD), state(2), issue("d")]
    ran = run_destination(base, messages)
    assert isinstance(ran.error, TooManyRejectsError)
    assert "1 record was rejected" in str(ran.error)
    assert titles() == {"a": "a", "b": "b"}
    assert [each["stream"]["stream_state"]["at"] for each in ran.states] == [1]


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_process_says_what_was_rejected(warm, base, issue, tmp_path, dry_run):
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps({"streams": [stream()]}))
    ran = warm(
        "destination-planhat",
        "write",
        "--catalog",
        str(catalog),
        config={**base, "dry_run": dry_run},
        stdin=lines_of([issue("a"), state(1), issue("b", **BAD), state(2)]),
    )
    messages = parse_all(ran.stdout)
    assert ran.code == 1
    stats = [each.state.destinationStats.recordCount for each in messages if each.state]
    assert stats == ([] if dry_run else [1.0])
    assert messages[-1].trace.error.failure_type.value == "config_error"
    assert len(ran.stderr.splitlines()) == 1
    assert ran.last_line == f"destination-planhat: {messages[-1].trace.error.message}"
    shown = [each.log.message for each in messages if each.log and each.log.level.value == "WARN"]
    assert len(shown) == 1
    logged = [each.log.message for each in messages if each.log]
    assert (logged[0] == "dry run: nothing is written") is dry_run
    would = "would be " if dry_run else ""
    assert shown[0].startswith(f"{would}rejected: line 3, issues: wrong_type: title")


def test_rejects_are_counted_in_the_state_behind_them(continuing, issue, titles):
    messages = [
        issue("a", **BAD),
        issue("b"),
        state(1, count=2.0),
        issue("c", companyIds=[]),  # which Planhat refuses
        issue("d", **BAD),
        state(2, count=2.0),
        issue("e"),
        state(3, count=1.0),
    ]
    ran = run_destination(continuing, messages)
    assert ran.error is None
    assert ran.stats == [(1.0, 1.0), (0.0, 2.0), (1.0, 0.0)]
    for each in ran.states:
        assert sum(each["destinationStats"].values()) == each["sourceStats"]["recordCount"]
    assert titles() == {"b": "b", "e": "e"}


def test_rejects_are_messages_as_received_with_a_reason(continuing, issue, tmp_path):
    message = issue("a", **BAD)
    message["record"] |= {"namespace": "n", "meta": {"changes": []}}
    run_destination(continuing, [message], stream(namespace="n"))
    (line,) = kept(continuing)
    reject = line.pop("reject")
    assert line == message
    assert (reject["code"], reject["property"], reject["line"]) == ("wrong_type", "title", 1)
    assert reject["rejected_at"].endswith("Z")
    assert stat.S_IMODE((tmp_path / "rejects.jsonl").stat().st_mode) == 0o600


def test_corrected_rejects_are_written_again_and_the_rest_is_kept(
    continuing, issue, titles, tmp_path
):
    run_destination(continuing, [issue("a", **BAD), issue("b", **BAD)])
    path = tmp_path / "rejects.jsonl"
    first = [each["reject"]["rejected_at"] for each in kept(continuing)]
    path.write_text(path.read_text().replace('{"not": "a text"}', '"corrected"', 1))
    ran = run_destination(continuing, [], path=path)
    assert ran.error is None
    assert titles() == {"a": "corrected"}
    (line,) = kept(continuing)
    assert line["record"]["data"]["sourceId"] == "b"
    assert line["reject"]["rejected_at"] == first[1]
    assert (tmp_path / "rejects.jsonl.replayed-1").exists()


@pytest.mark.parametrize(("over_newer", "title"), [(False, "by hand"), (True, "corrected")])
def test_a_reject_does_not_replace_what_is_newer(
    continuing, issue, sandbox, titles, tmp_path, over_newer, title
):
    tenant = sandbox.tenant("alpha")
    run_destination(continuing, [issue("a", **BAD)])
    (line,) = kept(continuing)
    company = line["record"]["data"]["companyIds"]
    tenant.insert("issues", {"sourceId": "a", "title": "by hand", "companyIds": company})
    path = tmp_path / "rejects.jsonl"
    line["reject"]["rejected_at"] = "2020-01-01T00:00:00.000Z"
    line["record"]["data"]["title"] = "corrected"
    path.write_text(json.dumps(line) + "\n")
    ran = run_destination({**continuing, "replay_over_newer": over_newer}, [], path=path)
    assert ran.error is None
    assert titles() == {"a": title}
    if not over_newer:
        assert [each["reject"]["code"] for each in kept(continuing)] == ["newer_in_planhat"]


def test_a_file_of_something_else_is_not_appended_to(continuing, issue, tmp_path):
    (tmp_path / "rejects.jsonl").write_text('{"type":"SCHEMA","stream":"issues"}\n')
    ran = run_destination(continuing, [issue("a", **BAD)])
    assert isinstance(ran.error, ConfigurationError)
    assert "holds something other than rejects" in str(ran.error)


def test_a_cut_line_of_a_reject_is_recognized(continuing, issue, tmp_path):
    (tmp_path / "rejects.jsonl").write_text('{"type": "RECORD", "rec')
    assert run_destination(continuing, [issue("a", **BAD)]).error is None


def test_more_rejects_than_are_allowed_fail_the_run(continuing, issue):
    messages = [issue(str(number), **BAD) for number in range(3)]
    ran = run_destination({**continuing, "max_rejects": 1}, messages)
    assert isinstance(ran.error, TooManyRejectsError)
    assert "more than max_rejects (1)" in str(ran.error)


NAMES = st.text(max_size=5).filter(lambda text: text.isprintable())


@given(NAMES, NAMES | st.none(), st.dictionaries(NAMES, st.integers() | st.none(), max_size=3))
def test_a_line_is_read_alike_by_all_paths(name, namespace, data):
    message = record(name, namespace=namespace, **{f"x{key}": each for key, each in data.items()})
    line = json.dumps(message, ensure_ascii=False).encode()
    key = (namespace or None, name)
    read = READER.read(line, 1)
    assert key_of(line) == PROTOCOL.stream_of(read) == read.record.key == key
    found = json.loads(bytes(PROTOCOL.record_of(read)))
    assert found == values_of(read, dict, line, 1).record == message["record"]["data"]
    message["reject"] = {"code": "wrong_type"}
    rejected = READER.read(json.dumps(message).encode(), 1)
    assert PROTOCOL.stream_of(rejected) is None  # it is taken as values
