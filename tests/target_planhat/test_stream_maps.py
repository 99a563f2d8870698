"""Stream maps: a record that they fail on is one reject, and any SCHEMA is accepted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.results.rejects import TooManyRejectsError

MISSING = object()


def held(bench, model="issues"):
    return {each["sourceId"]: each for each in bench.sandbox.tenant("alpha").records(model)}


def source(bench, key, **fields):
    """Return a RECORD of a stream that is not a model."""
    return bench.record("bugs", key=key, **fields)


def maps(company, **definition):
    """Return a stream map from that stream to issues."""
    return {
        "bugs": {
            "__alias__": "issues",
            "sourceId": "key",
            "title": "'A title'",
            "companyIds": f"['{company}']",
            "__else__": None,
            **definition,
        }
    }


@pytest.mark.parametrize(
    ("definition", "fields", "says"),
    [
        (
            {"description": "text.upper()"},
            {},
            "description, text.upper(), fails: there is no 'text'",
        ),
        ({"description": "text.upper()"}, {"text": None}, "fails: text is null"),
        ({"description": "text + '!'"}, {"text": 7}, "fails (TypeError)"),
        ({"description": "record['text']"}, {}, "there is no 'text' (KeyError)"),
        ({"status": "fields['status']['name']"}, {"fields": {"status": None}}, "(TypeError)"),
        ({"status": "fields['status']['name']"}, {"fields": {}}, "there is no 'status'"),
        (
            {"__filter__": "votes > 3"},
            {"votes": None},
            "__filter__, votes > 3, fails: votes is null",
        ),
        ({"__filter__": "votes > 3"}, {}, "__filter__, votes > 3, fails: there is no 'votes'"),
        ({"custom": "json.loads(text)"}, {"text": "{"}, "fails (JSONDecodeError)"),
        ({"custom": "json.loads(text)"}, {"text": "[" * 99_999}, "fails (RecursionError)"),
        ({"description": "text.ljust(n)"}, {"text": "", "n": 10**13}, "fails (MemoryError)"),
        ({"description": "str(10.0 ** n)"}, {"n": 400}, "fails (OverflowError)"),
        ({"_sdc_deleted_at": "gone.isoformat()"}, {"gone": 1}, "_sdc_deleted_at, gone.isoformat()"),
    ],
)
def test_a_record_that_cannot_be_mapped_is_one_reject_and_the_run_continues(
    bench, definition, fields, says
):
    good = {"text": "fine", "n": 2, "votes": 4, "fields": {"status": {"name": "Open"}}}
    if definition.get("custom"):
        good["text"] = '{"a": 1}'
    if definition.get("_sdc_deleted_at"):
        definition = {**definition, "__filter__": "gone != 'never'"}
        good["gone"] = "never"
    bad = source(bench, "b", secret="s3cr3t", **fields)  # noqa: S106 - no password
    lines = [
        bench.schema("bugs", key={}),
        source(bench, "a", **good),
        bad,
        source(bench, "c", **good),
        bench.state(1),
    ]
    stream_maps = maps(bench.company(), **definition)
    ran = bench.run(lines, on_reject="continue", stream_maps=stream_maps)
    assert ran.error is None, repr(ran.error)
    assert ran.reject_codes == {3: "mapping_failed"}
    reject = ran.rejects[0]["reject"]
    assert reject["property"] in definition
    assert definition[reject["property"]] in reject["message"]
    assert says in reject["message"]
    assert "s3cr3t" not in json.dumps(reject)
    assert (ran.rejects[0]["stream"], ran.rejects[0]["record"]) == ("bugs", bad["record"])
    account = ran.counts["issues"]
    assert account["read"] == sum(count for name, count in account.items() if name != "read") == 3
    assert account["rejected"] == 1
    assert ran.states == [{"bookmarks": {"at": 1}}]
    if "_sdc_deleted_at" not in definition:
        assert held(bench).keys() == {"a", "c"}


@pytest.mark.parametrize(("allowed", "fails"), [(1, True), (2, False), (None, False)])
def test_max_rejects_counts_records_that_cannot_be_mapped(bench, allowed, fails):
    lines = [bench.schema("bugs"), source(bench, "a"), source(bench, "b"), bench.state(1)]
    stream_maps = maps(bench.company(), status="missing")
    ran = bench.run(lines, on_reject="continue", max_rejects=allowed, stream_maps=stream_maps)
    assert isinstance(ran.error, TooManyRejectsError) is fails


def test_with_on_reject_fail_what_came_before_is_written_and_the_record_is_named(bench):
    lines = [
        bench.schema("bugs"),
        source(bench, "a", state="Open"),
        bench.state(1),
        source(bench, "b"),
        bench.state(2),
    ]
    ran = bench.run(lines, stream_maps=maps(bench.company(), status="state"))
    assert isinstance(ran.error, TooManyRejectsError)
    assert "1 record was rejected, first line 4, issues: mapping_failed: " in str(ran.error)
    assert "the expression of status, state, fails: there is no 'state'" in str(ran.error)
    assert held(bench).keys() == {"a"}
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_dry_run_counts_records_that_cannot_be_mapped(bench):
    lines = [bench.schema("bugs"), source(bench, "a"), source(bench, "b", state="Open")]
    stream_maps = maps(bench.company(), status="state")
    ran = bench.run(lines, on_reject="continue", dry_run=True, stream_maps=stream_maps)
    assert ran.error is None
    assert (ran.counts["issues"]["read"], ran.counts["issues"]["rejected"]) == (2, 1)


def test_a_replay_takes_the_record_through_the_map_again(bench):
    company = bench.company()
    stream_maps = maps(company, status="state")
    bench.run(
        [bench.schema("bugs"), source(bench, "a")], on_reject="continue", stream_maps=stream_maps
    )
    rejects = bench.rejects_path.read_bytes().splitlines()
    corrected = maps(company, status="record.get('state', 'New')")
    ran = bench.run(rejects, stream_maps=corrected)
    assert ran.error is None
    assert held(bench)["a"]["status"] == "New"


@pytest.mark.parametrize(
    ("model", "definition"),
    [
        ("issues", {"custom": "{'n': 10 ** 4400}"}),
        ("issues", {"sourceId": "10 ** 4400"}),
        ("objectives", {"health": "10 ** 4400"}),
        ("objectives", {"health": "-(10 ** 4400)"}),
    ],
)
def test_an_integer_of_any_length_does_not_end_the_run(bench, model, definition):
    lines = [bench.schema(model), bench.record(model, sourceId="a"), bench.state(1)]
    ran = bench.run(lines, on_reject="continue", stream_maps={model: definition})
    assert ran.error is None, repr(ran.error)
    assert ran.reject_codes == {2: "unsendable"}


def two_maps(company):
    """Return stream maps that make issues and objectives of one stream."""
    return {
        **maps(company, status="state"),
        "objectives": {
            "__source__": "bugs",
            "sourceId": "key",
            "name": "goal.strip()",
            "companyId": f"'{company}'",
            "__else__": None,
        },
    }


@pytest.mark.parametrize(
    ("fields", "rejected"),
    [
        ({"goal": "g", "state": "s"}, None),
        ({"goal": "g"}, "issues"),
        ({"state": "s"}, "objectives"),
        ({}, "issues"),
    ],
)
def test_a_record_goes_through_all_maps_of_its_stream_or_through_none(bench, fields, rejected):
    company = bench.company()
    lines = [bench.schema("bugs"), source(bench, "a", **fields), bench.state(1)]
    ran = bench.run(lines, on_reject="continue", stream_maps=two_maps(company))
    assert ran.error is None
    assert len(ran.rejects) == (rejected is not None)
    for stream in ("issues", "objectives"):
        account = ran.counts[stream]
        assert account["rejected"] == (stream == rejected)
        assert account["created"] == (rejected is None)
        assert account["read"] == account["created"] + account["rejected"]
    if rejected:
        text = bench.rejects_path.read_text()
        corrected = text.replace('"key"', '"goal": "g", "state": "s", "key"')
        assert (
            bench.run(corrected.encode().splitlines(), stream_maps=two_maps(company)).error is None
        )
    assert held(bench).keys() == held(bench, "objectives").keys() == {"a"}


def test_a_stream_map_that_is_wrong_for_every_record_ends_the_run(bench):
    lines = [bench.schema("bugs"), source(bench, "a")]
    stream_maps = maps(bench.company(), status="x = 1")
    ran = bench.run(lines, on_reject="continue", stream_maps=stream_maps)
    assert "status of bugs must be an expression" in str(ran.error)
    assert ran.rejects == []


@given(
    values=st.lists(
        st.sampled_from([MISSING, None, "text", 7, 0.5, True, [], ["x"], {}, {"a": None}]),
        max_size=12,
    ),
    expression=st.sampled_from(
        ["x.strip()", "x + 'y'", "x['a']['b']", "md5(x)", "x", "record.get('x') or 'y'", "int(x)"]
    ),
)
def test_each_record_has_an_outcome_whatever_a_map_does_with_it(bench, values, expression):
    bench.rejects_path.unlink(missing_ok=True)
    lines = [bench.schema("bugs")]
    for key, value in enumerate(values):
        lines.append(source(bench, f"s{key}", **({} if value is MISSING else {"x": value})))
    lines.append(bench.state(1))
    stream_maps = maps(bench.company(), status=expression)
    ran = bench.run(lines, on_reject="continue", stream_maps=stream_maps)
    assert ran.error is None, repr(ran.error)
    account = ran.counts["issues"]
    assert account["read"] == len(values)
    assert account["rejected"] == len(ran.rejects)
    assert ran.states == [{"bookmarks": {"at": 1}}]


# SCHEMAs that say little about their properties, or something unusual.

SCHEMAS = [
    {},
    {"type": "object"},
    {"type": "object", "additionalProperties": True},
    {"properties": None},
    {"properties": []},
    {"properties": "none"},
    {"properties": {}, "required": ["nowhere"]},
    {"$ref": "#/definitions/issue", "definitions": {"issue": {"properties": {"title": {}}}}},
    {"anyOf": [{"properties": {"title": {"type": "string"}}}, {"type": "null"}]},
    {"properties": {"title": True, "sourceId": None, "status": "string"}},
    {"properties": {"title": {"enum": ["A title"]}, "custom": {"anyOf": [{"$ref": "#/x"}]}}},
    {"properties": {"title": {"type": None}, "custom": {"type": ["object"], "properties": None}}},
    {"properties": {"custom": {"type": "object", "properties": {"a": {"const": 1}, "b": False}}}},
]
KEYS = [{}, {"key_properties": None}, {"key_properties": []}, {"key_properties": ["nowhere"]}]
WAYS = {
    "plain": {},
    "mapped": {"stream_maps": {"issues": {"status": "'mapped'"}}},
    "with nothing else": {
        "stream_maps": {
            "issues": {
                "sourceId": "sourceId",
                "title": "title",
                "companyIds": "companyIds",
                "custom": "custom",
                "__else__": None,
            }
        }
    },
    "with keys": {"stream_maps": {"issues": {"__key_properties__": ["sourceId"], "source": "'x'"}}},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_schema_without_properties_or_with_odd_ones_is_taken(bench, way):
    company = bench.company()
    for at, schema in enumerate(SCHEMAS):
        for keys in KEYS:
            lines = [
                {"type": "SCHEMA", "stream": "issues", "schema": schema, **keys},
                bench.record(
                    sourceId=f"s{at}", title="A title", companyIds=[company], custom={"a": 1}
                ),
                bench.record(title="No key"),
                bench.state(1),
            ]
            ran = bench.run(lines, on_reject="continue", **WAYS[way])
            assert ran.error is None, (schema, keys, ran.error)
            assert ran.rejects[-1]["reject"]["code"] in ("missing_key", "mapping_failed")
            assert held(bench)[f"s{at}"]["custom"] == {"a": 1}


@pytest.mark.parametrize("schema", [None, True, "object", [], 1])
def test_a_schema_that_is_not_an_object_is_an_error_of_one_sentence(bench, schema):
    ran = bench.run([{"type": "SCHEMA", "stream": "issues", "schema": schema}, bench.state(1)])
    assert isinstance(ran.error, InputError)
    assert "line 1 of the input is " in str(ran.error)
    assert "SCHEMA" in str(ran.error)


@pytest.mark.parametrize("nothing", [None, "__NULL__"])
def test_streams_that_no_map_names_can_be_left_out(bench, nothing):
    lines = [bench.schema("users"), bench.record("users", id=1), bench.state(1)]
    ran = bench.run(lines, stream_maps={"__else__": nothing})
    assert ran.error is None
    assert ran.counts["users"]["skipped"] == 1
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_records_that_a_stream_map_filters_are_counted_as_such(bench, caplog):
    caplog.set_level("INFO")
    lines = [bench.schema("issues", sourceId={"type": "string"})]
    lines += [bench.record(sourceId=name) for name in ("drop", "drop")]
    ran = bench.run(lines, stream_maps={"issues": {"__filter__": "sourceId != 'drop'"}})
    assert ran.error is None
    assert "issues: skipped 2 records left out by the stream map" in caplog.text
