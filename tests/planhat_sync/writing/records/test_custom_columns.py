"""Custom fields are written the same, whatever the flattening settings, and whoever flattened them.

The target accepts the settings and flattens nothing, because flattened values could not be put
together again.
"""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import Payload, RejectCode
from planhat_sync.writing.records.properties import CustomColumns
from planhat_sync.writing.settings import WriteSettings
from target_planhat.stream_maps import StreamMaps
from target_planhat.target import TargetPlanhat

MODELS = load_models()
OBJECT = {"type": ["object", "null"]}
LONG = "A label that is a good deal longer than thirty letters"


def written(bench, tenant="alpha"):
    own = ("_id", "createdAt", "updatedAt", "companyIds", "companies")
    return {
        each["sourceId"]: {name: value for name, value in each.items() if name not in own}
        for each in bench.sandbox.tenant(tenant).records("issues")
    }


@pytest.mark.parametrize("separator", [None, "__", "_", ".", "-", "x", "", "___", "custom"])
@pytest.mark.parametrize("depth", [0, 1, 5])
@pytest.mark.parametrize("length", [None, 30])
@pytest.mark.parametrize("maps", [{}, {"stream_maps": {"issues": {"source": "'map'"}}}])
def test_custom_fields_are_written_whatever_the_settings_are(bench, separator, depth, length, maps):
    custom = {"Score": 0.1, LONG: {"a": {"b": [1, {"c": None}]}}, "List": ["x"], "Empty": {}}
    company = bench.company()
    properties = {LONG: {**OBJECT, "properties": {"a": {}}}, "Score": {}, "List": {"type": "array"}}
    lines = [
        bench.schema(custom={**OBJECT, "properties": properties}, sourceId={}, title={}),
        bench.record(sourceId="a", title="t", companyIds=[company], custom=custom),
        bench.record(sourceId="b", title="t", companyIds=[company], custom__Score=1),
    ]
    given_settings = {
        "flattening_enabled": True,
        "flattening_max_depth": depth,
        "flattening_separator": separator,
        "flattening_max_key_length": length,
    }
    ran = bench.run(lines, **given_settings, **maps)
    assert ran.error is None
    assert written(bench)["a"]["custom"] == custom
    assert written(bench)["b"]["custom"] == {"Score": 1}


NAMES = st.sampled_from(["Score", "a", "_a", "__a", "custom", LONG, "a.b", "x_y"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "t", "[1]", '{"a": 1}']),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "custom": st.dictionaries(NAMES, VALUES, max_size=3) | st.none() | VALUES,
        "custom__Score": VALUES,
        "status": st.sampled_from(["open", None]) | VALUES,
        "followers": st.lists(st.sampled_from(["x", "y"]), max_size=2) | VALUES,
        "fields": VALUES,
    },
)


@settings(max_examples=25)
@given(data=st.data())
def test_the_records_in_planhat_are_the_same_with_and_without_flattening(bench, data):
    records = data.draw(st.lists(RECORDS, min_size=1, max_size=6))
    schema = bench.schema(
        custom={**OBJECT, "properties": {"Score": OBJECT, "a": {}}},
        fields={**OBJECT, "properties": {"a": {}}},
        followers={"type": "array"},
    )
    flattening = {
        "flattening_enabled": True,
        "flattening_max_depth": data.draw(st.integers(0, 4)),
        "flattening_separator": data.draw(st.sampled_from([None, "__", "_", "."])),
        "flattening_max_key_length": data.draw(st.sampled_from([None, 3, 30])),
    }
    maps = data.draw(st.sampled_from([{}, {"stream_maps": {"issues": {"source": "'map'"}}}]))
    ends = []
    bench.sandbox.reset()
    for tenant, more in (("alpha", {}), ("beta", flattening)):
        company = bench.company(tenant)
        bench.rejects_path.unlink(missing_ok=True)
        lines = [schema]
        for at, record in enumerate(records):
            fields = {"sourceId": f"s{at}", "title": "t", "companyIds": [company], **record}
            lines.append(bench.record(**fields))
        ran = bench.run(lines, tenant=tenant, on_reject="continue", **maps, **more)
        assert ran.error is None
        ends.append((written(bench, tenant), ran.reject_codes))
    assert ends[0] == ends[1]


def test_a_log_line_says_that_nothing_is_flattened(bench, caplog):
    caplog.set_level(logging.INFO)
    target = TargetPlanhat(
        config=bench.config(flattening_enabled=True, flattening_max_depth=1),
    )
    assert not StreamMaps(target.mapper).are_set
    assert caplog.text.count("Nothing is flattened (flattening_enabled)") == 1
    target.run.close()


def custom_of(record, separator):
    converter = Converter(MODELS["issues"], WriteSettings(flattening_separator=separator))
    made = converter.convert({"sourceId": "s", **record})
    return json.loads(made.item).get("custom") if isinstance(made, Payload) else made


@pytest.mark.parametrize(
    ("separator", "columns", "custom"),
    [
        ("_", {"custom_Region": 1, "custom__Score": 2}, {"Region": 1, "Score": 2}),
        (".", {"custom.Main Product": 1}, {"Main Product": 1}),
        ("___", {"custom___a": 1, "custom__b": 2}, {"a": 1, "b": 2}),
        ("_", {"custom_a_b": 1, "custom": {"c": 2}}, {"c": 2, "a_b": 1}),
        ("", {"customer": 1, "custom__a": 2}, {"a": 2}),
        (None, {"custom__a": 2}, {"a": 2}),
        ("_", {"custom_a": 1, "custom__a": 1.0}, None),
        ("_", {"custom_a": True, "custom": {"a": 1}}, None),
        ("_", {"custom_a": 1, "custom__a": 1}, {"a": 1}),
        ("_", {"custom": None, "custom_a": None}, {"a": None}),
        ("__", {"custom_a": 1}, False),
    ],
)
def test_columns_with_another_separator_are_merged_into_custom(separator, columns, custom):
    made = custom_of(columns, separator)
    if custom is None:
        assert made.code == RejectCode.CONFLICTING_CUSTOM
        assert made.property in columns
    else:
        assert made == (custom or None)


def test_what_cannot_be_compared_is_refused_and_not_an_error():
    for value in ("\ud800", "fine"):
        reject = custom_of({"custom": {"a": "\ud800"}, "custom__a": value}, "__")
        assert reject.code in (RejectCode.UNSENDABLE, RejectCode.CONFLICTING_CUSTOM)


@given(separator=st.text(min_size=1, max_size=3), label=st.text(min_size=1, max_size=5))
def test_the_label_of_a_column_is_the_one_that_it_was_made_from(separator, label):
    column = f"custom{separator}{label}"
    if not column.startswith("custom__") or separator.startswith("__"):
        assert CustomColumns(separator).label_of(column) == label


def test_columns_of_another_separator_are_written_by_a_real_run(target, sandbox):
    company = sandbox.tenant("token-a").insert("companies", {"name": "c"})["_id"]
    record = {"sourceId": "s", "title": "t", "companyIds": [company], "custom_Region": "EU"}
    lines = [
        {"type": "SCHEMA", "stream": "issues", "schema": {"properties": {"custom_Region": {}}}},
        {"type": "RECORD", "stream": "issues", "record": record},
    ]
    config = {"api_token": "token-a", "api_url": sandbox.url}
    stdin = "".join(json.dumps(line) + "\n" for line in lines)
    run = target(config=config, stdin=stdin)
    assert run.code == 0, run.stderr
    assert "custom_Region (did you mean custom__Region?)" in run.stderr
    run = target(config={**config, "flattening_separator": "_"}, stdin=stdin)
    assert run.code == 0, run.stderr
    assert "ignoring" not in run.stderr
    assert [each["custom"] for each in sandbox.tenant("token-a").records("issues")] == [
        {"Region": "EU"}
    ]
