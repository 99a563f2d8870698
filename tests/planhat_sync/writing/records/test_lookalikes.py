"""Columns that look like a property: the warning asks about them, a reject says what to rename."""

from __future__ import annotations

import pytest

from planhat_sync.models import load_models
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import RejectCode
from planhat_sync.writing.records.unknown_properties import Lookalikes, printable_name
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
COMPANY = "a" * 24


def reject_of(record, model="objectives", **settings):
    return Converter(MODELS[model], WriteSettings(**settings)).convert(record)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("SOURCEID", "sourceId"),
        ("source_id", "sourceId"),
        ("SOURCE_ID", "sourceId"),
        ("Source Id", "sourceId"),
        ("source-id", "sourceId"),
        ("source.id", "sourceId"),
        ("sourceid", "sourceId"),
        ("externalid", "externalId"),
        ("External ID", "externalId"),
        ("COMPANY_ID", "companyId"),
        ("_ID", "_id"),
        ("NAME", "name"),
        ("_SDC_DELETED_AT", "_sdc_deleted_at"),
        ("CUSTOM", "custom"),
        ("custom_Region", "custom__Region"),
        ("CUSTOM__REGION", "custom__REGION"),
        ("custom.Main Product", "custom__Main Product"),
        ("id", None),  # another system's id is not Planhat's
        ("ID", None),
        ("customer", None),
        ("custom_", "custom"),
        ("updated_at", None),  # Planhat writes it itself
        ("colour", None),
        ("", None),
        ("__", None),
        ("\ud800", None),
    ],
)
def test_a_column_is_recognized_by_its_letters_and_digits(column, name):
    assert Lookalikes(MODELS["objectives"]).property_for(column) == name


@pytest.mark.parametrize(
    ("column", "name"),
    [("company-ids", "companyIds"), ("titel", "title"), ("companyId", "companyIds"), ("x", None)],
)
def test_a_misspelt_column_is_recognized_for_a_warning(column, name):
    assert Lookalikes(MODELS["issues"]).property_for(column, misspelt=True) == name


def test_a_name_is_printed_in_one_line_and_cut_off():
    assert printable_name("Source Id") == "Source Id"
    for odd in ("a\nb", "", "\ud800", "\x1b[31m", "x" * 100_000):
        assert printable_name(odd).isprintable()
        assert 0 < len(printable_name(odd)) < 100


@pytest.mark.parametrize("column", ["SOURCEID", "source_id", "Source Id", "sourceid", "source-id"])
@pytest.mark.parametrize("gone", [{}, {"_sdc_deleted_at": "2026-01-01"}])
def test_a_keyable_under_another_name_gets_the_advice_to_rename_it(column, gone):
    for match_on in ((), ("sourceId",), ("externalId", "sourceId")):
        record = {column: "s", "name": "n", **gone}
        reject = reject_of(record, match_on=match_on, deletes="delete")
        assert reject.code == RejectCode.MISSING_KEY
        assert f"rename {column} to sourceId, for instance with mappings" in reject.message
        assert "create" not in reject.message


def test_the_advice_names_the_preferred_keyable():
    record = {"SOURCE_ID": "s", "EXTERNAL_ID": "e", "sourceId": None}
    reject = reject_of(record, match_on=("externalId", "sourceId"))
    assert "rename EXTERNAL_ID to externalId" in reject.message


def test_there_is_no_advice_for_a_keyable_outside_match_on():
    assert "SOURCE_ID" not in reject_of({"SOURCE_ID": "s"}, match_on=("externalId",)).message


@pytest.mark.parametrize(
    ("match_on", "advice"),
    [
        ((), "send the identifier that it has in its source as sourceId"),
        (("_id", "externalId"), "send the identifier that it has in its source as externalId"),
        (("_id",), "send the _id that Planhat assigned to it, or match on another keyable"),
    ],
)
def test_the_reject_of_a_record_without_keyables_never_advises_to_create(match_on, advice):
    reject = reject_of({"id": 5, "name": "n"}, match_on=match_on)
    assert reject.code == RejectCode.MISSING_KEY
    assert advice in reject.message
    assert "create" not in reject.message


@pytest.mark.parametrize("company", [None, "", " "])
def test_a_company_under_another_name_gets_the_advice_to_rename_it(company):
    record = {"externalId": "e", "COMPANY_ID": COMPANY, "companyId": company}
    reject = reject_of(record)
    assert reject.code == RejectCode.AMBIGUOUS_KEY
    assert reject.message.endswith("; rename COMPANY_ID to companyId, for instance with mappings")
    assert "rename" not in reject_of({"externalId": "e"}).message


def test_a_required_property_under_another_name_gets_the_advice_to_rename_it():
    record = {"sourceId": "s", "TITLE": "t", "company-ids": [COMPANY]}
    reject = reject_of(record, "issues", write_mode="create")
    assert (reject.code, reject.property) == (RejectCode.MISSING_REQUIRED, "title")
    assert "rename TITLE to title" in reject.message
    assert "rename" not in reject_of({"sourceId": "s"}, "issues", write_mode="create").message


@pytest.mark.parametrize(
    ("column", "question"),
    [
        ("SOURCE_ID", "did you mean sourceId?"),
        ("titel", "did you mean title?"),
        ("custom_A", "did you mean custom__A?"),
        ("colour", ""),
    ],
)
def test_the_reject_of_an_unknown_property_asks_about_it(column, question):
    reject = reject_of({"sourceId": "s", column: 1}, "issues", unknown_properties="reject")
    assert (reject.code, reject.property) == (RejectCode.UNKNOWN_PROPERTY, column)
    assert reject.message.startswith("issues has no property of this name")
    assert reject.message.endswith(question)


def test_a_run_names_the_column_and_never_advises_to_create(target, sandbox, tmp_path):
    company = sandbox.tenant("token-a").insert("companies", {"name": "c"})["_id"]
    lines = (
        '{"type":"SCHEMA","stream":"issues","schema":{"properties":{"SOURCEID":{},"title":{}}}}\n'
        f'{{"type":"RECORD","stream":"issues","record":{{"SOURCEID":"s","title":"t",'
        f'"companyIds":["{company}"]}}}}\n'
    )
    config = {"api_token": "token-a", "api_url": sandbox.url, "match_on": ["sourceId"]}
    run = target(config=config, stdin=lines)
    assert run.code == 1
    assert "SOURCEID (did you mean sourceId?)" in run.stderr
    assert "rename SOURCEID to sourceId, for instance with mappings" in run.last_line
    assert "missing_key to create" not in run.stderr
    config |= {"stream_maps": {"issues": {"sourceId": "SOURCEID", "SOURCEID": "__NULL__"}}}
    for _ in range(2):
        run = target(config=config, stdin=lines)
        assert run.code == 0, run.stderr
        assert "did you mean" not in run.stderr
    assert [each["sourceId"] for each in sandbox.tenant("token-a").records("issues")] == ["s"]


@pytest.mark.parametrize(
    ("column", "expression"),
    [("SOURCE_ID", "SOURCE_ID"), ("Source Id", "record['Source Id']"), ("a-b", "record['a-b']")],
)
def test_the_stream_maps_of_the_page_on_writing_rename(bench, caplog, column, expression):
    company = bench.company()
    lines = [
        bench.schema(**{column: {"type": "string"}}),
        bench.record(title="t", companyIds=[company], **{column: "s"}),
    ]
    ran = bench.run(lines, stream_maps={"issues": {"sourceId": expression}})
    assert ran.error is None
    assert [each["sourceId"] for each in bench.sandbox.tenant("alpha").records("issues")] == ["s"]
    assert "did you mean" not in caplog.text
