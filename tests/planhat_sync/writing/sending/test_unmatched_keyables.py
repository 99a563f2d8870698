"""A record is written once, although a bulk upsert may not match it by the keyables that it has."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from planhat_sync.writing.matching.finder import MAX_LOOKUPS

MANY = MAX_LOOKUPS + 2
MODELS = {
    "notes": ("externalId", "subject"),
    "conversations": ("externalId", "subject"),
    "churn": ("sourceId", "comment"),
    "deals": ("externalId", "name"),
}
"""A keyable of each model that no page names for a bulk upsert, and a text."""
ANSWERS = {
    "matched": {"note_keyables": "external-id", "undocumented_keyables": "matched"},
    "not matched": {"note_keyables": "id", "undocumented_keyables": "ignored"},
}


@pytest.fixture(params=ANSWERS)
def either(request, bench):
    """Both answers: a bulk upsert matches by those keyables, or it does not."""
    bench.sandbox.behave(**ANSWERS[request.param])


@pytest.fixture
def company(bench):
    return bench.company(externalId="acme")


@pytest.fixture
def write(bench, company):
    """Write records with keys and texts: ``write("notes", ("a", "old"), ("a", "new"))``."""

    def write(model, *records, deleted=(), **config):
        key, text = MODELS[model]
        lines = [bench.schema(model)]
        for at, (value, said) in enumerate(records):
            fields = {key: value, text: said, "companyId": company}
            fields |= {"value": 1} if model == "churn" else {}
            fields |= {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if at in deleted else {}
            lines.append(bench.record(model, **fields))
        return bench.run([*lines, bench.state(1)], **{"missing_key": "reject", **config})

    return write


def held(bench, model):
    """Return the keys and texts of the records that there are."""
    path = "conversations" if model == "notes" else model
    key, text = MODELS[model]
    records = bench.sandbox.tenant("alpha").records(path)
    return sorted((each.get(key), each.get(text)) for each in records)


def routes(bench):
    return Counter(each.route for each in bench.sandbox.requests)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("count", [1, MANY])
def test_a_record_that_is_written_again_is_updated(either, bench, write, model, count):
    keys = [f"k{at}" for at in range(count)]
    first = write(model, *[(key, "old") for key in keys])
    assert (first.error, first.counts[model]["created"]) == (None, count)
    again = write(model, *[(key, "new") for key in keys], ("other", "x"))
    assert again.error is None
    assert (again.counts[model]["updated"], again.counts[model]["created"]) == (count, 1)
    assert held(bench, model) == sorted([*[(key, "new") for key in keys], ("other", "x")])


@pytest.mark.parametrize("count", [2, MANY])
def test_two_records_of_one_key_in_one_run_are_one(either, bench, write, count):
    others = [(f"k{at}", "x") for at in range(count)]
    ran = write("notes", *others, ("a", "old"), *others, ("a", "new"), batch_size_rows=2)
    assert ran.error is None
    assert held(bench, "notes") == sorted([*others, ("a", "new")])


def test_one_key_in_one_company_with_two_names_is_one_record(either, bench, company):
    records = [
        bench.record("notes", externalId="a", subject=subject, companyId=reference)
        for reference in (company, "extid-acme")
        for subject in ("old", "new")
    ]
    ran = bench.run([bench.schema("notes"), *records])
    assert ran.error is None
    assert held(bench, "notes") == [("a", "new")]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", ["reset-before", "reset-after"])
@pytest.mark.parametrize("count", [1, MANY])
def test_a_creation_without_an_answer_is_not_repeated(either, bench, write, model, fault, count):
    others = [(f"k{at}", "x") for at in range(count - 1)]
    bench.sandbox.fault(fault, route="bulk", nth=count)
    ran = write(model, *others, ("a", "lost"), on_reject="continue")
    assert ran.error is None
    assert list(ran.reject_codes.values()) == ["outcome_unknown"]
    assert routes(bench)["bulk"] == count
    replay = bench.run(bench.rejects_path.read_bytes().splitlines())
    assert replay.error is None
    assert held(bench, model) == sorted([*others, ("a", "lost")])
    assert replay.counts[model]["created"] == (fault == "reset-before")


@pytest.mark.parametrize("count", [1, MANY])
def test_what_a_creation_without_an_answer_may_still_create_is_not_created(
    either, bench, write, count
):
    others = [(f"k{at}", "x") for at in range(count - 1)]
    bench.sandbox.fault("reset-before", route="bulk", nth=count)
    ran = write(
        "notes",
        *others,
        ("a", "1"),
        ("b", "x"),
        ("a", "2"),
        batch_size_rows=1,
        on_reject="continue",
    )
    assert ran.error is None
    assert set(ran.reject_codes.values()) == {"outcome_unknown"}
    assert "created twice" in ran.rejects[1]["reject"]["message"]
    assert held(bench, "notes") == sorted([*others, ("b", "x")])


def test_a_record_that_was_created_and_deleted_is_created_again(either, bench, write):
    ran = write(
        "notes",
        *[("a", text) for text in ("1", "2", "3", "4")],
        deleted=[2],
        deletes="delete",
        batch_size_rows=1,
    )
    assert ran.error is None
    assert held(bench, "notes") == [("a", "4")]
    assert ran.counts["notes"]["deleted"] == 1


def test_an_update_carries_the_id_and_may_be_repeated(either, bench, write):
    write("notes", ("a", "old"))
    bench.sandbox.fault("reset-after", route="bulk", nth=1)
    ran = write("notes", ("a", "new"))
    assert ran.error is None
    assert held(bench, "notes") == [("a", "new")]
    (record,) = bench.sandbox.tenant("alpha").records("conversations")
    bodies = [each.body for each in bench.sandbox.requests if each.route == "bulk"]
    assert [json.loads(body)[0].get("_id") for body in bodies] == [
        None,
        record["_id"],
        record["_id"],
    ]


def test_a_dry_run_counts_a_new_record_once(either, bench, write):
    ran = write("notes", ("a", "1"), ("b", "1"), ("a", "2"), dry_run=True, batch_size_rows=1)
    assert ran.error is None
    assert (ran.counts["notes"]["created"], ran.counts["notes"]["updated"]) == (2, 1)
    assert held(bench, "notes") == []


def test_what_a_bulk_upsert_matches_costs_no_request_more(bench, company):
    records = [bench.record(sourceId=f"s{at}", title="t", companyIds=[company]) for at in range(3)]
    assert bench.run([bench.schema(), *records]).error is None
    assert routes(bench) == {"bulk": 1}


def test_companies_that_do_not_exist_cost_no_requests_beyond_the_rejects_that_end_the_run(bench):
    lines = [bench.schema("notes")]
    lines += [
        bench.record("notes", externalId=f"n{at}", companyId="extid-acme") for at in range(MANY)
    ]
    lines += [
        bench.record("notes", externalId=f"n{at}", companyId=f"extid-none-{at}")
        for at in range(100, 140)
    ]
    bench.company(externalId="acme")
    ran = bench.run(lines)
    assert ran.error is not None
    asked = [each for each in bench.sandbox.requests if "/companies/extid-none-" in each.path]
    assert 0 < len(asked) < 12
