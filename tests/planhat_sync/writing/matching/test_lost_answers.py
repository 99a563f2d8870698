"""Answers that are lost after the request was carried out: nothing is assumed about it."""

from __future__ import annotations

import pytest

from planhat_sync.writing.matching.finder import MAX_LOOKUPS

FOREIGN = "5f0000000000000000000001"
GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
LOST = ("reset-after", "status-after", "cut-body", "body")
"""Faults that carry out a request and lose the answer."""


def existing(bench):
    return {each.get("sourceId"): each for each in bench.sandbox.tenant("alpha").records("issues")}


def insert(bench, company, *keys, **fields):
    tenant = bench.sandbox.tenant("alpha")
    return [
        tenant.insert("issues", {"sourceId": key, "title": "t", "companyIds": [company], **fields})
        for key in keys
    ]


def counts(ran, stream="issues"):
    return {name: count for name, count in ran.counts[stream].items() if count}


@pytest.fixture
def company(bench):
    return bench.company()


@pytest.fixture
def fillers(bench, company):
    """Enough other records for the list to be read instead of single records."""
    return [
        bench.record(sourceId=f"filler {at}", title="t", companyIds=[company])
        for at in range(MAX_LOOKUPS + 1)
    ]


@pytest.mark.parametrize("foreign", [FOREIGN, "42", "../issues"])
@pytest.mark.parametrize(
    ("fault", "place"),
    [
        *((fault, {"route": "delete", "nth": 1}) for fault in LOST),
        *(("reset-after", {"nth": nth}) for nth in (2, 3, 4)),
        ("status-after", {"route": "delete", "times": 2}),
    ],
)
def test_a_delete_with_an_unknown_id_deletes_the_record_of_its_source_id(
    bench, company, fault, place, foreign
):
    insert(bench, company, "s5", "other")
    bench.sandbox.fault(fault, **place)
    ran = bench.run(
        [bench.schema(), bench.record(_id=foreign, sourceId="s5", **GONE), bench.state(1)],
        deletes="delete",
    )
    assert ran.error is None
    assert existing(bench).keys() == {"other"}
    assert counts(ran) == {"read": 1, "deleted": 1}
    assert ran.states == [{"bookmarks": {"at": 1}}]


@pytest.mark.parametrize("missing", ["not-found", "zero"])
@pytest.mark.parametrize("named", [("_id",), ("sourceId",), ("_id", "sourceId")])
def test_a_record_that_is_gone_after_a_lost_answer_was_deleted_by_this_run(
    bench, company, missing, named
):
    record, _ = insert(bench, company, "s5", "other")
    bench.sandbox.behave(missing_delete=missing)
    bench.sandbox.fault("reset-after", route="delete", nth=1)
    delete = bench.record(**{name: record[name] for name in named}, **GONE)
    ran = bench.run([bench.schema(), delete, delete], deletes="delete")
    assert ran.error is None
    assert existing(bench).keys() == {"other"}
    assert counts(ran) == {"read": 2, "deleted": 1, "skipped": 1}


def test_a_delete_whose_answer_was_lost_does_not_delete_a_second_record(bench, company):
    """The `_id` has precedence, so another record with the `sourceId` must not be deleted."""
    record, _ = insert(bench, company, "s5", "other")
    bench.sandbox.fault("reset-after", route="delete", nth=1)
    delete = bench.record(_id=record["_id"], sourceId="other", **GONE)
    ran = bench.run([bench.schema(), delete], deletes="delete")
    assert ran.error is None
    assert existing(bench).keys() == {"other"}
    assert counts(ran) == {"read": 1, "deleted": 1}


def test_a_delete_by_an_id_does_not_use_keyables_that_match_on_leaves_out(bench, company):
    insert(bench, company, "s5")
    bench.sandbox.fault("reset-after", route="delete", nth=1)
    delete = bench.record(_id=FOREIGN, sourceId="s5", **GONE)
    ran = bench.run([bench.schema(), delete], deletes="delete", match_on=["_id"])
    assert ran.error is None
    assert existing(bench).keys() == {"s5"}


MODES = [{"skip_unchanged": True}, {"write_mode": "create"}]


@pytest.mark.parametrize("lost", [[], [1], [1, 2]])
@pytest.mark.parametrize(
    "answers", [{}, {"success_keys": "id"}, {"absent_arrays": "all"}, {"missing_delete": "zero"}]
)
@pytest.mark.parametrize("mode", MODES)
def test_a_record_that_is_created_deleted_and_created_again_exists(
    bench, company, fillers, mode, answers, lost
):
    bench.sandbox.behave(unchanged="bump", **answers)  # else a repeated request counts as unchanged
    for nth in lost:
        bench.sandbox.fault("reset-after", route="bulk", nth=nth)
    record = bench.record(sourceId="s", title="t", companyIds=[company])
    lines = [bench.schema(), *fillers, record, bench.record(sourceId="s", **GONE), record]
    ran = bench.run(lines, deletes="delete", **mode)
    assert ran.error is None
    assert existing(bench)["s"]["title"] == "t"
    assert counts(ran)["deleted"] == 1
    assert counts(ran)["read"] == len(fillers) + 3
    assert "unchanged" not in counts(ran)
    assert "skipped" not in counts(ran)


@pytest.mark.parametrize("fault", ["reset-after", "status-after"])
@pytest.mark.parametrize("mode", MODES)
def test_a_record_is_known_to_be_deleted_even_if_the_answer_was_lost(
    bench, company, fillers, mode, fault
):
    bench.sandbox.fault("reset-after", route="bulk", nth=1)
    bench.sandbox.fault(fault, route="delete", nth=1)
    record = bench.record(sourceId="s", title="t", companyIds=[company])
    lines = [bench.schema(), *fillers, record, bench.record(sourceId="s", **GONE), record]
    ran = bench.run(lines, deletes="delete", **mode)
    assert ran.error is None
    assert "s" in existing(bench)
    assert counts(ran)["deleted"] == 1


def next_id(bench):
    """Return the `_id` that the sandbox will assign to the next record."""
    probe = insert(bench, bench.company(), "probe")[0]["_id"]
    return f"{int(probe, 16) + 1:024x}"


@pytest.mark.parametrize("unchanged", ["nonupdate", "bump", "both"])
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("named", ["held", "id"])
@pytest.mark.parametrize(
    "mode", [{}, {"skip_unchanged": True}, {"write_mode": "upsert", "deletes": "archive"}]
)
def test_an_id_that_planhat_assigned_in_this_run_and_a_source_id_may_mean_one_record(
    bench, company, fillers, mode, named, lost, unchanged
):
    bench.sandbox.behave(success_keys=named, unchanged=unchanged)
    if lost:
        bench.sandbox.fault("reset-after", route="bulk", nth=1)
    created = next_id(bench)
    lines = [
        bench.schema(),
        # An unknown _id makes the target read which ones exist.
        bench.record(_id=FOREIGN, sourceId="s", title="t", companyIds=[company]),
        *fillers,
        bench.record(_id=created, title="by its _id"),
        bench.record(sourceId="s", title="t"),
    ]
    ran = bench.run(lines, batch_size_rows=len(fillers) + 1, on_reject="continue", **mode)
    assert ran.error is None
    assert ran.reject_codes == {}
    assert existing(bench)["s"]["_id"] == created
    assert existing(bench)["s"]["title"] == "t"
