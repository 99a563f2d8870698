"""Whether the records are at fault, or Planhat is, or the token: an outage is never a reject."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planhat_sync.errors import (
    AuthenticationError,
    GaveUpError,
    NotPermittedError,
    UnreachableError,
)
from planhat_sync.writing.sending.conclusions import AllRefusedError

BAD = "REFUSE-ME"


def issues(bench, count, bad=(), **fields):
    company = bench.company()
    yield bench.schema()
    for number in range(count):
        title = BAD if number in bad else "A title"
        yield bench.record(sourceId=f"s{number}", title=title, companyIds=[company], **fields)
    yield bench.state(count)


def bulk_requests(bench):
    return [request for request in bench.sandbox.requests if request.route == "bulk"]


def issues_in_planhat(bench):
    return len(bench.sandbox.tenant("alpha").records("issues"))


def test_a_full_success_is_one_request_for_each_batch(bench):
    ran = bench.run(issues(bench, 25), batch_size_rows=10)
    assert ran.error is None
    assert [request.items for request in bulk_requests(bench)] == [10, 10, 5]


@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_an_outage_stops_the_run_and_rejects_nothing(bench, status):
    bench.sandbox.fault("status", route="bulk", status=status, nth=2, burst=1000)
    ran = bench.run(
        issues(bench, 25), batch_size_rows=10, retry_budget_seconds=0, on_reject="continue"
    )
    assert isinstance(ran.error, GaveUpError)
    assert ran.rejects == []
    assert ran.counts["issues"] == {**ran.counts["issues"], "created": 10, "rejected": 0}


def test_a_500_that_persists_for_everything_is_an_outage(bench):
    bench.sandbox.fault("status", route="bulk", status=500)
    ran = bench.run(issues(bench, 100), retry_budget_seconds=0, on_reject="continue")
    assert isinstance(ran.error, GaveUpError)
    assert "answered 500 to every write of issues" in str(ran.error)
    assert ran.rejects == []
    assert ran.states == []
    assert len(bulk_requests(bench)) <= 1 + 7 + 2 * 20


def test_a_500_on_a_single_record_is_treated_as_an_outage(bench):
    bench.sandbox.fault("status", route="bulk", status=500)
    ran = bench.run(issues(bench, 1), retry_budget_seconds=0, on_reject="continue")
    assert isinstance(ran.error, GaveUpError)
    assert ran.rejects == []


@pytest.mark.parametrize("bad", [{0}, {7}, {3, 4, 19}])
@pytest.mark.parametrize("batch", ["each", "whole"])
def test_a_500_that_persists_for_some_records_rejects_them(bench, bad, batch):
    bench.sandbox.behave(refused_marker=BAD, failure_answer="server-error", batch=batch)
    ran = bench.run(issues(bench, 20, bad), retry_budget_seconds=0, on_reject="continue")
    assert ran.error is None
    assert set(ran.reject_codes) == {number + 2 for number in bad}
    assert issues_in_planhat(bench) == 20 - len(bad)
    assert ran.states == [{"bookmarks": {"at": 20}}]


def test_an_outage_that_comes_and_goes_does_not_reject_a_record(bench):
    """The batch, a half and a single item fail; the next one is accepted; then all fail again."""
    bench.sandbox.fault("status", route="bulk", status=500, times=3)
    bench.sandbox.fault("status", route="bulk", status=500, nth=5, burst=1000)
    ran = bench.run(issues(bench, 4), retry_budget_seconds=0, on_reject="continue")
    assert isinstance(ran.error, GaveUpError)
    assert len(bulk_requests(bench)) == 6
    assert ran.rejects == []


def test_an_outage_that_is_over_when_the_record_is_sent_again_rejects_nothing(bench):
    bench.sandbox.fault("status", route="bulk", status=500, times=3)
    ran = bench.run(issues(bench, 4), retry_budget_seconds=0, on_reject="continue")
    assert ran.error is None
    assert issues_in_planhat(bench) == 4
    assert ran.rejects == []


def test_an_outage_that_begins_while_parts_are_sent_again_rejects_nothing(bench):
    """The first answer is an opaque 400; from the fourth request on, Planhat answers 500."""
    bench.sandbox.behave(refused_marker=BAD, failure_answer="string")
    bench.sandbox.fault("status", route="bulk", status=500, nth=4, burst=1000)
    ran = bench.run(issues(bench, 16, {2}), retry_budget_seconds=0, on_reject="continue")
    assert isinstance(ran.error, GaveUpError)
    assert ran.rejects == []
    assert ran.states == []


@pytest.mark.parametrize("count", [1, 3])
def test_an_outage_that_begins_after_a_lost_answer_rejects_nothing(bench, count):
    """A refusal after a lost answer is checked once more; by then Planhat answers 500."""
    bench.sandbox.behave(refused_marker=BAD, failure_answer="string")
    bench.sandbox.fault("reset-after", route="bulk", nth=1)
    bench.sandbox.fault("status", route="bulk", status=500, nth=3, burst=1000)
    ran = bench.run(issues(bench, count, {0}), retry_budget_seconds=1, on_reject="continue")
    assert isinstance(ran.error, GaveUpError)
    assert ran.rejects == []


@settings(
    max_examples=max(60, settings().max_examples // 3),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    titles=st.lists(st.sampled_from([BAD, "one", "two", "three"]), min_size=6, max_size=6),
    batch=st.sampled_from(["each", "whole", "until-bad"]),
    answer=st.sampled_from(["arrays", "string", "server-error"]),
    entries=st.sampled_from(["opaque", "index", "text"]),
    named=st.sampled_from(["held", "sent", "id"]),
    counted=st.sampled_from([("right", "bump"), ("right", "nonupdate"), ("absent", "bump")]),
    failures=st.sampled_from([0, 0, 1, 3, 4, 5, 9]),
    places=st.permutations(range(6)),
)
def test_of_two_names_of_one_record_the_later_one_is_written_last_whatever_fails(
    bench, titles, batch, answer, entries, named, counted, failures, places
):
    counts, unchanged = counted  # without counts, nothing says that an item was unchanged
    bench.sandbox.reset()
    tenant = bench.sandbox.tenant("alpha")
    company = bench.company()
    rows = [
        tenant.insert("issues", {"title": "old", "sourceId": name, "companyIds": [company]})
        for name in "abc"
    ]
    named_twice = [({"_id": row["_id"]}, row) for row in rows]
    named_twice += [({"sourceId": row["sourceId"]}, row) for row in rows]
    order = [named_twice[place] for place in places]
    bench.sandbox.behave(
        refused_marker=BAD,
        batch=batch,
        failure_answer=answer,
        error_entries=entries,
        success_keys=named,
        counts=counts,
        unchanged=unchanged,
    )
    bench.sandbox.fault("status", route="bulk", status=500, times=failures)
    lines = [bench.schema()]
    lines += [
        bench.record(**name, title=title) for (name, _), title in zip(order, titles, strict=True)
    ]
    ran = bench.run(lines, retry_budget_seconds=0, on_reject="continue")
    bench.rejects_path.unlink(missing_ok=True)
    if ran.error is not None:
        assert isinstance(ran.error, (GaveUpError, AllRefusedError))
        return
    expected = {row["_id"]: "old" for row in rows}
    for (_, row), title in zip(order, titles, strict=True):
        if title != BAD:
            expected[row["_id"]] = title
    assert {each["_id"]: each["title"] for each in tenant.records("issues")} == expected
    assert set(ran.reject_codes) == {at + 2 for at, title in enumerate(titles) if title == BAD}


def test_a_part_that_an_answer_names_is_not_sent_before_what_may_be_the_same_record(bench):
    """The first answer names the second item as bad, and none as written; the others are right."""
    company = bench.company()
    existing = bench.sandbox.tenant("alpha").insert(
        "issues", {"title": "old", "sourceId": "s", "companyIds": [company]}
    )
    bench.sandbox.fault(
        "behave",
        route="bulk",
        nth=1,
        refused_marker="later",
        error_entries="index",
        counts="short",
        absent_arrays="successes",
    )
    lines = [
        bench.schema(),
        bench.record(_id=existing["_id"], title="earlier"),
        bench.record(sourceId="s", title="later"),
    ]
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert ran.rejects == []
    [record] = bench.sandbox.tenant("alpha").records("issues")
    assert record["title"] == "later"
    assert [request.items for request in bulk_requests(bench)] == [2, 1, 1]


@pytest.mark.parametrize("shape", ["index", "keyables", "item", "opaque", "absent"])
def test_an_update_whose_id_was_looked_up_is_found_in_an_answer_item_by_item(bench, shape):
    """Objectives have three keyables; the `_id` is put in front of the others."""
    company = bench.company()
    tenant = bench.sandbox.tenant("alpha")
    keys = [{"sourceId": f"s{at}", "externalId": f"e{at}"} for at in range(4)]
    for named in keys:
        tenant.insert("objectives", {"name": "old", "companyId": company, **named})
    bench.sandbox.behave(refused_marker=BAD, error_entries=shape)
    lines = [bench.schema("objectives")]
    for at, named in enumerate(keys):
        title = BAD if at == 2 else "new"
        lines.append(bench.record("objectives", name=title, companyId=company, **named))
    ran = bench.run(lines, write_mode="update", on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {4: "refused"}
    assert [each["name"] for each in tenant.records("objectives")] == ["new", "new", "old", "new"]
    assert ran.counts["objectives"]["updated"] == 3
    if shape != "absent":
        assert len(bulk_requests(bench)) == 1


def test_a_body_that_is_too_large_is_halved_until_it_fits_and_this_is_logged(bench, caplog):
    bench.sandbox.behave(body_limit_bytes=600)
    ran = bench.run(issues(bench, 20))
    assert ran.error is None
    assert issues_in_planhat(bench) == 20
    assert caplog.text.count("A smaller batch_size_bytes saves these requests") == 1


def test_a_record_that_is_too_large_by_itself_is_a_reject(bench):
    bench.sandbox.behave(body_limit_bytes=600)
    lines = list(issues(bench, 6))
    lines[3]["record"]["description"] = "x" * 700
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {4: "too_large"}
    assert issues_in_planhat(bench) == 5


def test_a_token_without_the_right_to_write_stops_the_run_at_once(bench):
    bench.sandbox.fault("status", route="bulk", status=403)
    ran = bench.run(issues(bench, 100), on_reject="continue")
    assert isinstance(ran.error, NotPermittedError)
    assert "api_token has no permission to write issues" in str(ran.error)
    assert ran.rejects == []
    assert len(bulk_requests(bench)) == 1


def test_permission_errors_for_everything_stop_the_run_too(bench):
    bench.sandbox.behave(forbidden_marker="A title", error_entries="index")
    ran = bench.run(issues(bench, 30), on_reject="continue")
    assert isinstance(ran.error, NotPermittedError)
    assert ran.rejects == []


@pytest.mark.parametrize("shape", ["index", "opaque", "absent"])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_batch_of_nothing_but_forbidden_records_is_rejected_once_others_were_accepted(
    bench, shape, rows, concurrency
):
    bench.sandbox.behave(forbidden_marker=BAD, error_entries=shape)
    bad = set(range(3 * rows, 4 * rows))
    lines = list(issues(bench, 7 * rows, bad))
    lines.insert(1 + 2 * rows, bench.state("before"))
    ran = bench.run(lines, batch_size_rows=rows, on_reject="continue", concurrency=concurrency)
    assert ran.error is None
    assert set(ran.reject_codes) == {each + 3 for each in bad}
    assert set(ran.reject_codes.values()) == {"forbidden"}
    assert issues_in_planhat(bench) == 6 * rows


def test_a_right_that_is_revoked_in_the_middle_stops_the_run_and_rejects_nothing(bench):
    bench.sandbox.fault("status", route="bulk", status=403, nth=3, burst=1000)
    ran = bench.run(issues(bench, 300), batch_size_rows=100, on_reject="continue")
    assert isinstance(ran.error, NotPermittedError)
    assert ran.rejects == []
    assert issues_in_planhat(bench) == 200


def test_a_missing_right_for_one_model_stops_the_run_although_another_model_was_written(bench):
    bench.sandbox.behave(forbidden_marker="an aim", error_entries="index")
    company = bench.company()
    aim = {"sourceId": "o", "name": "an aim", "companyId": company}
    lines = [*issues(bench, 3), bench.schema("objectives")]
    lines.append({"type": "RECORD", "stream": "objectives", "record": aim})
    ran = bench.run(lines, batch_size_rows=1, on_reject="continue")
    assert isinstance(ran.error, NotPermittedError)
    assert "objectives" in str(ran.error)
    assert ran.rejects == []


@pytest.mark.parametrize("shape", ["index", "keyables", "opaque", "absent"])
@pytest.mark.parametrize("status", [403, 206])
def test_a_record_that_is_forbidden_while_others_are_not_is_a_reject(bench, shape, status):
    bench.sandbox.behave(forbidden_marker=BAD, error_entries=shape, forbidden_status=status)
    ran = bench.run(issues(bench, 10, {4}), on_reject="continue")
    assert ran.error is None
    assert set(ran.reject_codes) == {6}
    if shape != "absent":
        assert ran.reject_codes == {6: "forbidden"}


def test_a_token_that_is_revoked_in_the_middle_stops_the_run_and_keeps_earlier_states(bench):
    bench.sandbox.fault("status", route="bulk", status=401, nth=2)
    lines = list(issues(bench, 25))
    lines.insert(11, bench.state(10))
    ran = bench.run(lines, batch_size_rows=10, on_reject="continue")
    assert isinstance(ran.error, AuthenticationError)
    assert ran.states == [{"bookmarks": {"at": 10}}]
    assert ran.rejects == []


@pytest.mark.parametrize("answer", ["string", "empty"])
def test_an_opaque_refusal_of_everything_rejects_no_record(bench, answer):
    bench.sandbox.behave(refused_marker=BAD, failure_answer=answer)
    ran = bench.run(issues(bench, 60, set(range(60))), on_reject="continue")
    assert isinstance(ran.error, AllRefusedError)
    assert "the records are not the cause" in str(ran.error)
    assert ran.rejects == []
    assert ran.states == []
    assert len(bulk_requests(bench)) <= 1 + 6 + 2 * 20


@pytest.mark.parametrize("bad", [11, 15, 19])
@pytest.mark.parametrize("answer", ["string", "empty"])
def test_fewer_than_twenty_refusals_alike_are_rejects(bench, answer, bad):
    """Each answer to a bad record is byte for byte the same, and nothing is written before them."""
    bench.sandbox.behave(refused_marker=BAD, failure_answer=answer, batch="whole")
    ran = bench.run(issues(bench, bad + 1, set(range(bad))), on_reject="continue")
    assert ran.error is None
    assert set(ran.reject_codes) == {at + 2 for at in range(bad)}
    assert issues_in_planhat(bench) == 1
    assert ran.states == [{"bookmarks": {"at": bad + 1}}]


def test_500s_with_different_bodies_are_one_outage(bench):
    for nth in range(1, 300):
        bench.sandbox.fault("status", route="bulk", status=500, body=f"error {nth}", nth=nth)
    ran = bench.run(issues(bench, 100), retry_budget_seconds=0, on_reject="continue")
    assert isinstance(ran.error, GaveUpError)
    assert "answered 500 to every write of issues" in str(ran.error)
    assert ran.rejects == []
    assert ran.states == []
    assert len(bulk_requests(bench)) <= 1 + 7 + 2 * 20


def test_counts_that_are_wrong_do_not_matter_if_each_success_is_named(bench):
    bench.sandbox.behave(counts="long")
    ran = bench.run(issues(bench, 60), on_reject="continue")
    assert ran.error is None
    assert ran.counts["issues"]["created"] == 60
    assert len(bulk_requests(bench)) == 1


def test_answers_that_never_add_up_are_unknown_outcomes(bench):
    bench.sandbox.behave(counts="long", absent_arrays="successes", unchanged="bump")
    ran = bench.run(issues(bench, 8), on_reject="continue")
    assert ran.error is None
    assert set(ran.reject_codes.values()) == {"outcome_unknown"}
    assert issues_in_planhat(bench) == 8
    message = ran.rejects[0]["reject"]["message"]
    assert "it may have been written" in message


def test_bisection_stops_once_the_run_fails(bench):
    bench.sandbox.behave(refused_marker=BAD, failure_answer="string")
    ran = bench.run(issues(bench, 256, set(range(0, 256, 2))))
    assert "1 record was rejected" in str(ran.error)
    assert len(bulk_requests(bench)) < 25


def test_a_failed_batch_does_not_hold_back_the_states_of_earlier_batches(bench):
    bench.sandbox.behave(refused_marker=BAD)
    lines = []
    for message in issues(bench, 30, {25}):
        lines.append(message)
        if message["type"] == "RECORD":
            lines.append(bench.state(message["record"]["sourceId"]))
    ran = bench.run(lines, batch_size_rows=10)
    assert ran.states[-1] == {"bookmarks": {"at": "s24"}}
    assert ran.error is not None


def unkeyed(bench, count, **fields):
    company = bench.company()
    yield bench.schema()
    for number in range(count):
        yield bench.record(title=f"t{number}", companyIds=[company], **fields)


def test_unkeyed_records_are_created_when_asked_for_and_never_sent_twice(bench):
    ran = bench.run(unkeyed(bench, 7), missing_key="create")
    assert ran.error is None
    assert ran.counts["issues"]["created"] == 7
    assert [request.items for request in bulk_requests(bench)] == [1] * 7


def test_unkeyed_records_behind_a_reject_that_fails_the_run_are_left_to_the_next_run(bench):
    bench.sandbox.behave(refused_marker=BAD)
    lines = list(unkeyed(bench, 3))
    bad = {**lines[1]["record"], "sourceId": "s", "title": BAD}
    lines[1:1] = [bench.record(**bad)]
    first = bench.run(lines, missing_key="create")
    assert first.reject_codes == {2: "refused"} or "line 2" in str(first.error)
    assert issues_in_planhat(bench) == 0
    lines[1]["record"]["title"] = "corrected"
    assert bench.run(lines, missing_key="create").error is None
    assert issues_in_planhat(bench) == 4


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "status-after"])
def test_an_unkeyed_create_whose_answer_was_lost_is_rejected_as_unknown(bench, fault):
    bench.sandbox.fault(fault, route="bulk", nth=3)
    ran = bench.run(unkeyed(bench, 6), missing_key="create", on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {4: "outcome_unknown"}
    sent = [json.loads(request.body)[0]["title"] for request in bulk_requests(bench)]
    assert sorted(sent) == [f"t{number}" for number in range(6)]


def test_an_outage_during_unkeyed_creates_rejects_one_record_and_stops(bench):
    bench.sandbox.fault("status", status=503, nth=3, burst=1000)
    ran = bench.run(
        unkeyed(bench, 50), missing_key="create", on_reject="continue", retry_budget_seconds=0
    )
    assert isinstance(ran.error, GaveUpError)
    assert ran.reject_codes == {4: "outcome_unknown"}
    assert ran.counts["issues"] == {**ran.counts["issues"], "created": 2, "rejected": 1}


def test_bad_unkeyed_records_are_found_in_any_shape_of_answer(bench):
    for shape in ("index", "text", "opaque", "nothing"):
        bench.sandbox.reset()
        bench.sandbox.behave(error_entries=shape, refused_marker=BAD)
        lines = list(unkeyed(bench, 6))
        lines[2]["record"]["title"] = BAD
        ran = bench.run(lines, missing_key="create", on_reject="continue")
        assert ran.error is None
        assert set(ran.reject_codes) == {3}
        assert issues_in_planhat(bench) == 5
        bench.rejects_path.unlink()


def test_a_lost_answer_to_keyed_records_is_sent_again_and_creates_no_duplicates(bench):
    bench.sandbox.fault("reset-after", route="bulk", times=2)
    ran = bench.run(issues(bench, 10))
    assert ran.error is None
    assert issues_in_planhat(bench) == 10
    assert ran.counts["issues"]["read"] == 10


@pytest.mark.parametrize("unchanged", ["nonupdate", "both", "bump"])
@pytest.mark.parametrize("entries", ["keyables", "property", "absent"])
@pytest.mark.parametrize("validation_errors", ["absent", "filled"])
def test_records_that_change_nothing_have_one_outcome_each_beside_a_refused_one(
    bench, unchanged, entries, validation_errors
):
    company = bench.company()
    old = [bench.record(sourceId=f"s{at}", title="old", companyIds=[company]) for at in range(10)]
    assert bench.run([bench.schema(), *old]).error is None
    bench.sandbox.behave(
        unchanged=unchanged,
        error_entries=entries,
        validation_errors=validation_errors,
        refused_marker=BAD,
    )
    lines = [bench.schema(), *old, bench.record(sourceId="new", title="t", companyIds=[company])]
    lines[4]["record"]["title"], lines[6]["record"]["title"] = BAD, "new"
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {5: "refused"}
    same = 0 if unchanged == "bump" else 8
    expected = {"read": 11, "created": 1, "updated": 9 - same, "unchanged": same, "rejected": 1}
    assert ran.counts["issues"] == {**ran.counts["issues"], **expected}


def test_what_a_rejected_record_superseded_is_written_alone(bench):
    bench.sandbox.behave(refused_marker=BAD)
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="good", companyIds=[company]),
        bench.record(sourceId="a", title="better", companyIds=[company], status="x"),
        bench.record(sourceId="a", title=BAD, companyIds=[company], status="y"),
        bench.record(sourceId="b", title="other", companyIds=[company]),
        bench.state(1),
    ]
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {4: "refused"}
    records = {each["sourceId"]: each for each in bench.sandbox.tenant("alpha").records("issues")}
    assert records["a"]["title"] == "better"
    assert records["a"]["status"] == "x"
    account = ran.counts["issues"]
    assert (account["read"], account["merged"], account["created"]) == (4, 1, 2)


@settings(
    max_examples=max(40, settings().max_examples // 5),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    versions=st.lists(st.sampled_from(["good", "better", BAD, f"{BAD} too"]), max_size=12),
    others=st.lists(st.sampled_from(["good", BAD]), max_size=12),
    answer=st.sampled_from(["arrays", "string"]),
    entries=st.sampled_from(["opaque", "keyables"]),
)
def test_the_newest_good_version_of_a_record_wins_with_few_requests(
    bench, versions, others, answer, entries
):
    bench.sandbox.reset()
    bench.sandbox.behave(refused_marker=BAD, failure_answer=answer, error_entries=entries)
    company = bench.company()
    lines = [bench.schema()]
    for key, titles in (("hot", versions), ("other", others)):
        lines += [bench.record(sourceId=key, title=each, companyIds=[company]) for each in titles]
    ran = bench.run(lines, on_reject="continue")
    bench.rejects_path.unlink(missing_ok=True)
    assert ran.error is None
    refused, expected, line = set(), {}, 1
    for key, titles in (("hot", versions), ("other", others)):
        good = [at for at, title in enumerate(titles) if not title.startswith(BAD)]
        if good:
            expected[key] = titles[good[-1]]
        behind = range(good[-1] + 1 if good else 0, len(titles))
        refused |= {line + 1 + at for at in behind}
        line += len(titles)
    titles = {
        each["sourceId"]: each["title"] for each in bench.sandbox.tenant("alpha").records("issues")
    }
    assert titles == expected
    assert set(ran.reject_codes) == refused
    assert len(bulk_requests(bench)) <= 1 + 3 * len(refused)  # each is sent twice and halved


def test_versions_of_several_records_are_sent_together(bench):
    bench.sandbox.behave(refused_marker=BAD, error_entries="keyables")
    company = bench.company()
    lines = [bench.schema()]
    for version in range(6):
        for key in "abcd":
            title = f"good {version}" if version < 2 else f"{BAD} {version}"
            lines.append(bench.record(sourceId=key, title=title, companyIds=[company]))
    ran = bench.run(lines, on_reject="continue")
    assert {each["title"] for each in bench.sandbox.tenant("alpha").records("issues")} == {"good 1"}
    assert len(ran.rejects) == 16
    assert [request.items for request in bulk_requests(bench)] == [4] * 5


def test_a_version_that_is_the_same_as_the_refused_one_is_not_sent_again(bench):
    bench.sandbox.behave(refused_marker=BAD)
    company = bench.company()
    titles = ["good", *[BAD] * 500]
    lines = [bench.schema()]
    lines += [bench.record(sourceId="a", title=title, companyIds=[company]) for title in titles]
    ran = bench.run(lines, on_reject="continue")
    assert [each["title"] for each in bench.sandbox.tenant("alpha").records("issues")] == ["good"]
    assert set(ran.reject_codes) == set(range(3, 503))
    assert ran.counts["issues"] == {**ran.counts["issues"], "created": 1, "rejected": 500}
    assert len(bulk_requests(bench)) == 2


def test_a_host_that_is_gone_stops_the_run(bench):
    bench.sandbox.fault("refuse-connections", route="bulk", seconds=5)
    ran = bench.run(issues(bench, 3), retry_budget_seconds=0, on_reject="continue")
    assert isinstance(ran.error, (UnreachableError, GaveUpError))
    assert ran.rejects == []


def test_the_token_is_not_in_a_reject_even_if_planhat_repeats_it(bench):
    bench.sandbox.behave(refused_marker="token-a", error_entries="item")
    company = bench.company()
    lines = [bench.schema()]
    lines += [bench.record(sourceId=f"s{n}", title="t", companyIds=[company]) for n in range(3)]
    lines.append(bench.record(sourceId="x", title="no company", companyIds=["token-a"]))
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert "token-a" not in ran.rejects[0]["reject"]["message"]
