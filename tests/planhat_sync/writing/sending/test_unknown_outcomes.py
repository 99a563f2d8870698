"""A version of a record that may have been written is never overwritten with an older one."""

from __future__ import annotations

import pytest

from planhat_sync.writing.matching.finder import MAX_LOOKUPS

WITHOUT_OUTCOMES = {"counts": "absent", "absent_arrays": "all"}
CONTRADICTORY = {"counts": "long", "absent_arrays": "successes", "unchanged": "bump"}


def title(bench, key="s"):
    records = bench.sandbox.tenant("alpha").records("issues")
    return next((each["title"] for each in records if each.get("sourceId") == key), None)


def versions(bench, *titles, key="s", company=None):
    """Records of one key; each has all properties of the one before it."""
    company = company or bench.company()
    return [bench.record(sourceId=key, title=title, companyIds=[company]) for title in titles]


def codes_in_order(ran):
    return [(each["reject"]["line"], each["reject"]["code"]) for each in ran.rejects]


def replay(bench):
    """Replay the reject file, once Planhat gives correct answers again."""
    lines = bench.rejects_path.read_bytes().splitlines()
    bench.sandbox.behave(counts="right", absent_arrays="none", refused_marker="")
    bench.sandbox.faults.clear()
    bench.rejects_path.unlink()
    return bench.run(lines, on_reject="continue")


@pytest.mark.parametrize("answers", [WITHOUT_OUTCOMES, CONTRADICTORY])
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
    """The first answer is 200 and nothing else, and nothing was written."""
    bench.sandbox.fault("status", route="bulk", status=200)
    lines = [bench.schema(), *versions(bench, "old", "new")]
    ran = bench.run(lines, on_reject="continue")
    assert codes_in_order(ran) == [(2, "outcome_unknown"), (3, "outcome_unknown")]
    assert title(bench) is None
    again = replay(bench)
    assert again.error is None
    assert (again.counts["issues"]["created"], again.counts["issues"]["merged"]) == (1, 1)
    assert title(bench) == "new"


def test_a_replay_writes_the_newest_version_that_planhat_accepts(bench):
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
    bench.sandbox.behave(**WITHOUT_OUTCOMES)
    lines = [bench.schema(), *versions(bench, "old", "new"), bench.state(1)]
    ran = bench.run(lines, rejects_path=str(bench.rejects_path))
    assert "outcome_unknown" in str(ran.error)
    assert ran.states == []
    assert title(bench) == "new"


def test_a_500_after_a_write_does_not_bring_back_an_older_version(bench):
    """In the batch, alone, and sent again: each time Planhat writes it and answers 500."""
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
    """Planhat has `old`; `new` is written and rejected as unknown; then `old` is read again."""
    company = bench.company()
    tenant = bench.sandbox.tenant("alpha")
    keys = [*(f"existing {at}" for at in range(MAX_LOOKUPS + 1)), "s"]
    for key in keys:
        tenant.insert("issues", {"sourceId": key, "title": "old", "companyIds": [company]})
    lines = [bench.schema()]
    for key in keys[:-1]:
        lines += versions(bench, "old", key=key, company=company)
    lines += versions(bench, "new", company=company)
    lines += versions(bench, "other", key="other", company=company)
    lines += versions(bench, "old", company=company)
    if answer == "unknown":
        bench.sandbox.behave(**WITHOUT_OUTCOMES)
    # So that only what the target finds unchanged, and does not send, counts as unchanged.
    bench.sandbox.behave(unchanged="bump")
    for nth in (1, 2, 4) if answer == "500" else ():
        bench.sandbox.fault("status-after", route="bulk", status=500, nth=nth)
    ran = bench.run(
        lines,
        on_reject="continue",
        retry_budget_seconds=0,
        skip_unchanged=True,
        batch_size_rows=len(keys) + 1,
    )
    assert ran.error is None
    assert ran.counts["issues"]["unchanged"] == MAX_LOOKUPS + 1
    assert len(keys) + 1 in ran.reject_codes
    assert title(bench) == "old"


def test_rejects_of_one_batch_are_kept_in_the_order_of_their_lines(bench):
    """The newest is refused first; a replay must nevertheless end with it."""
    bench.sandbox.behave(refused_marker="REFUSE-ME")
    titles = [f"REFUSE-ME {at}" for at in range(4)]
    ran = bench.run([bench.schema(), *versions(bench, *titles)], on_reject="continue")
    assert codes_in_order(ran) == [(line, "refused") for line in (2, 3, 4, 5)]
    assert replay(bench).error is None
    assert title(bench) == titles[-1]
