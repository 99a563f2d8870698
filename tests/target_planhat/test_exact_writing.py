"""Any stream of records, in any batches, ends as if each record had been written alone, in turn.

The oracle is the sandbox itself: the same records go to a second tenant, one in each request. The
tenants, the counts and the reject file are compared. When a state is printed, everything before it
must have been written or rejected.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sync.errors import StopError

MANY = max(40, settings().max_examples)

# Properties that differ between two tenants.
OWN = {"_id", "createdAt", "updatedAt", "companies", "companyIds", "companyId", "companyName"}

REFUSED = "REFUSE-ME"

KEYS = st.sampled_from(["a", "b", "c", "1", "12"])
COMPANIES = st.sampled_from(["srcid-one", "srcid-two", "srcid-none"])
TITLES = st.sampled_from(["one", "two", "item 1", REFUSED, None])


def fields(**optional):
    """Generate objects in which each property may be absent."""
    return st.fixed_dictionaries({}, optional=optional)


ISSUES = fields(
    sourceId=KEYS,
    title=TITLES,
    companyIds=st.lists(COMPANIES, max_size=2),
    status=st.sampled_from(["open", "closed"]),
    archived=st.sampled_from([True, False, "wrong type"]),
    custom=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=2),
)
OBJECTIVES = fields(
    sourceId=KEYS,
    externalId=KEYS,
    companyId=COMPANIES,
    name=TITLES,
    health=st.sampled_from([1, 2.5]),
    custom=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=2),
)
MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.just("issues"), ISSUES),
        st.tuples(st.just("objectives"), OBJECTIVES),
        st.tuples(st.just("state"), st.none()),
    ),
    min_size=1,
    max_size=40,
)
ANSWERS = st.fixed_dictionaries(
    {
        "error_entries": st.sampled_from(
            [
                "index",
                "keyables",
                "nested-keyables",
                "text",
                "item",
                "nested-item",
                "property",
                "opaque",
                "nothing",
                "absent",
            ]
        ),
        "batch": st.sampled_from(["each", "whole", "until-bad"]),
        "failure_answer": st.sampled_from(["arrays", "arrays", "string", "empty"]),
        "absent_arrays": st.sampled_from(["none", "empty", "permission", "successes"]),
        "success_keys": st.sampled_from(["held", "sent", "id"]),
        "success_order": st.sampled_from(["input", "reversed"]),
        "unchanged": st.sampled_from(["bump", "nonupdate", "both"]),
        "validation_errors": st.sampled_from(["absent", "empty", "filled"]),
        "custom": st.sampled_from(["merge", "replace"]),
    }
)
RUNS = st.fixed_dictionaries(
    {
        "batch_size_rows": st.integers(2, 12),
        "batch_size_bytes": st.sampled_from([150, 400, 8_000_000]),
        "concurrency": st.sampled_from([1, 1, 3]),
        "missing_key": st.sampled_from(["reject", "create"]),
        "match_on": st.sampled_from([["sourceId"], ["sourceId", "externalId"]]),
    }
)


def content(tenant, model):
    """Return a tenant's records without the properties that differ, in no order."""
    return Counter(
        json.dumps({k: v for k, v in each.items() if k not in OWN}, sort_keys=True)
        for each in tenant.records(model)
    )


def company_names(tenant, model):
    """Return the companies of each record, by their sourceId, which is the same in both tenants."""
    names = {each["_id"]: each["sourceId"] for each in tenant.records("companies")}
    return Counter(
        (
            each.get("sourceId"),
            each.get("externalId"),
            tuple(names[c] for c in each.get("companyIds") or ()),
            names.get(each.get("companyId")),
        )
        for each in tenant.records(model)
    )


def with_its_line(stream, record, number):
    """Write the number of its line into a record, so that it can be found in a request."""
    if stream == "issues":
        return {**record, "sourceUrl": str(number)}
    return {**record, "custom": {**record.get("custom", {}), "line": number}}


def line_of(item):
    return int(item.get("sourceUrl") or item["custom"]["line"])


def keys_of(stream, record):
    return (stream, record.get("sourceId"), record.get("externalId"), record.get("companyId"))


def prepare(bench, messages, answers):
    """Reset the sandbox; return the lines of stdin, and the records among them by line."""
    bench.sandbox.reset()
    bench.rejects_path.unlink(missing_ok=True)
    bench.sandbox.behave(refused_marker=REFUSED, custom=answers["custom"])
    bench.sandbox.behave("alpha", **answers)
    for tenant in ("alpha", "beta"):
        for name in ("one", "two"):
            bench.company(tenant, sourceId=name)
    lines = [bench.schema("issues"), bench.schema("objectives")]
    records = {}
    for number, (stream, fields) in enumerate(messages, 3):
        if stream == "state":
            lines.append(bench.state(number))
        else:
            records[number] = (stream, with_its_line(stream, fields, number))
            lines.append(bench.record(stream, **records[number][1]))
    return lines, records


def outcomes_at_this_instant(bench):
    """Return the lines whose records are durable: those answered, and those in the reject file."""
    answered = {
        line_of(item)
        for request in bench.sandbox.requests
        if request.tenant == "alpha" and request.route == "bulk" and request.status is not None
        for item in json.loads(request.body)
    }
    return answered, {reject["reject"]["line"] for reject in bench.rejects()}


def check_states(ran, messages, records):
    """Check that states are in order and complete, and that all before each one was durable."""
    at = [value["bookmarks"]["at"] for value in ran.states]
    states = [number for number, (kind, _) in enumerate(messages, 3) if kind == "state"]
    assert at == sorted(set(at))
    assert at[-1:] == states[-1:]
    for instant, (answered, rejected) in zip(at, ran.seen, strict=True):
        covered = {line for line in records if line < instant} - answered - rejected
        assert covered.isdisjoint(ran.reject_codes)
        for line in covered:  # merged: a later record of the same keyables was written for it
            named_alike = {n for n in records if keys_of(*records[n]) == keys_of(*records[line])}
            assert any(n > line for n in named_alike & answered)


@settings(max_examples=MANY)
@given(messages=MESSAGES, answers=ANSWERS, run=RUNS)
def test_batches_of_any_stream_end_as_if_each_record_had_been_written_alone(
    bench, messages, answers, run
):
    lines, records = prepare(bench, messages, answers)
    alone = {**run, "batch_size_rows": 1, "concurrency": 1}
    oracle = bench.run(lines, tenant="beta", on_reject="continue", **alone)
    bench.rejects_path.unlink(missing_ok=True)
    ran = bench.run(
        lines, look=lambda: outcomes_at_this_instant(bench), on_reject="continue", **run
    )
    assert oracle.error is None
    assert ran.error is None

    alpha, beta = bench.sandbox.tenant("alpha"), bench.sandbox.tenant("beta")
    for model in ("issues", "objectives"):
        assert content(alpha, model) == content(beta, model)
        assert company_names(alpha, model) == company_names(beta, model)
        account = ran.counts[model]
        assert account["read"] == sum(kind == model for kind, _ in messages)
        if answers["failure_answer"] == "arrays" and answers["batch"] == "each":
            # Otherwise the first answer does not tell what it created, and the next finds it there.
            assert account["created"] == oracle.counts[model]["created"]

    # Each once, none that could be written alone, each with its reason.
    assert len(ran.rejects) == len(ran.reject_codes)
    assert ran.reject_codes.items() <= oracle.reject_codes.items()
    superseded = oracle.reject_codes.keys() - ran.reject_codes.keys()
    assert len(superseded) <= sum(account["merged"] for account in ran.counts.values())
    for line in superseded:  # by a later one of the same keyables, and one that was written
        named_alike = {n for n in records if keys_of(*records[n]) == keys_of(*records[line])}
        assert any(n > line for n in named_alike - ran.reject_codes.keys())
    check_states(ran, messages, records)


@settings(max_examples=MANY)
@given(
    messages=MESSAGES,
    rows=st.integers(1, 6),
    concurrency=st.sampled_from([1, 4]),
    answers=ANSWERS,
)
def test_a_run_that_fails_at_a_reject_acknowledges_nothing_after_it(
    bench, messages, rows, concurrency, answers
):
    lines, _ = prepare(bench, messages, answers)
    ran = bench.run(
        lines,
        batch_size_rows=rows,
        concurrency=concurrency,
        match_on=["sourceId"],
        rejects_path=str(bench.rejects_path),
    )
    at = [value["bookmarks"]["at"] for value in ran.states]
    assert at == sorted(set(at))
    if ran.error is None:
        assert not ran.rejects
    else:
        assert isinstance(ran.error, StopError)
        assert ran.rejects
        assert all(line > max(at, default=0) for line in ran.reject_codes)


@pytest.mark.parametrize("entries", ["keyables", "nested-item", "index"])
def test_counts_that_the_names_of_what_was_written_contradict_prove_nothing(bench, entries):
    """A server that stops at the first invalid item, and counts one more than it wrote."""
    bench.sandbox.behave(
        batch="until-bad", counts="long", error_entries=entries, refused_marker="bad"
    )
    company = bench.company()
    titles = ("a", "bad", "c")
    lines = [bench.record(sourceId=each, title=each, companyIds=[company]) for each in titles]
    ran = bench.run([bench.schema(), *lines, bench.state(1)], on_reject="continue")
    written = {each["sourceId"] for each in bench.sandbox.tenant("alpha").records("issues")}
    assert (written, set(ran.reject_codes)) == ({"a", "c"}, {3})
