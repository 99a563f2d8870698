"""A version of a record that may have been written is never written over with an older one."""

from __future__ import annotations

import pytest

from planhat_sync.writing.matching.matcher import MAX_LOOKUPS

SILENT = {"counts": "absent", "absent_arrays": "all"}
CONTRADICTING = {"counts": "long", "absent_arrays": "successes"}


def title(bench, key="s"):
    records = bench.sandbox.tenant("alpha").records("issues")
    return next((each["title"] for each in records if each.get("sourceId") == key), None)


def versions(bench, *titles, key="s", company=None):
    """Records of one key that each say all that the one before says."""
    company = company or bench.company()
    return [bench.record(sourceId=key, title=title, companyIds=[company]) for title in titles]


def codes_in_order(ran):
    return [(each["reject"]["line"], each["reject"]["code"]) for each in ran.rejects]


def replay(bench):
    """Give the reject file to the target, as a person does once Planhat answers as it should."""
    lines = bench.rejects_path.read_bytes().splitlines()
    bench.sandbox.behave(counts="right", absent_arrays="none", refused_marker="")
    bench.sandbox.faults.clear()
    bench.rejects_path.unlink()
    return bench.run(lines, on_reject="continue")


@pytest.mark.parametrize("answers", [SILENT, CONTRADICTING])
@pytest.mark.parametrize("titles", [["old", "new"], ["oldest", "old", "new"], ["a", "b", "a"]])
@pytest.mark.parametrize("others", [0, 3])
def test_after_an_unknown_outcome_no_older_version_is_sent(bench, answers, titles, others):
    bench.sandbox.behave(**answers)
    company = bench.company()
    lines = [bench.schema(), *versions(bench, *titles, company=company)]
    for at in range(others):
        lines += versions(bench, "old", "new", key=f"other {at}", company=company)
    ran = bench.run([*lines, bench.state(1)], on_reject="continue")
    assert ran.error is None
    assert title(bench) == titles[-1]
    records = len(titles) + 2 * others
    unknown = [(line, "outcome_unknown") for line in range(2, 2 + records)]
    assert codes_in_order(ran) == unknown
    assert ran.counts["issues"]["rejected"] == ran.counts["issues"]["read"] == records
    assert ran.states == [{"bookmarks": {"at": 1}}]
    assert replay(bench).error is None
    assert title(bench) == titles[-1]


def test_what_was_not_written_after_all_is_written_by_a_replay(bench):
    """Planhat says 200 to the first request, nothing else, and has done nothing."""
    bench.sandbox.fault("status", route="bulk", status=200)
    lines = [bench.schema(), *versions(bench, "old", "new")]
    ran = bench.run(lines, on_reject="continue")
    assert codes_in_order(ran) == [(2, "outcome_unknown"), (3, "outcome_unknown")]
    assert title(bench) is None
    again = replay(bench)
    assert again.error is None
    assert (again.counts["issues"]["created"], again.counts["issues"]["merged"]) == (1, 1)
    assert title(bench) == "new"


def test_a_replay_writes_the_newest_version_that_planhat_takes(bench):
    bench.sandbox.fault("status", route="bulk", status=200)
    lines = [bench.schema(), *versions(bench, "oldest", "old", "REFUSE-ME")]
    bench.run(lines, on_reject="continue")
    bench.sandbox.faults.clear()
    rejects = bench.rejects_path.read_bytes().splitlines()
    bench.rejects_path.unlink()
    bench.sandbox.behave(refused_marker="REFUSE-ME")
    again = bench.run(rejects, on_reject="continue")
    assert title(bench) == "old"
    assert list(again.reject_codes.values()) == ["refused"]


def test_a_run_that_fails_at_an_unknown_outcome_leaves_the_newest_version(bench):
    bench.sandbox.behave(**SILENT)
    lines = [bench.schema(), *versions(bench, "old", "new"), bench.state(1)]
    ran = bench.run(lines, rejects_path=str(bench.rejects_path))
    assert "outcome_unknown" in str(ran.error)
    assert ran.states == []
    assert title(bench) == "new"


def test_a_500_after_the_work_does_not_bring_back_an_older_version(bench):
    """Whole, alone and tried again: each time Planhat does the work, and fails."""
    for nth in (1, 2, 4):
        bench.sandbox.fault("status-after", route="bulk", status=500, nth=nth)
    company = bench.company()
    lines = [
        bench.schema(),
        *versions(bench, "old", "new", company=company),
        *versions(bench, "other", key="other", company=company),
    ]
    ran = bench.run(lines, on_reject="continue", retry_budget_seconds=0)
    assert ran.error is None
    assert title(bench) == "new"
    assert title(bench, "other") == "other"
    assert codes_in_order(ran) == [(2, "outcome_unknown"), (3, "refused")]


@pytest.mark.parametrize("answer", ["unknown", "500"])
def test_what_may_have_been_written_is_not_taken_for_unchanged(bench, answer):
    """Planhat holds `old`; `new` is written and rejected as unknown; then `old` comes again."""
    company = bench.company()
    tenant = bench.sandbox.tenant("alpha")
    held = [*(f"held {at}" for at in range(MAX_LOOKUPS + 1)), "s"]
    for key in held:
        tenant.insert("issues", {"sourceId": key, "title": "old", "companyIds": [company]})
    lines = [bench.schema()]
    for key in held[:-1]:
        lines += versions(bench, "old", key=key, company=company)
    lines += versions(bench, "new", company=company)
    lines += versions(bench, "other", key="other", company=company)
    lines += versions(bench, "old", company=company)
    if answer == "unknown":
        bench.sandbox.behave(**SILENT)
    for nth in (1, 2, 4) if answer == "500" else ():
        bench.sandbox.fault("status-after", route="bulk", status=500, nth=nth)
    ran = bench.run(
        lines,
        on_reject="continue",
        retry_budget_seconds=0,
        skip_unchanged=True,
        batch_size_rows=len(held) + 1,
    )
    assert ran.error is None
    assert ran.counts["issues"]["unchanged"] == MAX_LOOKUPS + 1
    assert len(held) + 1 in ran.reject_codes
    assert title(bench) == "old"


def test_rejects_of_one_batch_are_kept_in_the_order_of_their_lines(bench):
    """The newest is refused first; a replay has to end with it all the same."""
    bench.sandbox.behave(refused_marker="REFUSE-ME")
    titles = [f"REFUSE-ME {at}" for at in range(4)]
    ran = bench.run([bench.schema(), *versions(bench, *titles)], on_reject="continue")
    assert codes_in_order(ran) == [(line, "refused") for line in (2, 3, 4, 5)]
    assert replay(bench).error is None
    assert title(bench) == titles[-1]
