"""How facts are checked, without HTTP: what does not hold, and answers of any form."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_beliefs.belief import OK
from planhat_beliefs.catalogue import BELIEFS, most_requests
from planhat_beliefs.finding import held
from planhat_beliefs.question import NOT_JSON, FollowUp, Question, Reply, Unanswered, all_of, ask
from planhat_sync.api.connection import CONNECTION_SETTINGS

if TYPE_CHECKING:
    from planhat_beliefs.belief import Belief

BY_NAME = {belief.name: belief for belief in BELIEFS}
ID = "5f0000000000000000000001"
OTHER = "5f0000000000000000000002"
ROW = {"_id": ID}


class Refused(NamedTuple):
    """An answer that is an error."""

    status: int
    value: Any = None


def replies(belief: Belief, answers: list[Any]) -> list[Reply]:
    """Replies to the questions of a fact: values of answers with 200, or errors."""
    made = []
    for asked, answer in zip(belief.needs, answers, strict=True):
        given = answer if isinstance(answer, Refused) else Refused(200, answer)
        question = asked
        if isinstance(asked, FollowUp):
            question = ask("/models") if isinstance(given.value, list) else ask("/models/1")
        made.append(Reply(question, given.status, given.value, {"content-encoding": "gzip"}))
    return made


def dated(*rows: tuple[str, str]) -> list[dict[str, str]]:
    return [{"_id": identifier, "createdAt": time} for identifier, time in rows]


BACKWARDS = dated(
    (ID, "2026-01-03T00:00:00.000Z"),
    (OTHER, "2026-01-02T00:00:00.000Z"),
    ("5f0000000000000000000003", "2026-01-01T00:00:00.000Z"),
)
TWO_COMPANIES = [{"_id": ID, "companyIds": ["a"]}, {"_id": OTHER, "companyIds": ["b"]}]
TWO_OBJECTIVES = [{"_id": ID, "companyId": "a"}, {"_id": OTHER, "companyId": "b"}]
KEYED = [{"_id": ID, "sourceId": "key", "externalId": "key", "extId": "key"}]

NOT_HELD: dict[str, list[list[Any]]] = {
    "list-limit (/issues, maximum)": [[[ROW] * 2001, []], [[ROW] * 7, [{"_id": OTHER}]]],
    "list-limit (/issues, default)": [[[ROW] * 101, []], [[ROW] * 99, [{"_id": OTHER}]]],
    "list-limit-above-maximum (/issues)": [[[ROW] * 2001], [Refused(400)]],
    "list-offset (/issues)": [
        [[ROW, {"_id": OTHER}], [ROW], []],
        [[ROW, {"_id": OTHER}], [{"_id": OTHER}], [ROW]],
        [[ROW, {"_id": OTHER}], Refused(400), []],
    ],
    "list-sort (/issues by title)": [
        [[{"title": t} for t in "bac"], [{"title": t} for t in "cba"]],
        [[{"title": t} for t in "abc"], [{"title": t} for t in "abc"]],
        [Refused(400), []],
    ],
    "list-bare-array (/issues)": [[{"rows": []}], [["text"]]],
    "list-bare-array (/objectives)": [[{"rows": []}]],
    "list-select (/issues)": [[[{"title": "t"}]], [[{**ROW, "status": "s"}]], [Refused(400)]],
    "list-unknown-parameters (/issues)": [[[ROW], []], [[ROW], Refused(400)]],
    "list-company-filter (/issues)": [[TWO_COMPANIES, TWO_COMPANIES], [TWO_COMPANIES, []]],
    "list-company-filter (/objectives)": [[TWO_OBJECTIVES, TWO_OBJECTIVES]],
    "list-company-commas (/issues)": [[TWO_COMPANIES, TWO_COMPANIES[:1]], [TWO_COMPANIES, [ROW]]],
    "enduser-archived": [
        [[{"archived": True}], []],
        [[{"archived": False}], [{"archived": True}]],
    ],
    "task-archived": [
        [[{"isArchived": True}], []],
        [[], [{"isArchived": True}, {"isArchived": False}]],
    ],
    "company-model": [[[{"_id": ID, "name": "n", "sourceId": "s"}] * 2], [[ROW]]],
    "company-owner-forms": [[[{"owner": {"_id": ID}}]]],
    **{
        name: [[KEYED, Refused(404)], [KEYED, {"_id": ID}]]
        for name in (
            "identifier-forms (/issues, srcid-)",
            "identifier-forms (/objectives, srcid-)",
            "identifier-forms (/objectives, extid-)",
            "conversation-keyables (/conversations, extid-)",
            "invoice-model (/invoices, extid-)",
            "opportunity-model (/opportunities, srcid-)",
        )
    },
    "identifier-forms (/issues, no prefix)": [[ROW]],
    "unknown-record (/issues)": [[Refused(400)], [ROW]],
    "error-body": [
        [Refused(404, NOT_JSON), Refused(400, {})],
        [Refused(404, []), Refused(400, [])],
        [Refused(404, {}), Refused(400, "text")],
    ],
    "note-model": [[[{"type": "note"}], []]],
    "line-item-model (/lineitems)": [[Refused(404)]],
    "product-model (/products)": [[Refused(404)]],
    "object-id-order (/issues)": [[BACKWARDS], [[{"_id": "1"}]]],
    "object-id-order (/endusers)": [[BACKWARDS]],
    "object-id-order (/tasks)": [[BACKWARDS]],
    "iso-times (/issues)": [[[{"createdAt": 1}]], [[{"updatedAt": "2026-01-01T00:00:00+01:00"}]]],
    "reference-names (/issues, companies)": [
        [[{"companyIds": ["a"], "companies": [{"id": "b", "name": "n"}]}]],
        [[{"companyIds": ["a"], "companies": ["a"]}]],
        [[{"companyIds": ["a"]}]],
    ],
    "reference-names (/issues, endusers)": [[[{"enduserIds": ["a"], "endusers": []}]]],
    "reference-names (/objectives)": [[[{"companyId": "a"}]]],
    "custom-fields": [[[{"name": "n", "type": "text"}]]],
    "custom-fields (types)": [[[{"type": "text"}, {"type": "unheard of"}]]],
    "custom-fields (parents)": [[[{"parent": "Issue"}, {"parent": "unheard of"}]]],
    "enduser-model": [[[{"email": "e"}]], [[{"companyId": "c"}]]],
    "enduser-model (name)": [[[{"firstName": "a", "lastName": "b", "name": "b, a"}]]],
    "user-forms": [[[{"roles": {}}]], [[{"permissions": "text"}]], [[{"taskFilter": 7}]]],
    "task-model": [[[{"mainType": "unheard of"}]]],
    "nps-model": [[[{"companyId": "c"}]]],
    "invoice-days": [[[{"dueDate": "2026-01-01"}]], [[{"paidDate": True}]]],
    "timesheet-model": [[[{"dateTo": 1.5}]]],
    "time-entry-date": [[[{"date": "2026-01-01T12:00:00.000Z"}]]],
    "timesheet-entries": [[[{"timeEntries": [{"_id": ID}]}]]],
    "company-update-times": [
        [[{"updatedAt": "t", "lastUpdated": "t"}]],
        [[{"updatedAt": "t"}]],
    ],
    "enduser-update-time": [[[{"lastActive": "t"}]]],
    "issue-properties": [[{"_id": ID, "unheard of": 1}]],
    "objective-properties": [[{"_id": ID, "unheard of": 1}]],
    "missing-right": [[[]] * 13 + [Refused(401)]],
    **{
        belief.name: [[[{"_id": 1}]]]
        for belief in BELIEFS
        if belief.fact == "model-types"
        or "every record has" in belief.says
        or "no record has" in belief.says
    },
}
NOT_HELD["model-types (/issues)"] += [[[{**ROW, "createdAt": "2026-01-01"}]]]
NOT_HELD |= {
    belief.name: [[[{"_id": ID, "updatedAt": "t"}]]]
    for belief in BELIEFS
    if "no record has" in belief.says
}
SHOWN_BY_THE_SANDBOX = {
    *("list-sort-nulls", "list-order", "list-without-select", "company-list-default"),
    *("user-list-default", "nps-expiry", "lean-companies", "ticket-methods", "ticket-names"),
    *("workflow-model", "deal-model", "gzip", "date-header", "rate-limit"),
    *("identifier-forms", "list-sort", "list-company-commas", "list-limit", "churn-limit"),
    "list-limit-above-maximum",
}
"""Facts that do not hold in some case of test_behaviours."""

CASES = [(name, answers) for name, cases in NOT_HELD.items() for answers in cases]


@pytest.mark.parametrize(("name", "answers"), CASES, ids=[name for name, _ in CASES])
def test_what_does_not_hold_is_found(name, answers):
    belief = BY_NAME[name]
    assert belief.finding(replies(belief, answers)).outcome == "not held"


def test_every_fact_can_fail_to_hold():
    failing = {belief.fact for belief in BELIEFS if belief.name in NOT_HELD}
    assert {belief.fact for belief in BELIEFS} <= failing | SHOWN_BY_THE_SANDBOX
    silent = [b.name for b in BELIEFS if b.name not in NOT_HELD]
    assert [name for name in silent if BY_NAME[name].fact not in SHOWN_BY_THE_SANDBOX] == []


def test_without_records_nothing_is_found_out_about_them():
    about_answers = {"list-bare-array", "date-header", "rate-limit", "gzip", "missing-right"}
    about_one = {"issue-properties", "objective-properties"}
    for belief in BELIEFS:
        if belief.statuses == OK and belief.fact not in about_answers | about_one:
            finding = belief.finding(replies(belief, [[] for _ in belief.needs]))
            assert finding.outcome == "could not tell", belief.name


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "/issues: api_token was not accepted (401)"),
        (403, "/issues: api_token has no permission (403)"),
        (404, "/issues: it was not found (404)"),
        (418, "/issues: it was answered 418"),
        (499, "/issues: it was answered 499"),
    ],
)
def test_an_error_is_the_reason_for_not_knowing(status, reason):
    belief = BY_NAME["list-order (/issues)"]
    assert belief.finding([Reply(belief.needs[0], status)]) == ("could not tell", reason)
    assert belief.finding([Unanswered(reason)]) == ("could not tell", reason)


def test_the_identifier_of_a_record_is_not_part_of_a_reason():
    belief = BY_NAME["issue-properties"]
    [reason] = {belief.finding([Reply(ask(f"/issues/{ID}"), 404)]).detail}
    assert reason == "/issues: it was not found (404)"


def test_a_check_that_meets_something_unforeseen_ends_nothing():
    broken = dataclasses.replace(BY_NAME["list-order (/issues)"], check=lambda reply: 1 / 0)
    assert broken.finding([Reply(broken.needs[0], 200, [])]).detail == (
        "the answer has a form that was not foreseen"
    )


def test_what_was_not_asked_for_is_not_looked_at():
    belief = dataclasses.replace(BY_NAME["list-order (/issues)"], check=lambda reply: held())
    for value in ({}, "text", ["text"], None, NOT_JSON):
        finding = belief.finding([Reply(belief.needs[0], 200, value)])
        assert finding == ("could not tell", "/issues: it is not what was asked for")


def test_a_question_that_two_facts_need_is_counted_once():
    first, second = ask("/a"), ask("/b")
    after = FollowUp((first, second), lambda *_: None, "nothing")
    assert all_of([first, after, after]) == {first, second, after}
    assert most_requests([BY_NAME["date-header"], BY_NAME["rate-limit (headers)"]]) == 1


def test_all_facts_need_fewer_requests_than_planhat_allows_in_a_minute():
    assert most_requests(BELIEFS) < CONNECTION_SETTINGS["requests_per_minute"]["default"]


def test_a_question_is_shown_without_an_identifier():
    assert Question(f"/issues/{ID}").list_path == "/issues"
    assert not Question(f"/issues/{ID}").is_list
    assert Question("/issues").is_list


MARK = "zqxj"
TEXT = st.sampled_from([f"{MARK}{text}" for text in ("", "-", " 1", "é", "\n", "2026-01-01")])
NAMES = (
    *("_id", "title", "companyIds", "companies", "createdAt", "updatedAt", "name", "roles"),
    *("sourceId", "externalId", "archived", "isArchived", "date", "type", "custom", "owner"),
)
NAME = st.sampled_from(NAMES) | TEXT
NUMBER = st.integers(10**9, 10**12) | st.sampled_from([0.5, -1.0, 1e300])
SCALAR = st.none() | st.booleans() | NUMBER | TEXT
INNER = SCALAR | st.lists(SCALAR, max_size=2) | st.dictionaries(NAME, SCALAR, max_size=2)
VALUE = INNER | st.lists(INNER, max_size=2) | st.dictionaries(NAME, INNER, max_size=2)
RECORD = st.dictionaries(NAME, VALUE, max_size=5)
ROWS = st.lists(st.lists(VALUE, min_size=1, max_size=5), min_size=1, max_size=3).map(tuple)
"""The values of rows, which each fact meets as those of the properties that it asks for."""
FORMS = {"rows": ROWS, "record": RECORD, "value": VALUE, "records": st.lists(RECORD, max_size=3)}
FORM = st.sampled_from(["rows", "rows", "rows", "records", "record", "value"])
HEADERS = st.dictionaries(st.sampled_from(["date", "content-encoding", "x-ratelimit-limit"]), TEXT)
STATUS = st.sampled_from([*[200] * 8, 400, 404])
# By flatmap: `|` makes one choice of all that is in its strategies, so that few answers had rows.
ANSWERS = st.lists(st.tuples(STATUS, FORM.flatmap(FORMS.get), HEADERS), min_size=3, max_size=3)


def body(form: Any, question: Question | FollowUp) -> Any:
    """The body of an answer to a question."""
    if not isinstance(form, tuple):
        return form
    query = dict(question.query) if isinstance(question, Question) else {}
    names = ["_id", *query.get("select", ",".join(NAMES)).split(",")]
    return [dict(zip(names, itertools.cycle(values))) for values in form]


@settings(max_examples=4 * settings.default.max_examples)
@given(answers=ANSWERS)
def test_answers_of_any_form_have_a_finding_that_repeats_nothing(answers):
    for belief in BELIEFS:
        made = []
        for asked, (status, form, headers) in zip(belief.needs, itertools.cycle(answers)):
            value = body(form, asked)
            one, many = ask("/issues/1"), ask("/issues", select="title")
            question = asked if isinstance(asked, Question) else many
            if isinstance(asked, FollowUp) and isinstance(value, dict):
                question = one
            made.append(Reply(question, status, value, headers, 9, 1e9))
        finding = belief.finding(made)
        assert finding.outcome in {"held", "not held", "could not tell"}
        assert MARK not in finding.detail
        assert "foreseen" not in finding.detail, belief.name
