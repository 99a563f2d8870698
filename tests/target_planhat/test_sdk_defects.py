"""What a plain subclass of the SDK's Target would get wrong, with one test for each mistake."""

from __future__ import annotations

import json

import pytest
from singer_sdk.target_base import Target

from target_planhat.sink import PlanhatSink
from target_planhat.target import TargetPlanhat

DATE = {"type": ["string", "null"], "format": "date-time"}


def sent(bench):
    """Return the items that were sent, as text, since the form of a number matters."""
    return [request.body.decode() for request in bench.sandbox.requests if request.route == "bulk"]


def held(bench, tenant="alpha", model="issues"):
    return {each["sourceId"]: each for each in bench.sandbox.tenant(tenant).records(model)}


@pytest.mark.parametrize("mapped", [False, True])
def test_numbers_and_times_are_sent_as_received(bench, mapped):
    """The SDK makes Decimals and datetimes of values, which would be sent in another form."""
    company = bench.company()
    values = """{"sourceId":"a","title":"t","companyIds":["COMPANY"],"custom":{"f":0.1,"g":1.0,
        "h":-2.50e-3,"big":123456789012345678901234567890,"d":0.1234567890123456789,
        "at":"2026-01-01T00:00:00.123+02:00"}}"""
    values = values.replace("COMPANY", company).replace("\n", "").encode()
    line = b'{"type":"RECORD","stream":"issues","record":%b}' % values
    maps = {"stream_maps": {"issues": {"status": "'mapped'"}}} if mapped else {}
    ran = bench.run([bench.schema(custom={"type": "object"}, createdAt=DATE), line], **maps)
    assert ran.error is None
    for text in (
        '"f":0.1,',
        '"g":1.0,',
        '"big":123456789012345678901234567890',
        '"d":0.1234567890123456789,',
        '"at":"2026-01-01T00:00:00.123+02:00"',
    ):
        assert text in sent(bench)[0]
    assert float(json.loads(sent(bench)[0])[0]["custom"]["h"]) == -0.0025


def test_a_date_time_is_not_parsed(bench):
    """The SDK fails on a date-time that it cannot parse, and makes a datetime of any other."""
    company = bench.company()
    lines = [
        bench.schema(description=DATE, status=DATE),
        bench.record(
            sourceId="a",
            title="t",
            companyIds=[company],
            description="not a date",
            status="2026-01-01T00:00:00Z",
        ),
    ]
    ran = bench.run(lines)
    assert ran.error is None
    assert held(bench)["a"]["status"] == "2026-01-01T00:00:00Z"


def test_one_point_zero_is_an_integer_as_in_json_schema(bench):
    """The SDK's validator refuses 1.0 for an integer of the tap's schema."""
    company = bench.company()
    lines = [
        bench.schema(custom={"type": "object", "properties": {"n": {"type": "integer"}}}),
        bench.record(sourceId="a", title="t", companyIds=[company], custom={"n": 1.0}),
    ]
    assert bench.run(lines).error is None


def test_a_record_that_is_missing_a_key_property_does_not_end_the_run(bench):
    lines = [{**bench.schema(), "key_properties": ["sourceId"]}, bench.record(title="t")]
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {2: "missing_key"}


@pytest.mark.parametrize("mapped", [False, True])
def test_a_schema_that_changes_in_mid_stream_does_not_change_the_order(bench, mapped):
    """The SDK keeps the old sink, and writes its older records after the newer ones."""
    company = bench.company()
    maps = {"stream_maps": {"issues": {"source": "'map'"}}} if mapped else {}
    lines = [bench.schema(title={"type": "string"})]
    for number in range(30):
        lines.append(
            bench.record(sourceId="a", title=f"t{number}", companyIds=[company], custom={"n": 1})
        )
        if number % 3 == 0:
            lines.append(bench.schema(title={"type": "string"}, custom={}, **{f"x{number}": {}}))
        lines.append(bench.state(number))
    ran = bench.run(lines, batch_size_rows=4, **maps)
    assert ran.error is None
    assert held(bench)["a"]["title"] == "t29"
    assert ran.states[-1] == {"bookmarks": {"at": 29}}
    titles = [item["title"] for body in sent(bench) for item in json.loads(body)]
    assert titles == sorted(titles, key=lambda title: int(title[1:]))


def test_states_come_after_each_batch_and_not_only_at_the_end(bench):
    """The SDK prints no state before all sinks are drained, so a late error leaves none."""
    company = bench.company()
    lines = [bench.schema()]
    for number in range(1, 31):
        lines.append(bench.record(sourceId=str(number), title="t", companyIds=[company]))
        lines.append(bench.state(number))

    def on_hand():
        return len(held(bench))

    ran = bench.run(lines, batch_size_rows=10, look=on_hand)
    assert [value["bookmarks"]["at"] for value in ran.states] == [9, 10, 19, 20, 29, 30]
    assert ran.seen == [10, 10, 20, 20, 30, 30]


def test_interleaved_streams_hold_each_others_states_back_and_idle_ones_do_not(bench):
    company = bench.company()
    lines = [bench.schema("issues"), bench.schema("objectives")]
    for number in range(1, 13):
        lines.append(bench.record("issues", sourceId=str(number), title="t", companyIds=[company]))
        if number == 2:
            lines.append(bench.record("objectives", sourceId="o", name="n", companyId=company))
        lines.append(bench.state(number))

    def on_hand():
        return len(held(bench)), len(held(bench, model="objectives"))

    ran = bench.run(lines, batch_size_rows=4, look=on_hand)
    # The objective waits until the end, and no state from its line on is printed before that.
    assert [value["bookmarks"]["at"] for value in ran.states] == [1, 12]
    assert ran.seen == [(4, 0), (12, 1)]


def test_the_settings_of_the_sdk_that_would_do_nothing_are_not_offered():
    settings = TargetPlanhat._get_about_info().settings["properties"]
    assert {"add_record_metadata", "load_method", "validate_records", "batch_config"}.isdisjoint(
        settings
    )
    assert {"stream_maps", "flattening_enabled"} <= settings.keys()


def test_the_sdks_termination_handler_is_not_installed(bench):
    target = TargetPlanhat(config=bench.config())
    assert type(target)._setup_signal_handlers is not Target._setup_signal_handlers
    assert target.max_parallelism == 1


def test_the_sdks_way_into_a_sink_ends_in_the_same_place(bench):
    target = TargetPlanhat(config=bench.config())
    sink = target.get_sink("issues", schema={"properties": {}})
    assert isinstance(sink, PlanhatSink)
    record = {"sourceId": "a", "title": "t", "companyIds": [bench.company()]}
    line = bench.lines([bench.record(**record)])
    sink.process_record(record, {"line": line, "number": 1})
    sink.process_batch({})
    assert held(bench).keys() == {"a"}
    target.run.close()


def test_stream_maps_rename_filter_and_drop_streams_and_every_record_is_accounted_for(bench):
    company = bench.company()
    maps = {
        "bugs": {
            "__alias__": "issues",
            "__filter__": "bool(keep)",
            "title": "summary",
            "sourceId": "str(id)",
            "companyIds": f"['{company}']",
            "__else__": None,
        },
        "users": None,
    }
    lines = [
        bench.schema("bugs", id={"type": "integer"}, summary={"type": "string"}, keep={}),
        bench.schema("users", id={"type": "integer"}),
        bench.record("bugs", id=1, summary="one", keep=True),
        bench.record("bugs", id=2, summary="two", keep=False),
        bench.record("users", id=3),
        bench.state(1),
    ]
    ran = bench.run(lines, stream_maps=maps)
    assert ran.error is None
    assert {key: each["title"] for key, each in held(bench).items()} == {"1": "one"}
    assert ran.counts["issues"]["read"] == 2
    assert ran.counts["issues"]["skipped"] == 1
    assert ran.counts["users"] == {**ran.counts["users"], "read": 1, "skipped": 1}
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_flattened_columns_fold_back_into_custom(bench):
    company = bench.company()
    custom = {"type": "object", "properties": {"Score": {"type": "number"}, "At": {}}}
    lines = [
        bench.schema(custom=custom, sourceId={}, title={}, companyIds={}),
        bench.record(
            sourceId="a",
            title="t",
            companyIds=[company],
            custom={"Score": 0.1, "At": "2026-01-01"},
        ),
    ]
    ran = bench.run(lines, flattening_enabled=True, flattening_max_depth=2)
    assert ran.error is None
    assert held(bench)["a"]["custom"] == {"Score": 0.1, "At": "2026-01-01"}


def test_the_fast_path_and_the_sdks_way_write_the_same(bench):
    for tenant in ("alpha", "beta"):
        bench.company(tenant, sourceId="c")
    records = [
        {"sourceId": "a", "title": "t", "companyIds": ["srcid-c"], "custom": {"x": 0.1}},
        {"sourceId": 7, "title": 8, "companyIds": ["srcid-c"], "_sdc_batched_at": "x"},
        {"sourceId": "b", "title": "t", "companyIds": '["srcid-c"]', "custom__y": None},
    ]
    lines = [bench.schema(), *(bench.record(**record) for record in records)]
    fast = bench.run(lines)
    mapped = bench.run(lines, tenant="beta", stream_maps={"issues": {"__key_properties__": []}})
    assert fast.error is None
    assert mapped.error is None
    own = {"_id", "createdAt", "updatedAt", "companyIds", "companies"}
    alpha, beta = (
        {key: {k: v for k, v in each.items() if k not in own} for key, each in it.items()}
        for it in (held(bench), held(bench, "beta"))
    )
    assert alpha == beta
