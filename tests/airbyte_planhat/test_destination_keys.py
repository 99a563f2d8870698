"""By which keyables the destination matches: the setting, or what the catalog names as the key."""

from __future__ import annotations

import pytest
from destination_runs import record, run_destination, stream

from planhat_sync.errors import ConfigurationError


@pytest.fixture
def base(sandbox):
    """Settings for the sandbox's first tenant."""
    return {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}


@pytest.fixture
def keys_used(base, tenant, company, tmp_path):
    """``keys_used(primary_key=[…])``: the keyables by which objectives are matched."""
    rejects = {"on_reject": "continue", "rejects_path": str(tmp_path / "rejects.jsonl")}

    def run(config=base, /, **asked):
        messages = [
            record("objectives", companyId=company, name=key, **{key: "k"})
            for key in ("sourceId", "externalId")
        ]
        ran = run_destination({**config, **rejects}, messages, stream("objectives", **asked))
        assert ran.error is None
        return {each["name"] for each in tenant.records("objectives")}

    return run


@pytest.mark.parametrize(
    ("key", "used"),
    [
        ([["externalId"]], "externalId"),
        ([["externalid"]], "externalId"),
        ([["companyId"], ["externalId"]], "externalId"),
        ([["sourceId"]], "sourceId"),
        ([["externalId"], ["sourceId"]], "externalId sourceId"),
        ([["_id"]], "externalId sourceId"),
        ([["_id"], ["sourceId"]], "sourceId"),
        ([], "externalId sourceId"),
    ],
)
def test_records_are_matched_by_the_keyables_in_the_primary_key(keys_used, key, used):
    assert keys_used(primary_key=key) == {*used.split()}


def test_in_mode_append_a_primary_key_is_one_only_if_it_was_chosen_for_the_object(keys_used):
    asked = {"primary_key": [["externalId"]], "destination_sync_mode": "append"}
    assert keys_used(**asked) == {"sourceId", "externalId"}


def test_the_matching_keys_of_an_object_are_used_in_every_mode(keys_used):
    asked = {"primary_key": [["externalId"]], "destination_object_name": "objectives"}
    assert keys_used(destination_sync_mode="append", **asked) == {"externalId"}


@pytest.mark.parametrize("key", [[["externalId"]], [["anything"], ["at", "all"]]])
def test_the_setting_wins(base, keys_used, key):
    assert keys_used({**base, "match_on": ["sourceId"]}, primary_key=key) == {"sourceId"}


def test_each_stream_has_its_own(base, tenant, company):
    messages = [
        record("issues", sourceId="i", companyIds=[company], title="t"),
        record("objectives", sourceId="o", externalId="y", companyId=company, name="n"),
    ]
    streams = [
        stream("issues", primary_key=[["sourceId"]]),
        stream("objectives", primary_key=[["externalId"]]),
    ]
    for _ in range(2):
        assert run_destination(base, messages, *streams).error is None
    (issue,), (objective,) = tenant.records("issues"), tenant.records("objectives")
    assert (issue["sourceId"], objective["externalId"]) == ("i", "y")


def test_an_unknown_id_is_not_replaced_by_a_keyable_that_is_not_in_the_primary_key(
    base, tenant, company
):
    tenant.insert("objectives", {"sourceId": "k", "name": "old", "companyId": company})
    message = record("objectives", _id="0" * 24, sourceId="k", companyId=company, name="new")
    asked = stream("objectives", primary_key=[["_id"], ["externalId"]])
    assert "unknown_id" in str(run_destination(base, [message], asked).error)
    assert run_destination(base, [message], stream("objectives")).error is None
    assert [each["name"] for each in tenant.records("objectives")] == ["new"]


@pytest.mark.parametrize("key", [[["id"]], [["sourceId"], ["id"]], [["custom", "id"]]])
def test_another_primary_key_is_refused_before_the_first_request(base, sandbox, key):
    sent = len(sandbox.requests)
    ran = run_destination(base, [], stream(primary_key=key))
    assert isinstance(ran.error, ConfigurationError)
    assert "set match_on" in str(ran.error)
    assert ".".join(key[-1]) in str(ran.error)
    assert len(sandbox.requests) == sent


def test_two_streams_of_one_model_that_are_matched_differently_are_refused(base):
    streams = [
        stream("objectives", namespace="a", primary_key=[["sourceId"]]),
        stream("objectives", namespace="b", primary_key=[["externalId"]]),
    ]
    ran = run_destination(base, [], *streams)
    assert isinstance(ran.error, ConfigurationError)
    assert "two streams of objectives have different primary keys" in str(ran.error)
    assert run_destination({**base, "match_on": ["sourceId"]}, [], *streams).error is None
