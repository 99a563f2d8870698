"""Bulk upserts against items sent one by one, and invalid items."""

from __future__ import annotations

import json

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sandbox import Sandbox

KEYS = {
    "_id": st.sampled_from(["0" * 24, "known", "", None]),
    "sourceId": st.sampled_from(["s1", "s2", "", None, 7]),
    "externalId": st.sampled_from(["e1", "e2", 12]),
}
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        **KEYS,
        "name": st.sampled_from(["a", "b", None, ""]),
        "companyId": st.sampled_from(["extid-x", "extid-y", "nobody", None]),
        "health": st.sampled_from([1, 2.5, "x", None]),
        "custom": st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2),
    },
)


def tenant_with_objective(sandbox, alias):
    tenant = sandbox.add_tenant(f"token-{alias}", alias)
    for key in "xy":
        tenant.insert("companies", {"name": key, "externalId": key})
    known = tenant.insert("objectives", {"name": "n", "sourceId": "s1"})["_id"]
    return tenant, known


def state(tenant):
    """Return all records without ids, which differ between tenants."""
    companies = {one["_id"]: one["name"] for one in tenant.records("companies")}
    return [
        {**record, "_id": None, "companyId": companies.get(record.get("companyId"))}
        for record in tenant.records("objectives")
    ]


@settings(max_examples=60)
@given(st.lists(ITEMS, max_size=8))
def test_a_payload_equals_its_items_sent_one_by_one(items):
    with Sandbox({}) as sandbox, requests.Session() as session:
        sandbox.behave(repeated_key="last-wins")
        (together, known), (alone, twin) = (
            tenant_with_objective(sandbox, "together"),
            tenant_with_objective(sandbox, "alone"),
        )

        def send(alias, mine, payload):
            body = [
                {**item, "_id": mine} if item.get("_id") == "known" else item for item in payload
            ]
            answer = session.put(
                f"{sandbox.url}/objectives",
                json=body,
                headers={"Authorization": f"Bearer token-{alias}"},
                timeout=60,
            )
            return answer.json()

        body = send("together", known, items)
        answers = [send("alone", twin, [item]) for item in items]
        assert state(together) == state(alone)
        for name in ("created", "updated", "nonupdates"):
            assert body[name] == sum(answer[name] for answer in answers)
        for name in ("createdErrors", "updatedErrors"):
            assert body[name] == [entry for answer in answers for entry in answer[name]]


@pytest.mark.parametrize(
    "item",
    [
        None,
        1,
        "text",
        [],
        {"title": {"a": 1}},
        {"title": []},
        {"companyIds": "one"},
        {"companyIds": [{}]},
        {"enduserIds": [{"deep": []}]},
        {"sourceId": {}},
        {"_id": ["x"]},
        {"_id": {}},
        {"archived": "perhaps"},
        {"custom": [1]},
    ],
)
def test_only_the_invalid_item_is_refused(api, company, item):
    good = {"title": "good", "companyIds": [company]}
    bad = {"title": "t", "companyIds": [company], **item} if isinstance(item, dict) else item
    answer = api.bulk([good, bad])
    assert answer.status_code == 206
    assert (answer.json()["created"], len(answer.json()["createdErrors"])) == (1, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"a":1}',
        b"[" * 100_000,
        b'["\\ud800"]',
        b"NaN",
        b"[1e" + b"9" * 30 + b"]",
    ],
)
def test_an_invalid_payload_is_refused(api, body):
    assert api.raw("PUT", "/issues", body).status == 400


def test_numbers_are_stored_as_text_in_text_properties(api, company):
    api.bulk(
        [{"name": 5, "companyId": company, "externalId": 1234, "sourceId": 1.50}], "objectives"
    )
    (record,) = api.tenant.records("objectives")
    assert (record["name"], record["externalId"], record["sourceId"]) == ("5", "1234", "1.5")
    answer = api.bulk([{"externalId": 1234, "companyId": company, "health": 1}], "objectives")
    assert answer.json()["updated"] == 1


@pytest.mark.parametrize(
    "number",
    ["0.1", "1e400", "-1E-400", "123456789012345678901234567890", "0.12345678901234567890", "1.0"],
)
def test_numbers_keep_every_digit(api, company, number):
    text = f'[{{"title":"t","companyIds":["{company}"],"custom":{{"n":{number}}}}}]'
    assert api.raw("PUT", "/issues", text.encode()).status == 200
    body = api.raw(target="/issues?select=custom").body.decode()
    stored = body.partition('"n":')[2].partition("}")[0]
    assert json.loads(stored, parse_float=float) == json.loads(number, parse_float=float)
    assert len(stored.lstrip("-").replace("E+", "E")) >= len(number.lstrip("-")) - 1


def test_a_number_and_its_text_are_the_same_key(api, company):
    twice = [{"title": "t", "companyIds": [company], "sourceId": key} for key in (7, "7")]
    assert api.bulk(twice).status_code == 400


def test_the_same_external_id_in_two_companies_is_not_repeated(api, company):
    other = api.tenant.insert("companies", {"name": "o"})["_id"]
    items = [{"name": "n", "externalId": "e", "companyId": one} for one in (company, other)]
    assert api.bulk(items, "objectives").json()["created"] == 2


def test_an_update_cannot_remove_a_required_property(api, company):
    known = api.tenant.insert("issues", {"title": "t"})["_id"]
    answer = api.bulk([{"_id": known, "title": None}])
    assert (answer.status_code, len(answer.json()["updatedErrors"])) == (400, 1)


def test_an_update_cannot_take_the_key_of_another_record(api, company):
    api.tenant.insert("issues", {"title": "a", "sourceId": "s"})
    known = api.tenant.insert("issues", {"title": "b"})["_id"]
    answer = api.bulk([{"_id": known, "sourceId": "s"}])
    assert answer.json()["updatedErrors"] == ["sourceId duplicated"]
