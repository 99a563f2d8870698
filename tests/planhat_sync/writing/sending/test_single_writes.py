"""A model without a bulk upsert is written one by one, with the same promise."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.matching.finder import MAX_LOOKUPS

MODELS = load_models()
ISSUES = replace(MODELS["issues"], bulk_limit=None, bulk_required=("title",))
SINGLY = {**MODELS, "issues": ISSUES}
"""Issues as if Planhat had no bulk upsert of them: they have a keyable that is not `_id`."""
MANY = MAX_LOOKUPS + 1


@pytest.fixture
def write(bench):
    """Write issues one by one."""

    def write(*records, **config):
        lines = [bench.schema(), *(bench.record(**fields) for fields in records), bench.state(1)]
        return bench.run(lines, models=SINGLY, **config)

    return write


def held(bench, model="issues"):
    records = bench.sandbox.tenant("alpha").records(model)
    return sorted((each.get("sourceId"), each["title"]) for each in records)


def writes(bench):
    routes = Counter(each.route for each in bench.sandbox.requests if each.method != "GET")
    assert "bulk" not in routes
    return routes


def test_custom_fields_are_created_and_updated_one_by_one(bench):
    tenant = bench.sandbox.tenant("alpha")
    field = {"name": "Tier", "type": "text", "parent": "company", "isHidden": False}
    identifier = tenant.insert("customfields", field)["_id"]
    new = {"name": "Region", "type": "list", "parent": "company", "isHidden": False}
    ran = bench.run(
        [
            bench.schema("customfields"),
            bench.record("customfields", _id=identifier, isHidden=True),
            bench.record("customfields", **new),
            bench.record("customfields", name="No parent", type="text"),
            bench.record("customfields", _id="6" * 24, name="Nobody's"),
        ],
        missing_key="create",
        on_reject="continue",
    )
    assert ran.error is None
    counts = ran.counts["customfields"]
    assert (counts["created"], counts["updated"], counts["rejected"]) == (1, 1, 2)
    assert ran.reject_codes == {4: "missing_required", 5: "unknown_id"}
    assert writes(bench) == {"update": 1, "create": 1}
    by_name = {each["name"]: each for each in tenant.records("customfields")}
    assert by_name["Tier"]["isHidden"] is True
    assert by_name["Tier"]["type"] == "text"
    assert by_name["Region"]["type"] == "list"


@pytest.mark.parametrize("records", [1, MANY])
def test_a_record_is_created_once_and_then_updated_by_its_id(bench, write, records):
    keys = [f"s{at}" for at in range(records)]
    ran = write(*[{"sourceId": key, "title": "old"} for key in keys])
    assert ran.error is None
    assert ran.counts["issues"]["created"] == records
    ran = write(
        *[{"sourceId": key, "title": "new"} for key in keys], {"title": "x", "sourceId": "y"}
    )
    assert (ran.counts["issues"]["updated"], ran.counts["issues"]["created"]) == (records, 1)
    assert held(bench) == sorted([*[(key, "new") for key in keys], ("y", "x")])
    assert writes(bench) == {"create": records + 1, "update": records}
    paths = {each.path for each in bench.sandbox.requests if each.route == "update"}
    ids = {each["_id"] for each in bench.sandbox.tenant("alpha").records("issues")}
    assert {path.removeprefix("/issues/") for path in paths} < ids
    bodies = [each.body for each in bench.sandbox.requests if each.method in ("POST", "PUT")]
    assert not any("_id" in json.loads(body) for body in bodies)


def test_a_record_that_is_created_and_changed_in_one_run_is_one_record(bench, write):
    others = [{"sourceId": f"s{at}", "title": "other"} for at in range(MANY)]
    first = {"sourceId": "a", "title": "old", "description": "kept"}
    ran = write(*others, first, {"sourceId": "a", "title": "new"}, batch_size_rows=2)
    assert ran.error is None
    assert ("a", "new") in held(bench)
    assert len(held(bench)) == MANY + 1
    assert (ran.counts["issues"]["created"], ran.counts["issues"]["updated"]) == (MANY + 1, 1)


@pytest.mark.parametrize("fault", ["reset-after", "status-after"])
@pytest.mark.parametrize("key", [{}, {"sourceId": "s"}])
def test_a_creation_whose_answer_was_lost_is_not_sent_again(bench, write, fault, key):
    options = {"status": 502} if fault == "status-after" else {}
    bench.sandbox.fault(fault, route="create", nth=1, **options)
    ran = write(
        {**key, "title": "lost"},
        {**dict.fromkeys(key, "t"), "title": "next"},
        missing_key="create",
        on_reject="continue",
    )
    assert ran.error is None
    assert ran.reject_codes == {2: "outcome_unknown"}
    assert "not sent again" in ran.rejects[0]["reject"]["message"]
    assert [title for _, title in held(bench)].count("lost") == 1
    assert writes(bench)["create"] == 2
    if key:  # then a replay finds it
        again = bench.run(bench.rejects_path.read_bytes().splitlines(), models=SINGLY)
        assert again.counts["issues"]["created"] == 0
        assert [title for _, title in held(bench)].count("lost") == 1


def test_an_update_whose_answer_was_lost_is_sent_again(bench, write):
    write({"sourceId": "s", "title": "old"})
    bench.sandbox.fault("reset-after", route="update", nth=1)
    ran = write({"sourceId": "s", "title": "new"})
    assert (ran.error, ran.counts["issues"]["updated"]) == (None, 1)
    assert held(bench) == [("s", "new")]


def test_each_refused_record_is_rejected_with_planhats_reason_and_the_others_are_written(
    bench, write
):
    bench.sandbox.behave(refused_marker="REFUSE-ME")
    write({"sourceId": "b", "title": "old"})
    records = [
        {"sourceId": "a", "title": "REFUSE-ME"},
        {"sourceId": "b", "title": "REFUSE-ME"},
        {"sourceId": "c", "title": "good"},
    ]
    ran = write(*records, on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {2: "refused", 3: "refused"}
    assert all(each["reject"]["message"] for each in ran.rejects)
    assert held(bench) == [("b", "old"), ("c", "good")]


def test_the_version_that_a_refused_one_superseded_is_written(bench, write):
    bench.sandbox.behave(refused_marker="REFUSE-ME")
    ran = write(
        {"sourceId": "a", "title": "good"}, {"sourceId": "a", "title": "REFUSE-ME"},
        on_reject="continue",
    )  # fmt: skip
    assert ran.reject_codes == {3: "refused"}
    assert held(bench) == [("a", "good")]


def test_an_outage_rejects_nothing(bench, write):
    write({"sourceId": "a", "title": "old"})
    bench.sandbox.fault("status", route="update", status=500)
    ran = write({"sourceId": "a", "title": "new"}, on_reject="continue", retry_budget_seconds=0)
    assert "500" in str(ran.error)
    assert (ran.rejects, ran.states) == ([], [])


def test_a_token_that_may_not_write_rejects_nothing(bench, write):
    bench.sandbox.fault("status", route="create", status=403)
    ran = write({"sourceId": "a", "title": "new"}, on_reject="continue")
    assert "permission" in str(ran.error)
    assert (ran.rejects, ran.states) == ([], [])


@pytest.mark.parametrize("records", [1, MANY])
def test_what_is_unchanged_is_not_sent(bench, write, records):
    issues = [{"sourceId": f"s{at}", "title": "same"} for at in range(records)]
    write(*issues)
    before = writes(bench)
    ran = write(*issues, skip_unchanged=True)
    assert ran.counts["issues"]["unchanged"] == records
    assert writes(bench) == before


def test_a_dry_run_writes_nothing(bench, write):
    write({"sourceId": "a", "title": "old"})
    before = writes(bench)
    ran = write({"sourceId": "a", "title": "new"}, {"sourceId": "b", "title": "new"}, dry_run=True)
    assert (ran.counts["issues"]["created"], ran.counts["issues"]["updated"]) == (1, 1)
    assert writes(bench) == before


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("update", [("a", "new")]), ("create", [("a", "old"), ("b", "new")])],
)
def test_the_write_modes_hold(bench, write, mode, expected):
    write({"sourceId": "a", "title": "old"})
    ran = write(
        {"sourceId": "a", "title": "new"}, {"sourceId": "b", "title": "new"}, write_mode=mode
    )
    assert (ran.error, ran.counts["issues"]["skipped"]) == (None, 1)
    assert held(bench) == expected


def test_records_are_archived_and_deleted(bench, write):
    write({"sourceId": "a", "title": "a"}, {"sourceId": "b", "title": "b"})
    gone = {"_sdc_deleted_at": "2026-01-01T00:00:00Z", "title": "x"}
    assert write({"sourceId": "a", **gone}, deletes="archive").error is None
    assert write({"sourceId": "b", **gone}, deletes="delete").counts["issues"]["deleted"] == 1
    (left,) = bench.sandbox.tenant("alpha").records("issues")
    assert (left["sourceId"], left["archived"], left["title"]) == ("a", True, "a")


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(["one", "two", "REFUSE-ME"]),
    ),
    max_size=8,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=OPERATIONS, rows=st.integers(1, 4), concurrency=st.integers(1, 3))
def test_whatever_comes_each_record_has_one_outcome_and_planhat_the_last_version(
    bench, write, records, rows, concurrency
):
    bench.sandbox.reset()
    bench.sandbox.behave(refused_marker="REFUSE-ME")
    bench.rejects_path.unlink(missing_ok=True)
    fields = [{"title": title, **({"sourceId": key} if key else {})} for key, title in records]
    ran = write(
        *fields,
        missing_key="create",
        on_reject="continue",
        batch_size_rows=rows,
        concurrency=concurrency,
    )
    assert ran.error is None
    good = [(key, title) for key, title in records if title != "REFUSE-ME"]
    unkeyed = [each for each in good if each[0] is None]
    newest = dict(each for each in good if each[0] is not None)
    found = [
        (each.get("sourceId"), each["title"])
        for each in bench.sandbox.tenant("alpha").records("issues")
    ]
    assert Counter(found) == Counter([*unkeyed, *newest.items()])
    counts = ran.counts.get("issues", Counter())
    assert counts["read"] == len(records)
    assert {records[line - 2][1] for line in ran.reject_codes} <= {"REFUSE-ME"}
    outcomes = ("created", "updated", "merged", "unchanged", "skipped", "rejected")
    assert sum(counts[each] for each in outcomes) == len(records)
