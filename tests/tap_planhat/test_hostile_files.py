"""Whatever a catalog, a state or a page holds, the tap prints messages or one error sentence."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planhat_sync.errors import PlanhatError

PROPERTY = st.sampled_from(["_id", "title", "updatedAt", "custom", "sourceId", "nope", "", "a.b"])
STREAM = st.sampled_from(["issues", "objectives", "nope", ""])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["..", "../companies/x", "%2e%2e", "\x00", "2026-01-01T00:00:00Z", "9" * 400]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(PROPERTY | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
BOOKMARKS = st.dictionaries(
    STREAM,
    st.dictionaries(PROPERTY, JSON, max_size=3)
    | st.fixed_dictionaries(
        {},
        optional={
            "replication_key": PROPERTY | JSON,
            "replication_key_value": JSON,
            "starting_replication_value": JSON,
        },
    ),
    max_size=3,
)


def ended(read, config, **how) -> None:
    """The run ends by itself: with messages alone on stdout, or one of our sentences."""
    failure, output = "said", None
    try:
        output = read(config, **how)
    except PlanhatError as error:
        failure = str(error)
    assert 0 < len(failure) < 2000
    if output is not None:
        assert {m["type"] for m in output.messages} <= {"SCHEMA", "RECORD", "STATE"}


def asked_well(sandbox) -> bool:
    return all(request.path in ("/issues", "/objectives") for request in sandbox.requests)


@settings(max_examples=30)
@given(state=st.fixed_dictionaries({"bookmarks": BOOKMARKS}))
@example(state={"bookmarks": {"issues": {"replication_key_value": "not a date"}}})
def test_no_state_makes_anything_but_messages_or_a_sentence(sandbox, config, read, state):
    sandbox.reset()
    sandbox.tenant("alpha").insert("issues", {"title": "a"})
    ended(read, config, state=state)
    assert asked_well(sandbox)


@pytest.mark.parametrize(
    "state",
    [
        [1],
        "x",
        {"bookmarks": []},
        {"bookmarks": {"issues": None}},
        {"bookmarks": {"issues": []}},
        {"bookmarks": {"issues": {"partitions": None}}},
        {"bookmarks": {"issues": {"partitions": [None]}}},
        {"type": "STATE", "value": [1]},
        {"type": "STATE", "value": "x"},
        {"type": "STATE", "value": {"bookmarks": {"issues": 5}}},
    ],
    ids=str,
)
def test_a_file_without_a_state_is_an_error_of_one_sentence(tap, config, tmp_path, state):
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state))
    ran = tap("--state", str(path), config=config)
    assert (ran.code, ran.stdout) == (1, b"")
    assert ran.last_line.startswith("tap-planhat: the file given as --state does not hold a ")


@pytest.mark.parametrize("option", ["--state", "--catalog"])
def test_a_file_nested_without_end_is_reported_in_one_sentence(tap, config, tmp_path, option):
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    ran = tap(option, str(path), config=config)
    assert (ran.code, ran.stdout) == (1, b"")
    assert ran.last_line.startswith(f"tap-planhat: the file given as {option} is not JSON: ")


@settings(max_examples=30)
@given(data=st.data())
def test_no_catalog_makes_anything_but_messages_or_a_sentence(sandbox, config, read, select, data):
    sandbox.reset()
    sandbox.tenant("alpha").insert("issues", {"title": "a"})
    catalog = json.loads(json.dumps(select(issues=["title"], objectives=None)))
    for _ in range(data.draw(st.integers(1, 4))):
        holder = catalog
        for _ in range(data.draw(st.integers(0, 5))):
            below = list(holder.values()) if isinstance(holder, dict) else holder
            below = [each for each in below if isinstance(each, (dict, list)) and each]
            if not below:
                break
            holder = data.draw(st.sampled_from(below))
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if keys:
            holder[data.draw(st.sampled_from(keys))] = data.draw(JSON)
    ended(read, config, catalog=catalog)
    assert asked_well(sandbox)


@settings(max_examples=40)
@given(rows=JSON | st.lists(JSON | st.fixed_dictionaries({"_id": JSON, "updatedAt": JSON})))
@example(rows=[{"_id": "..", "updatedAt": "2026-01-01T00:00:00Z"}])
@example(rows=[{"_id": "a", "updatedAt": 10**400}])
@example(rows=[[[[[[[[]]]]]]]])
def test_no_page_makes_anything_but_messages_or_a_sentence(canned, config, read, rows):
    canned.bodies["issues"] = json.dumps(rows).encode()
    ended(read, {**config, "api_url": canned.url, "retry_budget_seconds": 0})


@pytest.mark.parametrize(
    "body",
    [
        b'[{"_id":"a","_id":"b","updatedAt":"2026-01-01T00:00:00Z"}]',
        b'[{"_id":"\\ud800","updatedAt":"2026-01-01T00:00:00Z"}]',
        b'[{"_id":"a\\u0000","updatedAt":"2026-01-01T00:00:00Z"}]',
        b'[{"_id":"a","updatedAt":NaN}]',
        b'[{"_id":"a","updatedAt":"2026-01-01T00:00:00Z","custom":'
        + b"[" * 5000
        + b"]" * 5000
        + b"}]",
        b"[" * 100_000,
        b"\xff\xfe[]",
        b"\xef\xbb\xbf[]",
        b'[{"_id":"' + b"x" * 10_000_000 + b'","updatedAt":"2026-01-01T00:00:00Z"}]',
    ],
    ids=["two ids", "surrogate", "NUL", "NaN", "deep", "deeper", "UTF-16", "BOM", "10 MB"],
)
def test_odd_json_is_read_or_refused_in_a_sentence(canned, config, read, body):
    canned.bodies["issues"] = body
    ended(read, {**config, "api_url": canned.url, "retry_budget_seconds": 0})
    assert all(re.fullmatch(r"\d+", query["limit"]) for query in canned.asked)


@settings(max_examples=30)
@given(
    name=st.sampled_from(
        ["api_token", "api_url", "start_date", "page_size", "company_ids", "concurrency", "x"]
    ),
    value=JSON,
)
def test_no_setting_makes_anything_but_messages_or_a_sentence(sandbox, config, read, name, value):
    sandbox.reset()
    ended(read, {**config, "retry_budget_seconds": 0, name: value})
    assert asked_well(sandbox)
