"""The file given as --state: which forms are accepted, and the errors for all others."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planhat_sync.errors import ConfigurationError
from tap_planhat.state_file import state_of

STATE = {"bookmarks": {"issues": {"replication_key_value": "2026-01-01T00:00:00Z"}}}
LINE = json.dumps(STATE)
MESSAGE = json.dumps({"type": "STATE", "value": STATE})
RECORD = json.dumps({"type": "RECORD", "stream": "issues", "record": {"title": "secret"}})


def read(value) -> dict:
    return state_of(value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"type": "STATE", "value": STATE},
        {"singer_state": STATE},
        {"completed": {"singer_state": STATE}, "partial": {}},
        {"completed": {"singer_state": STATE}, "partial": None},
        {"completed": {"singer_state": STATE}},
        {"completed": {"singer_state": STATE}, "partial_state": {}},
        {"completed_state": {"singer_state": STATE}, "partial_state": None},
        json.dumps(STATE, indent=2).encode(),
        f"\n{LINE}\n\n".encode(),
        f"\ufeff{LINE}\r\n".encode(),
    ],
    ids=str,
)
def test_a_state_is_read_whatever_it_is_wrapped_in(content):
    assert read(content) == STATE


@pytest.mark.parametrize("content", [{}, {"bookmarks": {}}, {"singer_state": {}}], ids=str)
def test_an_empty_state_is_that_of_a_first_run(content):
    assert not read(content).get("bookmarks")


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t", "\ufeff".encode()])
def test_an_empty_file_is_reported_with_what_to_do(content):
    with pytest.raises(ConfigurationError) as caught:
        state_of(content)
    assert "the file given as --state is empty: leave --state out for a first run" in str(
        caught.value
    )


@pytest.mark.parametrize(
    "content",
    [
        f"{LINE}\n{LINE}\n",
        f"{LINE}\n\n{LINE}",
        f"{MESSAGE}\n{MESSAGE}\n",
        f"{RECORD}\n{MESSAGE}\n",
        f"{{}}\n{LINE}\n",
        f"\ufeff{LINE}\r\n{LINE}\r\n",
    ],
)
def test_a_file_of_several_lines_is_reported_which_of_them_counts(content):
    with pytest.raises(ConfigurationError) as caught:
        state_of(content.encode())
    for word in ("holds 2 lines", "give the last state alone", "tail -n 1", "only if it is not"):
        assert word in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        {"state": STATE},
        {"value": STATE},
        {"issues": "2026-01-01"},
        {"bookmark": {}},
        {"Bookmarks": {}},
        {"bookmarks": None},
        {"bookmarks": []},
        {"type": "STATE"},
        {"type": "STATE", "value": None},
        {"type": "RECORD", "stream": "issues", "record": {}},
        {"singer_state": None},
        {"singer_state": {"singer_state": STATE}},
        {"singer_state": [STATE]},
        {"completed": {}, "partial": {}},
        {"completed": [], "partial": {}},
        [STATE],
        "x",
        None,
        5,
        True,
    ],
    ids=str,
)
def test_what_is_not_a_state_is_refused_and_never_ignored(content):
    """Everything would be read anew, and appended once more."""
    with pytest.raises(
        ConfigurationError, match="the file given as --state does not hold a Singer state"
    ):
        read(content)


@pytest.mark.parametrize("name", ["partial", "partial_state"])
def test_a_state_of_meltanos_with_a_part_in_it_is_reported_where_both_are_one(name):
    whole = {"completed": {"singer_state": STATE}, name: {"singer_state": {"bookmarks": {}}}}
    with pytest.raises(ConfigurationError, match="meltano state get"):
        read(whole)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (LINE.encode("utf-16"), "is UTF-16 or UTF-32"),
        (b"\xff", "is not UTF-8 text"),
        (b"{", "is not JSON"),
        (LINE.encode() + b"\nnot json\n", "is not JSON"),
        (LINE.encode()[:-1], "is not JSON"),
        (b"[" * 100_000, "is not JSON: it is nested too deeply"),
        (
            b'{"bookmarks":{"issues":{"a":1e-99999999999999999999}}}',
            "a number that is out of range",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_reported(content, says):
    with pytest.raises(ConfigurationError, match=says):
        state_of(content)


@given(st.binary(max_size=30) | st.text('{}[]":,\n bookmarks', max_size=30).map(str.encode))
@example(b'{"bookmarks":{"issues":{"partitions":[5]}}}')
def test_whatever_a_file_holds_is_a_state_or_a_sentence(content):
    try:
        state = state_of(content)
    except ConfigurationError as error:
        told = str(error)
    else:
        told = ""
        assert not state or isinstance(state["bookmarks"], dict)
    assert len(told) < 500


def test_a_file_of_several_lines_ends_the_run_before_it_asks(tap, config, sandbox, tmp_path):
    (tmp_path / "state.jsonl").write_text(f"{LINE}\n{LINE}\n")
    ran = tap("--state", "state.jsonl", config=config)
    assert (ran.code, ran.stdout) == (1, b"")
    assert "holds 2 lines" in ran.last_line
    assert not sandbox.requests


def test_what_meltano_prints_of_a_state_is_where_a_run_goes_on(tap, config, sandbox, tmp_path):
    for day in ("01", "20"):
        sandbox.tenant("alpha").insert("issues", {"title": day, "updatedAt": f"2026-01-{day}"})
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2026-01-10T00:00:00Z"}
    state = {"singer_state": {"bookmarks": {"issues": bookmark}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    ran = tap("--state", "state.json", config=config)
    records = [one["record"]["title"] for one in ran.messages if one["type"] == "RECORD"]
    assert records == ["20"]
