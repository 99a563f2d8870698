"""Every request that the vendor's pages show, and its answer, replayed against the sandbox.

`examples/` has one file for each page, with names, types and shapes as there and values of our
own. In a file, `given` is what other models hold, `filters` are lists with one query parameter, and
`calls` are the requests. Of a call,

- `before` is what the model holds; where it is missing, that follows from the answer;
- `answer` is the page's; where it shows none, `shows` and `counts` are what its text says;
- `left_out` are properties of the answer that the sandbox does not have, `more` those that only the
  sandbox has, `why` is the reason;
- `behaviours` make the sandbox answer as this page does where pages contradict each other.

Ids and times that are in neither the request nor the tenant are Planhat's own, and only compared as
such.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests

from planhat_sandbox import Sandbox

EXAMPLES = {
    file.stem: json.loads(file.read_text("utf-8"))
    for file in sorted(Path(__file__).parent.glob("examples/*.json"))
}
CALLS = [(model, call) for model, each in EXAMPLES.items() for call in each["calls"]]
FILTERS = [(model, each) for model, file in EXAMPLES.items() for each in file["filters"]]
SERVED_BY = {"notes": "conversations"}
"""Models whose records the sandbox keeps with those of another one."""
OBJECT_ID = re.compile(r"[0-9a-f]{24}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EARLIER = "2020-01-01T00:00:00.000Z"
COUNTS = {"n": 1, "ok": 1, "deletedCount": 1}
DELETES_WITH_THE_RECORD = {"conversations", "notes"}
MOVED = {"updatedAt", "lastUpdated"}
"""Times that an update moves."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox({"contract-token": "contract"}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer contract-token"
        yield session


@pytest.fixture
def tenant(request, sandbox):
    if request.config.getoption("--live"):
        pytest.skip("not checked live: the records of the examples must be in the tenant")
    yield sandbox.tenant("contract")
    sandbox.reset()


def put(tenant, model, record):
    """Store a record exactly as it is."""
    with tenant.lock:
        tenant.store.collection(SERVED_BY.get(model, model)).put(dict(record))


def texts_of(value):
    """All texts in a JSON value, names of properties included."""
    if isinstance(value, dict):
        return {text for pair in value.items() for each in pair for text in texts_of(each)}
    if isinstance(value, list):
        return {text for each in value for text in texts_of(each)}
    return {value} if isinstance(value, str) else set()


def without_own(value, known, seen):
    """A JSON value in which the ids and times that are Planhat's own are numbered or named."""
    if isinstance(value, dict):
        return {name: without_own(value[name], known, seen) for name in sorted(value)}
    if isinstance(value, list):
        return [without_own(each, known, seen) for each in value]
    if isinstance(value, str) and value not in known:
        if OBJECT_ID.fullmatch(value):
            return f"<id {seen.setdefault(value, len(seen) + 1)}>"
        if TIME.fullmatch(value):
            return "<time>"
    return value


def records_before(model, call):
    """The records of the model that the example supposes."""
    answer, name = call.get("answer"), call["call"]
    if "before" in call:
        return call["before"]
    if name in {"list", "lean list"} and answer:
        return answer
    if name in {"create", "bulk upsert"}:
        return []
    identifier = call["path"].rpartition("/")[2]
    if answer is None:
        return [{**body_of(model, "create"), "_id": identifier}]
    derived = {"snippet"} if "description" in call.get("body", ()) else set()
    changed = {*call.get("body", ()), *derived, *(MOVED if name == "update" else ())}
    before = {name: value for name, value in answer.items() if name not in changed}
    before |= dict.fromkeys(MOVED & answer.keys() & changed, EARLIER)
    return [{**before, "_id": identifier}]


def body_of(model, name):
    return next((c["body"] for c in EXAMPLES[model]["calls"] if c["call"] == name), {})


def expectation(model, call, before):
    """The answer of the page; where it has none, what its text and the other pages say.

    And whether the answer may have more properties than that.
    """
    for name in ("answer", "shows", "counts"):
        if name in call:
            return call[name], name != "answer"
    if call["call"] == "delete" and model not in DELETES_WITH_THE_RECORD:
        return COUNTS, False
    (record,) = before
    return record, True


@pytest.mark.parametrize(("model", "call"), CALLS, ids=[f"{m} {c['call']}" for m, c in CALLS])
def test_a_request_of_the_pages_is_answered_as_there(tenant, sandbox, session, model, call):
    given, before = EXAMPLES[model]["given"], records_before(model, call)
    for other, records in {**given, model: before}.items():
        for record in records:
            put(tenant, other, record)
    sandbox.behave(**call.get("behaviours", {}))

    response = session.request(
        call["method"],
        f"{sandbox.url}{call['path']}",
        params=call.get("query"),
        json=call.get("body"),
        timeout=30,
    )

    assert response.status_code == 200, response.text
    known = texts_of([given, call.get("body"), [record["_id"] for record in before]])
    if call["method"] == "GET":
        known |= texts_of(before)
    expected, may_have_more = expectation(model, call, before)
    answer = response.json()
    if may_have_more:
        answer = {name: answer.get(name) for name in expected}
    for name in call.get("left_out", ()):
        assert name not in answer
        expected = {key: value for key, value in expected.items() if key != name}
    for name in call.get("more", ()):
        answer.pop(name)
    assert without_own(answer, known, {}) == without_own(expected, known, {})


@pytest.mark.parametrize(
    ("model", "example"), FILTERS, ids=[f"{m} {e['query']}" for m, e in FILTERS]
)
def test_a_list_is_filtered_as_documented(tenant, sandbox, session, model, example):
    ids = []
    for number, record in enumerate(example["records"]):
        ids.append(record.get("_id") or f"{number:024x}")
        put(tenant, model, {"_id": ids[-1], **record})
    response = session.get(
        f"{sandbox.url}/{SERVED_BY.get(model, model)}",
        params={"limit": 100, **example["query"]},
        timeout=30,
    )
    found = {row["_id"] for row in response.json()}
    assert found == {ids[number] for number in example["found"]}
