"""Whatever comes, in whatever order: every record has one outcome, every state is right."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from destination_runs import record, run_destination, state, stream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planhat_sandbox import Sandbox

STREAMS = (("issues", None), ("issues", "n"), ("objectives", None))
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(STREAMS),
        st.sampled_from(["record", "record", "lower", "bad", "refused", "state"]),
        st.sampled_from("abcdef"),
    ),
    max_size=40,
)
HOW = st.fixed_dictionaries(
    {
        "batch_size_rows": st.sampled_from([1, 3, 5000]),
        "concurrency": st.sampled_from([1, 3]),
        "write_mode": st.sampled_from(["upsert", "upsert", "update"]),
        "skip_unchanged": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def shared():
    """One sandbox for all examples."""
    with Sandbox() as sandbox:
        yield sandbox


def message_of(place, kind, key, number, company):
    name, namespace = place
    if kind == "state":
        return state(number, name, **({"namespace": namespace} if namespace else {}))
    title = {"issues": "title", "objectives": "name"}[name]
    reference = {"issues": ("companyIds", [company]), "objectives": ("companyId", company)}[name]
    fields = dict([("sourceId", key), (title, f"{number}"), reference])
    if kind == "bad":
        fields[title] = {"not": "a text"}
    if kind == "refused":
        fields[reference[0]] = ["0" * 24] if name == "issues" else "0" * 24
    if kind == "lower":
        fields = {each.lower(): value for each, value in fields.items()}
    return record(name, namespace=namespace, **fields)


@given(EVENTS, HOW)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_record_has_one_outcome_and_every_state_is_right(shared, tmp_path, events, how):
    shared.reset()
    tenant = shared.tenant("alpha")
    company = tenant.insert("companies", {"name": "Acme"})["_id"]
    path = tmp_path / "rejects.jsonl"
    path.unlink(missing_ok=True)
    config = {
        "api_token": "token-a",
        "api_url": shared.url,
        "requests_per_minute": 0,
        "match_on": ["sourceId"],
        "on_reject": "continue",
        "rejects_path": str(path),
        **how,
    }
    messages = [message_of(*event, number, company) for number, event in enumerate(events)]
    places = [stream(name, **({"namespace": each} if each else {})) for name, each in STREAMS]
    ran = run_destination(config, messages, *places)
    assert ran.error is None
    kept = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    rejected = {each["reject"]["line"] for each in kept}

    since, numbers = Counter(), []
    for line, (place, kind, _) in enumerate(events, start=1):
        if kind == "state":
            numbers.append((since.pop((place, False), 0), since.pop((place, True), 0)))
        else:
            since[place, line in rejected] += 1
    assert ran.stats == numbers
    for each in ran.states:
        del each["destinationStats"]
    assert ran.states == [each["state"] for each in messages if each["type"] == "STATE"]
    assert len(kept) == len(rejected) == sum(each["rejected"] for each in ran.counts.values())
    assert all(messages[each["reject"]["line"] - 1]["record"] == each["record"] for each in kept)

    if how["write_mode"] == "upsert":
        newest = {
            (place[0], key): f"{number}"
            for number, (place, kind, key) in enumerate(events)
            if kind in ("record", "lower")
        }
        there = {
            (model, each["sourceId"]): each.get("title") or each["name"]
            for model in ("issues", "objectives")
            for each in tenant.records(model)
        }
        assert there == newest
