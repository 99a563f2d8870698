"""Messages of unknown types are ignored with one warning for each type, but never a record."""

from __future__ import annotations

import pytest

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.unknown_messages import MOST_TYPES

ELSEWHERE = [
    {"type": "LOG", "level": "INFO", "message": "read 5 pages"},
    {"type": "LOG", "log": {"level": "INFO", "message": "read 5 pages"}},
    {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "m"}}},
    {"type": "CONTROL", "connectorConfig": {}},
    {"type": "FILE", "stream": "files", "file": {"path": "a.csv"}},
    {"type": "METRIC", "value": 1, "record": 5},
    # Fields that mean something else in the messages that are known.
    {"type": "PROGRESS", "stream": None, "schema": "public", "record": "7 of 9", "manifest": {}},
    {"type": "PROGRESS", "stream": 7, "encoding": "utf-8"},
    {"type": "x" * 500},
    {"type": "\x1b[31mred"},
    b'{"type": "LOG", "value": NaN}',
]


def warnings(caplog):
    """Return a function that returns the warnings about unknown types."""
    caplog.clear()
    return lambda: [
        record.getMessage()
        for record in caplog.records
        if "the unknown type" in record.getMessage()
    ]


@pytest.mark.parametrize("message", ELSEWHERE)
def test_a_message_of_an_unknown_type_is_ignored_with_one_warning(bench, caplog, message):
    said = warnings(caplog)
    company = bench.company()
    record = bench.record(sourceId="a", title="t", companyIds=[company])
    ran = bench.run([message, bench.schema(), message, record, message, bench.state(1), message])
    assert ran.error is None, repr(ran.error)
    assert ran.counts["issues"]["created"] == 1
    assert ran.states == [{"bookmarks": {"at": 1}}]
    assert len(said()) == 1
    assert said()[0].startswith("line 1 of the input is a message of the unknown type '")
    assert len(said()[0]) < 200
    assert "\x1b" not in said()[0]


def test_each_unknown_type_has_its_own_warning(bench, caplog):
    said = warnings(caplog)
    messages = [{"type": name} for name in ("LOG", "FILE", "LOG", "TRACE", "FILE")]
    assert bench.run([bench.schema(), *messages]).error is None
    assert [message.split("'")[1] for message in said()] == ["LOG", "FILE", "TRACE"]
    assert "other unknown types" not in caplog.text


def test_many_types_are_counted_in_one_line(bench, caplog):
    said = warnings(caplog)
    messages = [{"type": f"T{number}"} for number in range(500)]
    assert bench.run([bench.schema(), *messages, *messages]).error is None
    assert len(said()) == MOST_TYPES
    assert "980 messages of other unknown types were ignored" in caplog.text


def test_the_count_is_logged_when_the_run_fails_too(bench, caplog):
    messages = [{"type": f"T{number}"} for number in range(MOST_TYPES + 1)]
    assert isinstance(bench.run([bench.schema(), *messages, b"nonsense"]).error, InputError)
    assert "1 message of other unknown types was ignored" in caplog.text


@pytest.mark.parametrize(
    "name",
    ["record", "Record", "state", "Schema", "batch", "activate_version", " RECORD", "RECORD\n"],
)
def test_a_known_type_that_is_spelt_differently_is_refused_and_nothing_is_dropped(bench, name):
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[company]),
        bench.state(1),
        {**bench.record(sourceId="b", title="t", companyIds=[company]), "type": name},
        bench.state(2),
    ]
    ran = bench.run(lines)
    assert isinstance(ran.error, InputError)
    assert f"line 4 of the input is a message of type {name!r}" in str(ran.error)
    assert f"the type of a Singer message is written {name.strip().upper()}" in str(ran.error)
    assert ran.counts["issues"]["created"] == 1
    assert ran.states == [{"bookmarks": {"at": 1}}]


@pytest.mark.parametrize("more", [{}, {"schema": "public"}])
def test_a_record_under_an_unknown_type_is_refused_since_a_state_would_acknowledge_it(bench, more):
    upsert = {"type": "UPSERT", "stream": "issues", "record": {"title": "s3cr3t"}, **more}
    ran = bench.run([bench.schema(), bench.state(1), upsert, bench.state(2)])
    assert isinstance(ran.error, InputError)
    assert "line 3 of the input is a message of the unknown type 'UPSERT'" in str(ran.error)
    assert "contains a record, which would be lost" in str(ran.error)
    assert "s3cr3t" not in str(ran.error)
    assert ran.states == [{"bookmarks": {"at": 1}}]


@pytest.mark.parametrize("name", ["", "  ", None, 7, ["RECORD"], {}])
def test_a_message_without_a_type_ends_the_run(bench, name):
    ran = bench.run([bench.schema(), {"type": name}])
    assert isinstance(ran.error, InputError)
    assert "line 2 of the input is not a Singer message: it has no type" in str(ran.error)


def test_fields_that_a_message_of_a_known_type_does_not_have_are_ignored(bench):
    company = bench.company()
    record = bench.record(sourceId="a", title="t", companyIds=[company])
    lines = [
        {**bench.schema(), "value": 1, "manifest": "m"},
        {**record, "schema": "public", "encoding": "utf-8"},
        {**bench.state(1), "stream": None, "schema": "public"},
    ]
    ran = bench.run(lines)
    assert ran.error is None, repr(ran.error)
    assert ran.counts["issues"]["created"] == 1
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_the_log_lines_of_a_tap_do_not_end_the_process(bench, target):
    company = bench.company()
    lines = [
        {"type": "LOG", "message": "begun"},
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[company]),
        {"type": "LOG", "message": "done"},
        bench.state(1),
    ]
    run = target(config=bench.config(), stdin=bench.lines(lines))
    assert run.code == 0
    assert run.messages == [{"bookmarks": {"at": 1}}]
    assert run.stderr.count("of the unknown type 'LOG'") == 1
