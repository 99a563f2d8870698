"""What is found out about each fact, with each behaviour of the sandbox that a GET can show."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from asked_tenant import TOKEN, findings

from planhat_beliefs.catalogue import BELIEFS
from planhat_sandbox import Behaviours, Sandbox

if TYPE_CHECKING:
    from planhat_beliefs.belief import Belief

NAMES = [belief.name for belief in BELIEFS]


def names(fact: str, *about: str) -> list[str]:
    """The names of a fact, or those of some of its parts."""
    found = [belief.name for belief in BELIEFS if belief.fact == fact]
    return [name for name in found if not about or any(part in name for part in about)]


def not_held(*groups: list[str]) -> dict[str, str]:
    return {name: "not held" for group in groups for name in group}


def could_not_tell(*groups: list[str]) -> dict[str, str]:
    return {name: "could not tell" for group in groups for name in group}


LIMITS = [*names("list-limit"), *names("churn-limit"), *names("list-limit-above-maximum")]

DEFAULTS = {
    **dict.fromkeys(NAMES, "held"),
    **could_not_tell(
        LIMITS,  # the tenant is small
        names("list-sort", "/objectives by updatedAt", "/conversations by updatedAt"),
        names("missing-right"),
    ),
    **not_held(
        names("conversation-update-time", "updatedAt"),
        names("client-timestamps"),
        names("gzip"),
        names("rate-limit"),
    ),
}
"""What is found out if the sandbox behaves as documented."""

TIMES_SHOWN = {
    **not_held(names("model-times")),
    **dict.fromkeys(names("conversation-update-time"), "held"),
    **dict.fromkeys(names("client-timestamps"), "held"),
}

ABOUT_TIMES = [
    name
    for fact in (
        *("objective-no-timestamps", "model-times", "user-update-time", "task-update-time"),
        *("ticket-update-time", "conversation-update-time", "client-timestamps"),
        *("invoice-update-times", "time-update-times", "company-update-times"),
        "enduser-update-time",
    )
    for name in names(fact)
]

LEAN = not_held(names("lean-companies"))
OBJECTIVE_TIMES = not_held(names("objective-no-timestamps"))
SORTED_OBJECTIVES = names("list-sort", "/objectives by updatedAt")
SORTED_CONVERSATIONS = names("list-sort", "/conversations by updatedAt")
ALL_SORTED = [
    name for name in names("list-sort") if name not in (*SORTED_OBJECTIVES, *SORTED_CONVERSATIONS)
]

CASES: list[tuple[dict[str, object], dict[str, str]]] = [
    ({"undocumented_routes": "served"}, not_held(names("ticket-methods"))),
    ({"undocumented_routes": "refused"}, {}),
    ({"order_without_sort": "oldest-first"}, not_held(names("list-order", "/conversations"))),
    (
        {"order_without_sort": "newest-first"},
        not_held(names("list-order", "/issues", "/objectives", "/endusers")),
    ),
    (
        {"default_lists": "complete"},
        not_held(names("enduser-archived"), names("task-archived"), names("nps-expiry")),
    ),
    ({"model_times": "present"}, TIMES_SHOWN | dict.fromkeys(SORTED_CONVERSATIONS, "held")),
    ({"model_times": "oldest-first"}, TIMES_SHOWN | not_held(SORTED_CONVERSATIONS)),
    ({"model_times": "newest-first"}, TIMES_SHOWN | not_held(SORTED_CONVERSATIONS)),
    ({"objective_times": "present"}, OBJECTIVE_TIMES | dict.fromkeys(SORTED_OBJECTIVES, "held")),
    ({"objective_times": "oldest-first"}, OBJECTIVE_TIMES | not_held(SORTED_OBJECTIVES)),
    ({"objective_times": "newest-first"}, OBJECTIVE_TIMES | not_held(SORTED_OBJECTIVES)),
    ({"ticket_names": "as-sent"}, not_held(names("ticket-names"))),
    ({"ticket_names": "both"}, {}),
    ({"user_roles": "nowhere"}, {}),
    ({"user_roles": "everywhere"}, {}),
    ({"above_maximum": "refuse"}, not_held(names("list-limit-above-maximum"))),
    ({"default_limit": 3}, not_held(names("list-limit", "default"))),
    ({"honours_sort": False}, not_held(ALL_SORTED, names("list-sort-nulls"))),
    (
        {"honours_select": False},
        not_held(names("list-select"))
        | could_not_tell(
            names("list-sort", "/companies"),
            names("user-list-default"),
            names("user-forms"),
            ABOUT_TIMES,
        ),
    ),
    ({"honours_offset": False}, not_held(names("list-offset"))),
    (
        {"without_select": "all"},
        not_held(names("company-list-default"), names("user-list-default")),
    ),
    ({"without_select": "few"}, not_held(names("list-without-select"))),
    (
        {"company_filter": "documented"},
        not_held(names("list-company-commas", "/issues", "/objectives")),
    ),
    ({"company_filter": "one-id"}, not_held(names("list-company-commas"))),
    *(
        ({"lean_companies": how}, LEAN)
        for how in (
            *("absent", "refused", "object", "without-keys", "partial", "duplicated"),
            *("swapped", "odd-keys"),
        )
    ),
    ({"lean_companies": "forbidden"}, could_not_tell(names("lean-companies"))),
    ({"company_prefixes": False}, not_held(names("identifier-forms", "/companies"))),
    ({"gzip": True}, {"gzip": "held"}),
    ({"date_header": False}, not_held(names("date-header"))),
    ({"error_body": "string"}, {}),
    (
        {"absent_models": "workflows deals"},
        not_held(names("workflow-model"), names("deal-model"))
        | could_not_tell(names("model-types", "/workflows", "/deals")),
    ),
    (
        {"forbidden_models": "projects"},
        could_not_tell([name for name in NAMES if "/projects" in name]) | {"missing-right": "held"},
    ),
]

ONLY_WRITES_SHOW = {
    *("bulk_limit", "body_limit_bytes", "unknown_id", "unmatched_key", "external_id", "custom"),
    *("repeated_key", "unknown_properties", "unchanged", "batch", "failure_answer"),
    *("all_failed_status", "forbidden_status", "error_entries", "counts", "absent_arrays"),
    *("success_keys", "success_order", "refused_marker", "forbidden_marker", "missing_delete"),
    *("delete_answer", "references", "silently_dropped", "days_as_text", "validation_errors"),
    *(
        "updates_need_external_id",
        "note_keyables",
        "undocumented_keyables",
        "unknown_conversation_type",
    ),
    "conversation_descriptions",
}


@pytest.fixture
def behave(asked):
    """Change behaviours until the end of the test."""
    yield lambda changes: asked.behave(**changes)
    asked.behave(**{field.name: field.default for field in dataclasses.fields(Behaviours)})


def outcomes(asked, beliefs=BELIEFS):
    return {name: finding.outcome for name, finding in findings(asked, beliefs).items()}


def test_a_tenant_as_documented_shows_what_is_documented(asked):
    assert outcomes(asked) == DEFAULTS


def beliefs_to_ask_about(changes: dict[str, object]) -> list[Belief]:
    """All facts for the first value of a behaviour, and for others those that any value changes."""
    of_behaviour = [case for case in CASES if case[0].keys() == changes.keys()]
    differing = {name for _, differences in of_behaviour for name in differences}
    if changes == of_behaviour[0][0] or not differing:
        return list(BELIEFS)
    return [belief for belief in BELIEFS if belief.name in differing]


@pytest.mark.parametrize(("changes", "differences"), CASES, ids=[str(case[0]) for case in CASES])
def test_each_behaviour_is_found_out_and_changes_nothing_else(asked, behave, changes, differences):
    behave(changes)
    found = outcomes(asked, beliefs_to_ask_about(changes))
    assert found == {name: (DEFAULTS | differences)[name] for name in found}
    assert differences.keys() <= found.keys()


def test_a_maximum_that_is_lower_is_found_out_where_there_are_more_records(asked, behave):
    behave({"maximum_limit": 4, "default_limit": 4})
    found = outcomes(asked)
    for name in ("/issues, maximum", "/companies, maximum", "/tasks, maximum"):
        assert found[f"list-limit ({name})"] == "not held"
    assert found["churn-limit (/churn, maximum)"] == "not held"


@pytest.mark.parametrize(
    ("changes", "name", "detail"),
    [
        ({}, "error-body", "an object; 2 of 2 have a message"),
        ({"error_body": "string"}, "error-body", "a string"),
        ({}, "ticket-names", ""),
        ({"ticket_names": "both"}, "ticket-names", "they have a title or a sourceId too"),
        ({"user_roles": "nowhere"}, "user-forms", "0 of 8 roles are objects"),
        ({"user_roles": "everywhere"}, "user-forms", "8 of 8 roles are objects"),
    ],
)
def test_what_a_fact_leaves_open_is_in_its_detail(asked, behave, changes, name, detail):
    behave(changes)
    assert findings(asked)[name] == ("held", detail)


def test_every_behaviour_is_switched_here_or_shown_by_writes_alone():
    switched = {name for changes, _ in CASES for name in changes} | {"maximum_limit"}
    assert switched.isdisjoint(ONLY_WRITES_SHOW)
    fields = {field.name: field for field in dataclasses.fields(Behaviours)}
    assert switched | ONLY_WRITES_SHOW == set(fields)
    for name in switched:
        values = {changes[name] for changes, _ in CASES if name in changes}
        choices = set(fields[name].metadata["choices"])
        assert not choices or values == choices - {fields[name].default}


def test_no_answer_of_the_sandbox_is_unforeseen(asked):
    assert not [found for found in findings(asked).values() if "foreseen" in found.detail]


def test_pages_that_are_full_show_the_limits():
    with Sandbox({TOKEN: "large"}) as sandbox:
        tenant = sandbox.tenant(TOKEN)
        for model, count in (("issues", 2001), ("companies", 5001), ("churn", 1001)):
            for _ in range(count):
                tenant.insert(model, {})
        pages = [b for b in BELIEFS if b.fact in {"list-limit", "churn-limit"} or "above" in b.fact]
        found = {name: finding.outcome for name, finding in findings(sandbox, pages).items()}
        full = [name for name in found if "/issues" in name or "/companies" in name]
        assert {found[name] for name in full} == {"held"}
        assert found["churn-limit (/churn, maximum)"] == "not held"  # the sandbox has 2,000
        assert found["list-limit (/users, maximum)"] == "could not tell"
        sandbox.behave(maximum_limit=1000)
        assert findings(sandbox, pages)["churn-limit (/churn, maximum)"].outcome == "held"
        sandbox.behave(maximum_limit=3000)
        above = findings(sandbox, pages)["list-limit-above-maximum (/issues)"]
        assert above == ("not held", "the page had 2,001 rows")
