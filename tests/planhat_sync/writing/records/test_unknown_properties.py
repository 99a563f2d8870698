"""The log stays short and memory bounded, however many properties the model does not have."""

from __future__ import annotations

import json

import pytest

from planhat_sync.models import load_models
from planhat_sync.writing.records import unknown_properties
from planhat_sync.writing.records.unknown_properties import MAX_NAMES, Lookalikes, UnknownProperties

MODELS = load_models()


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def unknown(warnings):
    return UnknownProperties("issues", Lookalikes(MODELS["issues"]), warnings.append)


def test_the_properties_of_one_record_are_one_warning(unknown, warnings):
    unknown.report(["id", "key"], {"id", "key", "sourceId"})
    unknown.report(["key", "id"], {"id", "key", "sourceId"})
    assert warnings == ["ignoring 2 properties that issues does not have: id, key"]


def test_a_property_of_a_later_record_is_another_warning(unknown, warnings):
    unknown.report(["id"], {"id"})
    unknown.report(["id", "key"], {"id", "key"})
    assert warnings[1:] == ["ignoring a property that issues does not have: key"]


def test_lookalikes_come_first_and_are_asked_about(unknown, warnings):
    names = [*(f"column {at}" for at in range(20)), "SOURCE_ID", "titel"]
    unknown.report(names, names)
    assert warnings == [
        "ignoring 22 properties that issues does not have: SOURCE_ID (did you mean sourceId?), "
        "titel (did you mean title?), " + ", ".join(f"column {at}" for at in range(8)) + ", …"
    ]


def test_a_property_that_the_record_has_is_not_asked_about(unknown, warnings):
    unknown.report(["SOURCE_ID"], {"SOURCE_ID", "sourceId"})
    assert warnings == ["ignoring a property that issues does not have: SOURCE_ID"]


def test_ten_warnings_are_followed_by_one_that_counts_the_rest(unknown, warnings):
    for at in range(25_000):
        unknown.report([f"c{at}"], {f"c{at}"})
    assert len(warnings) == 10
    for _ in range(2):
        unknown.report_rest()
    assert warnings[10:] == ["ignoring 24,990 more properties that issues does not have"]


def test_there_is_no_rest_if_all_were_reported(unknown, warnings):
    unknown.report(["id"], {"id"})
    unknown.report_rest()
    assert len(warnings) == 1


def test_new_names_in_every_record_do_not_fill_memory(unknown, warnings):
    for at in range(MAX_NAMES + 5_000):
        unknown.report([f"{at}" + "x" * 300], ())
    assert len(unknown.names) == MAX_NAMES
    assert max(map(len, unknown.names)) <= unknown_properties.MAX_NAME_LENGTH
    unknown.report_rest()
    assert warnings[-1] == "ignoring at least 49,990 more properties that issues does not have"
    assert len(warnings) == 11
    assert max(map(len, warnings)) < 2_000


def messages(records, company, columns=()):
    schema = {"properties": {name: {} for name in columns}}
    yield {"type": "SCHEMA", "stream": "issues", "schema": schema}
    for at, extra in enumerate(records):
        record = {"sourceId": str(at), "title": "t", "companyIds": [company], **extra}
        yield {"type": "RECORD", "stream": "issues", "record": record}


MANY = [f"column{at}" for at in range(20_000)]
MANY_PROPERTIES = {
    "in one record": ([dict.fromkeys(MANY, 1)], ()),
    "announced, in one record": ([dict.fromkeys(MANY[:3_000], 1)], MANY[:3_000]),
    "announced, one in each record": ([{name: 1} for name in MANY[:2_000]], MANY[:2_000]),
    "one in each record": ([{name: 1} for name in MANY[:2_000]], ()),
}


@pytest.mark.parametrize("case", MANY_PROPERTIES)
def test_many_unknown_properties_are_few_lines_of_log(target, sandbox, case):
    company = sandbox.tenant("token-a").insert("companies", {"name": "c"})["_id"]
    records, columns = MANY_PROPERTIES[case]
    lines = "".join(json.dumps(each) + "\n" for each in messages(records, company, columns))
    config = {"api_token": "token-a", "api_url": sandbox.url, "progress": "none"}
    run = target(config=config, stdin=lines)
    assert run.code == 0, run.stderr[-2_000:]
    warned = [line for line in run.stderr.splitlines() if "ignoring" in line]
    names = {name for record in records for name in record}
    if len(records) == 1:
        assert len(warned) == 1
        assert (
            f"ignoring {len(names):,} properties that issues does not have: column0, " in warned[0]
        )
    else:
        assert len(warned) == 11
        assert f"ignoring {len(names) - 10:,} more properties" in warned[-1]
    assert len(run.stderr.splitlines()) < 25
    assert max(map(len, run.stderr.splitlines())) < 2_000
    assert len(sandbox.tenant("token-a").records("issues")) == len(records)
