"""The modes: what is sent, what is left unchanged, what is counted."""

from __future__ import annotations

import pytest
from under_way import until

FOREIGN = "5f0000000000000000000001"
WRITES = ("bulk", "create", "update", "delete")


def writes(bench):
    return [request for request in bench.sandbox.requests if request.route in WRITES]


def held(bench, tenant="alpha"):
    records = bench.sandbox.tenant(tenant).records("issues")
    return {each.get("sourceId"): each for each in records}


def issue(bench, company, key, **fields):
    return bench.record(sourceId=key, companyIds=[company], **{"title": "t", **fields})


def counts(ran, stream="issues"):
    return {name: count for name, count in ran.counts[stream].items() if count}


@pytest.fixture
def company(bench):
    """A company, and two issues of it that Planhat holds already."""
    company = bench.company()
    for key in ("old", "older"):
        bench.sandbox.tenant("alpha").insert(
            "issues", {"sourceId": key, "title": "t", "companyIds": [company], "status": "open"}
        )
    return company


def test_upsert_creates_and_updates(bench, company):
    lines = [bench.schema(), issue(bench, company, "old", title="x"), issue(bench, company, "new")]
    ran = bench.run(lines)
    assert counts(ran) == {"read": 2, "created": 1, "updated": 1}


def test_update_creates_nothing(bench, company):
    lines = [bench.schema(), issue(bench, company, "old", title="x"), issue(bench, company, "new")]
    ran = bench.run(lines, write_mode="update")
    assert counts(ran) == {"read": 2, "updated": 1, "skipped": 1}
    assert held(bench).keys() == {"old", "older"}
    assert held(bench)["old"]["title"] == "x"


@pytest.mark.parametrize("dry_run", [False, True])
def test_update_skips_records_that_do_not_exist_by_id_or_by_source_id(bench, company, dry_run):
    lines = [
        bench.schema(),
        bench.record(_id=FOREIGN, title="x"),
        bench.record(_id="42", title="x"),
        bench.record(_id=FOREIGN, sourceId="new", title="x"),
        bench.record(sourceId="new", title="x"),
        bench.state(1),
    ]
    ran = bench.run(lines, write_mode="update", dry_run=dry_run)
    assert ran.error is None
    assert counts(ran) == {"read": 4, "skipped": 4}
    assert ran.states == ([] if dry_run else [{"bookmarks": {"at": 1}}])


def test_create_changes_nothing(bench, company):
    lines = [bench.schema(), issue(bench, company, "old", title="x"), issue(bench, company, "new")]
    ran = bench.run(lines, write_mode="create")
    assert counts(ran) == {"read": 2, "created": 1, "skipped": 1}
    assert held(bench)["old"]["title"] == "t"


def test_after_a_batch_that_failed_no_newer_version_of_its_records_is_sent(bench, company):
    bench.sandbox.behave(batch="whole", error_entries="keyables")
    lines = [
        bench.schema(),
        issue(bench, company, "new", status="open"),
        issue(bench, company, "new", title="newer"),  # has no status, so it goes into a later batch
        issue(bench, "extid-nobody", "refused"),
    ]
    ran = bench.run(lines, batch_size_rows=2)
    assert "1 record was rejected" in str(ran.error)
    assert "new" not in held(bench)
    assert counts(ran) == {"read": 3, "rejected": 1, "undecided": 2}


def test_skip_unchanged_sends_only_what_differs(bench, company):
    lines = [
        bench.schema(),
        issue(bench, company, "old", status="open"),
        issue(bench, company, "older", status="closed"),
    ]
    ran = bench.run(lines, skip_unchanged=True)
    assert counts(ran) == {"read": 2, "updated": 1, "unchanged": 1}
    assert [request.items for request in writes(bench)] == [1]


def test_a_dry_run_writes_nothing_reports_what_it_would_do_and_prints_no_state(
    bench, company, caplog
):
    caplog.set_level("INFO")
    lines = [
        bench.schema(),
        issue(bench, company, "old", status="closed"),
        issue(bench, company, "older", status="open"),
        issue(bench, company, "new"),
        bench.record(title="No key"),
        bench.record(sourceId="old", _sdc_deleted_at="2026-01-01"),
        bench.record(sourceId="never", _sdc_deleted_at="2026-01-01"),
        bench.state(1),
    ]
    ran = bench.run(lines, dry_run=True, deletes="delete", on_reject="continue")
    assert ran.error is None
    assert counts(ran) == {
        "read": 6,
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "deleted": 1,
        "skipped": 1,
        "rejected": 1,
    }
    assert writes(bench) == []
    assert ran.states == []
    assert ran.rejects == []
    assert "would update issues, line 2: status: open -> closed" in caplog.text


def test_a_dry_run_continues_after_a_reject_and_fails_as_the_run_would(bench, company):
    lines = [bench.schema(), bench.record(title="No key"), issue(bench, company, "new")]
    ran = bench.run(lines, dry_run=True)
    assert "1 record would be rejected" in str(ran.error)
    assert counts(ran) == {"read": 2, "created": 1, "rejected": 1}


@pytest.mark.parametrize("deletes", ["ignore", "archive", "delete"])
def test_a_deleted_record_is_left_alone_archived_or_deleted(bench, company, deletes):
    gone = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    lines = [
        bench.schema(),
        issue(bench, company, "old", **gone),
        issue(bench, company, "never", **gone),
        issue(bench, company, "old", **gone),
        bench.state(1),
    ]
    ran = bench.run(lines, deletes=deletes)
    assert ran.error is None
    assert ran.states == [{"bookmarks": {"at": 1}}]
    if deletes == "ignore":
        assert counts(ran) == {"read": 3, "skipped": 3}
        assert held(bench)["old"].get("archived") is False
    if deletes == "archive":
        assert held(bench)["old"]["archived"] is True
        assert counts(ran) == {"read": 3, "updated": 1, "skipped": 2}
    if deletes == "delete":
        assert held(bench).keys() == {"older"}
        assert counts(ran) == {"read": 3, "deleted": 1, "skipped": 2}


ANSWERS = [
    {},
    {"success_keys": "id"},
    {"success_keys": "sent", "success_order": "reversed"},
    {"absent_arrays": "all"},
    {"unmatched_key": "create"},
]


@pytest.mark.parametrize("others", [0, 10])
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("deletes", ["archive", "delete"])
def test_a_record_created_in_this_run_is_archived_or_deleted(
    bench, company, deletes, answers, lost, others
):
    bench.sandbox.behave(**answers)
    if lost:
        bench.sandbox.fault("reset-after", route="bulk", nth=1)
    lines = [
        bench.schema(),
        issue(bench, company, "new"),
        # Their _ids make the target read the list before any of these is created.
        *(issue(bench, company, f"other {at}", _id=f"{at:024x}") for at in range(others)),
        bench.record(sourceId="new", _sdc_deleted_at="2026-01-01"),
        bench.record(_id=FOREIGN, sourceId="new", _sdc_deleted_at="2026-01-01"),
        bench.state(1),
    ]
    ran = bench.run(lines, deletes=deletes)
    assert ran.error is None
    assert ran.states == [{"bookmarks": {"at": 1}}]
    assert counts(ran)["read"] == others + 3
    assert counts(ran)["skipped"] == 1
    if deletes == "archive":
        assert held(bench)["new"]["archived"] is True
        assert held(bench)["new"]["title"] == "t"
        assert len(held(bench)) == 2 + others + 1
    else:
        assert counts(ran)["deleted"] == 1
        assert "new" not in held(bench)


@pytest.mark.parametrize("others", [0, 10])
@pytest.mark.parametrize("mode", [{}, {"skip_unchanged": True}, {"write_mode": "create"}])
def test_a_record_created_in_this_run_can_be_archived_and_brought_back(
    bench, company, mode, others
):
    gone = bench.record(sourceId="new", _sdc_deleted_at="2026-01-01")
    new = issue(bench, company, "new", archived=False)
    lines = [
        bench.schema(),
        *(issue(bench, company, f"other {at}") for at in range(others)),
        *(new, gone, gone, new, gone, new),
    ]
    ran = bench.run(lines, deletes="archive", **mode)
    assert ran.error is None
    assert len(held(bench)) == 2 + others + 1
    # A run that only creates leaves what is there as it is.
    assert held(bench)["new"]["archived"] is (mode == {"write_mode": "create"})


def test_a_delete_keeps_its_place_among_the_records_of_its_identity(bench, company):
    lines = [bench.schema()]
    for number in range(4):
        lines.append(issue(bench, company, "new", title=f"t{number}"))
        lines.append(bench.record(sourceId="new", _sdc_deleted_at="2026-01-01"))
    lines.append(issue(bench, company, "new", title="last"))
    ran = bench.run(lines, deletes="delete")
    assert ran.error is None
    assert held(bench)["new"]["title"] == "last"
    assert counts(ran)["deleted"] == 4


def test_a_foreign_id_creates_nothing_twice(bench, company):
    lines = [bench.schema(), issue(bench, company, "new", _id=FOREIGN), bench.state(1)]
    for _ in range(2):
        assert bench.run(lines).error is None
    assert len(held(bench)) == 3
    ran = bench.run([bench.schema(), bench.record(_id=FOREIGN)], on_reject="continue")
    assert ran.reject_codes == {2: "unknown_id"}


def test_one_tenant_piped_into_itself_sends_nothing(bench, tap, target):
    """What tap-planhat reads, target-planhat with skip_unchanged leaves alone."""
    company = bench.company()
    for number in range(30):
        bench.sandbox.tenant("alpha").insert(
            "issues",
            {
                "sourceId": f"s{number}",
                "title": "t",
                "companyIds": [company],
                "custom": {"A label": 0.1 * number, "At": "2026-01-01T00:00:00.000Z"},
            },
        )
        bench.sandbox.tenant("alpha").insert(
            "objectives", {"externalId": f"e{number}", "name": "n", "companyId": company}
        )
    read = tap(config=bench.config())
    assert read.code == 0
    wrote = target(
        config=bench.config(skip_unchanged=True, summary_path="summary.json"), stdin=read.stdout
    )
    assert wrote.code == 0
    assert writes(bench) == []
    assert wrote.messages[-1] == read.messages[-1]["value"]


def test_concurrent_batches_keep_the_order_of_each_identity(bench, company):
    bench.sandbox.fault("slow", route="bulk", seconds=0.05, every=2)
    lines = [bench.schema()]
    for number in range(60):
        lines.append(issue(bench, company, f"k{number % 7}", title=f"{number}", custom={}))
        lines.append(issue(bench, company, f"k{number % 7}", status=f"{number}"))
    ran = bench.run(lines, batch_size_rows=4, concurrency=8)
    assert ran.error is None
    for key in range(7):
        last = max(number for number in range(60) if number % 7 == key)
        assert held(bench)[f"k{key}"]["status"] == str(last)
        assert held(bench)[f"k{key}"]["title"] == "t"


def test_concurrent_batches_are_in_flight_together(bench):
    company = bench.company()
    before_the_first_answer = []

    def hold(request):
        if request.route == "bulk" and not before_the_first_answer:
            until(lambda: len(writes(bench)) == 4)
            before_the_first_answer.extend(writes(bench))

    bench.sandbox.after_each_request.append(hold)
    lines = [bench.schema(), *(issue(bench, company, f"s{number}") for number in range(40))]
    ran = bench.run(lines, batch_size_rows=5, concurrency=4)
    assert ran.error is None
    assert len(before_the_first_answer) == 4
    assert len(writes(bench)) == 8
