"""The file given as --state."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airbyte_planhat.source.states import read_states
from planhat_sync.errors import ConfigurationError

BOOKMARK = {"replication_key": "updatedAt", "replication_key_value": "2026-01-01T00:00:00.000Z"}


def state_of(name="issues", state=BOOKMARK, **more):
    """A state as this source has written it."""
    descriptor = {"name": name}
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": descriptor, "stream_state": state},
        **more,
    }


def read(value, streams=((None, "issues"), (None, "users"), ("n", "issues"))):
    found = read_states(json.dumps(value).encode(), streams)
    return {
        name if space is None else f"{space}.{name}": each for (space, name), each in found.items()
    }


@pytest.mark.parametrize("nothing", [[], {}, [state_of(state=None)], [state_of(state={})]], ids=str)
def test_there_may_be_no_state_yet(nothing):
    assert read(nothing) == {}
    assert read_states(b"", [(None, "issues")]) == {}


def test_the_states_of_streams_are_read():
    assert read([state_of(), state_of("users", {"rows": 5})]) == {
        "issues": BOOKMARK,
        "users": {"rows": 5},
    }


def test_one_state_need_not_be_in_a_list():
    assert read(state_of()) == {"issues": BOOKMARK}


def test_of_several_states_of_a_stream_the_last_one_counts():
    assert read([state_of(state={"rows": 1}), state_of(state={"rows": 2})]) == {
        "issues": {"rows": 2}
    }


def test_fields_that_are_null_are_not_set():
    nulls = dict.fromkeys(("global", "global_", "data", "sourceStats", "destinationStats"))
    state = state_of(**nulls)
    state["stream"]["stream_descriptor"]["namespace"] = None
    assert read([state]) == {"issues": BOOKMARK}
    del state["type"]
    assert read([state]) == {"issues": BOOKMARK}


def test_each_namespace_has_its_own_state():
    other = state_of(state={"rows": 1})
    other["stream"]["stream_descriptor"]["namespace"] = "n"
    assert read([other, state_of()]) == {"issues": BOOKMARK, "n.issues": {"rows": 1}}


def test_the_state_of_another_stream_is_ignored_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        assert read([state_of("gone"), state_of()]) == {"issues": BOOKMARK}
    assert caplog.messages == ["state: gone is not a stream of the catalog, so it is ignored"]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "GLOBAL", "global": {"shared_state": {}, "stream_states": []}},
        {"type": "LEGACY", "data": {"issues": {}}},
        {"data": {"issues": BOOKMARK}},
        state_of(**{"global": {"stream_states": []}}),
        {"type": "PER_STREAM", "stream": state_of()["stream"]},
        {"type": None, "stream": state_of()["stream"]},
    ],
    ids=str,
)
def test_a_state_of_another_kind_is_refused(value):
    for content in (value, [value], [state_of(), value]):
        with pytest.raises(ConfigurationError, match="it is GLOBAL or LEGACY, and this source has"):
            read(content)


def test_a_whole_message_is_refused_as_one():
    message = {"type": "STATE", "state": state_of()}
    for content in (message, [message], [state_of(), message]):
        with pytest.raises(ConfigurationError, match="it is a message, and not the state that"):
            read(content)


@pytest.mark.parametrize(
    "value",
    [
        {"bookmarks": {"issues": BOOKMARK}},
        {"issues": BOOKMARK},
        {"type": "STREAM"},
        {"type": "STREAM", "stream": None},
        {"type": "STREAM", "stream": {}},
        {"type": "STREAM", "stream": {"stream_descriptor": {}, "stream_state": {}}},
        state_of(name=7),
        {"stream": {"stream_descriptor": {"name": "issues", "namespace": 7}, "stream_state": {}}},
        state_of(state=7),
        state_of(state=[]),
    ],
    ids=str,
)
def test_what_is_not_the_state_of_a_stream_is_refused(value):
    for content in (value, [value], [state_of(), value]):
        with pytest.raises(ConfigurationError, match="it is not the state of a stream"):
            read(content)


@pytest.mark.parametrize("value", [5, "x", None, [[]], [None], [5], True], ids=str)
def test_what_is_not_an_object_is_refused(value):
    with pytest.raises(ConfigurationError, match="it is not a state"):
        read(value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b" ", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"type":"STREAM"}\n{"type":"STREAM"}', "holds more than one value: give the states"),
        (b"\xff\xfe{\0", "is UTF-16"),
        (b"[" * 99999, "is not JSON"),
        (b'{"type": "\\ud800"}', "is not JSON"),
    ],
    ids=["blank", "cut", "lines", "utf-16", "deep", "half a pair"],
)
def test_a_file_that_cannot_be_read_is_reported(content, says):
    with pytest.raises(ConfigurationError, match=f"the file given as --state .*{says}"):
        read_states(content, [(None, "issues")])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "stream", "stream_descriptor", "stream_state", "name", "global"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_state_holds_it_is_read_or_refused_with_a_sentence(value):
    for content in (value, [value], {"stream": value}, state_of(state=value)):
        try:
            states = read(content)
        except ConfigurationError:
            continue
        assert states.keys() <= {"issues"}
        assert all(isinstance(state, dict) for state in states.values())
