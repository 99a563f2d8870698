"""When a source counts as complete: what each kind of tap prints, cut off anywhere or not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_planhat.completeness import Completeness

NOW = 1_800_000_000
ENDED = NOW + 3_600
VERSION = NOW + 1
RECORD, ACTIVATE = "R", "A"


def line(stream="s", version=VERSION, **fields):
    return json.dumps({"type": "RECORD", "stream": stream, "version": version, **fields}).encode()


def seen(*messages, began=NOW, stream="s", models=("issues",)):
    """Return what is known after messages: a version for ACTIVATE_VERSION, bytes for a RECORD."""
    completeness = Completeness(began)
    completeness.announce(stream, models)
    for message in messages:
        if isinstance(message, bytes):
            completeness.add_records(stream, message, message)
        else:
            completeness.activate(stream, json.dumps({"version": message}).encode())
    return completeness


def reason(*messages, vouched_for=False, **how):
    return seen(*messages, **how).sources(ENDED, vouched_for=vouched_for)["issues"].incomplete


def test_records_and_then_their_version_are_a_complete_source():
    assert reason(line(), VERSION) is None
    assert reason(line(), line(), line(), VERSION) is None
    assert reason(line(version=VERSION * 1000), VERSION * 1000) is None, "in milliseconds"


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ((), "no ACTIVATE_VERSION of s came"),
        ((line(),), "no ACTIVATE_VERSION of s came"),
        ((VERSION,), "no record of s came before its ACTIVATE_VERSION"),
        ((VERSION, line()), "records of s came after its ACTIVATE_VERSION"),
        ((VERSION, line(), VERSION), "came more than once"),
        ((line(), VERSION, VERSION), "came more than once"),
        ((line(), VERSION, line(), VERSION), "came more than once"),
        ((line(), VERSION, line()), "records of s came after"),
        ((line(version=None), VERSION), "do not carry the version"),
        ((line(), line(version=None), VERSION), "do not carry the version"),
        ((line(version=VERSION + 1), line(), VERSION), "do not carry the version"),
        ((line(version=str(VERSION)), str(VERSION)), "do not carry the version"),
        ((line(version=True), True), "do not carry the version"),
        ((b'{"record": {"x": NaN}}', VERSION), "do not carry the version"),
        ((line(version=NOW - 61), NOW - 61), "older than this read"),
        ((line(version=7), 7), "older than this read"),
        ((line(version=0), 0), "older than this read"),
        ((line(version=-1), -1), "older than this read"),
        ((line(version=ENDED + 1), ENDED + 1), "is not the time of this read"),
        ((line(version=2**60), 2**60), "is not the time of this read"),
    ],
)
def test_anything_else_is_not(messages, why):
    assert why in reason(*messages)


def test_an_absurdly_great_version_proves_nothing():
    for digits in (400, 4000, 5000):
        raw = b'{"type": "RECORD", "stream": "s", "version": 1%s}' % (b"0" * digits)
        completeness = Completeness(NOW)
        completeness.announce("s", ("issues",))
        completeness.add_records("s", raw, raw)
        completeness.activate("s", raw)
        assert completeness.sources(ENDED)["issues"].incomplete is not None


def test_the_version_may_be_as_old_as_the_first_record_of_the_input():
    read_at = NOW - 86_400
    extracted = "2027-01-14T08:00:00Z"
    assert "older than this read" in reason(line(version=read_at), read_at)
    first = line(version=read_at, time_extracted=extracted)
    assert reason(first, read_at) is None
    assert "older than this read" in reason(
        line(version=read_at - 61, time_extracted=extracted), read_at - 61
    )


def test_a_read_that_a_state_in_front_of_it_continues_is_only_a_part():
    completeness = Completeness(NOW)
    completeness.announce("s", ("issues",))
    completeness.add_state(b'{"bookmarks": {"s": {"version": %d, "last_pk_fetched": 7}}}' % VERSION)
    completeness.add_records("s", line(), line())
    completeness.activate("s", line())
    assert "names its version" in completeness.sources(ENDED)["issues"].incomplete


def test_states_of_other_reads_and_behind_the_records_prove_nothing():
    completeness = Completeness(NOW)
    completeness.announce("s", ("issues",))
    completeness.add_state(b'{"bookmarks": {"s": {"version": %d}}}' % (VERSION - 1))
    completeness.add_records("s", line(), line())
    completeness.add_state(b'{"bookmarks": {"s": {"version": %d}}}' % VERSION)
    completeness.add_records("s", line(), line())
    completeness.activate("s", line())
    assert completeness.sources(ENDED)["issues"].incomplete is None


def test_who_vouches_for_a_file_needs_no_version():
    assert reason(vouched_for=True) is None
    assert reason(line(), vouched_for=True) is None
    assert reason(VERSION, line(), vouched_for=True) is None


@pytest.mark.parametrize("at", [0, 1])
def test_a_file_of_rejects_is_never_complete(at):
    lines = [line(), line()]
    lines[at] = line(reject={"code": "refused"})
    assert "rejects of an earlier run" in reason(*lines, vouched_for=True)


def test_a_model_is_complete_if_all_its_streams_are():
    completeness = Completeness(NOW)
    for stream in ("a", "b"):
        completeness.announce(stream, ("issues",))
        completeness.add_records(stream, line(stream), line(stream))
        completeness.activate(stream, line(stream))
    completeness.announce("c", ("objectives",))
    sources = completeness.sources(ENDED)
    assert sources["issues"].incomplete is None
    assert "no ACTIVATE_VERSION of c" in sources["objectives"].incomplete
    completeness.add_records("a", line("a"), line("a"))
    assert "records of a came after" in completeness.sources(ENDED)["issues"].incomplete


@pytest.mark.parametrize("vouched_for", [True, False])
def test_a_stream_that_is_expected_and_never_came_makes_its_models_incomplete(vouched_for):
    completeness = seen(line(), VERSION)
    completeness.expect("t", ("issues", "objectives"))
    sources = completeness.sources(ENDED, vouched_for=vouched_for)
    assert "no SCHEMA of t came" in sources["issues"].incomplete
    assert set(sources) == {"issues"}, "no SCHEMA is for objectives"
    completeness.announce("t", ("issues",))
    assert "no SCHEMA" not in (completeness.sources(ENDED)["issues"].incomplete or "")


def test_a_model_without_a_stream_has_no_source():
    assert set(seen(line(), VERSION, models=()).sources(ENDED)) == set()


def test_a_source_was_read_when_its_earliest_record_was():
    first, last = "2027-01-15T08:00:00.5Z", "2027-01-15T10:00:00+01:00"
    completeness = seen(line(time_extracted=last), line(time_extracted=first))
    assert completeness.sources(ENDED)["issues"].read_from == NOW + 0.5
    assert seen(line(), VERSION).sources(ENDED)["issues"].read_from == ENDED
    assert seen(line(time_extracted="soon")).sources(ENDED)["issues"].read_from == ENDED


@given(st.data())
def test_a_read_that_was_cut_off_is_never_complete(data):
    """Whatever tap prints it: ours, those of the SDK, with child streams, of singer-python."""
    records = data.draw(st.integers(1, 4), "records of each parent")
    parents = data.draw(st.integers(1, 3), "parents")
    version = data.draw(st.sampled_from([VERSION, VERSION * 1000]), "version")
    kind = data.draw(st.sampled_from(["ours", "sdk", "sdk child", "old, first read", "old"]))
    each = [line(version=version)] * records
    printed = {
        "ours": [*each, version],
        "sdk": [version, *each],
        "sdk child": [version, *each] * parents,
        "old, first read": [version, *each, version],
        "old": [*each, version],
    }[kind]
    cut = data.draw(st.integers(0, len(printed) - 1), "cut")
    assert reason(*printed[:cut]) is not None
    is_complete = reason(*printed) is None
    assert is_complete == (kind in ("ours", "old"))
