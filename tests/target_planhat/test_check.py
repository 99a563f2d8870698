"""`target-planhat --check`: one line for each model, nothing written, an exit code."""

from __future__ import annotations

import pytest


def test_a_valid_token_may_read_and_write(bench, target):
    run = target("--check", config=bench.config())
    assert run.code == 0
    assert run.stdout.decode().splitlines() == [
        "issues: reading permitted; writing not refused",
        "objectives: reading permitted; writing not refused",
        "companies: reading permitted",
        "not refused: an empty upsert was accepted, but single records may be refused",
    ]
    for model in ("issues", "objectives"):
        assert bench.sandbox.tenant("alpha").records(model) == []
    assert not bench.sandbox.tenant("alpha").writes


def test_no_line_is_longer_than_a_terminal_is_wide(bench, target):
    bench.sandbox.fault("status", model="companies", status=403)
    mapping = {"stream": "fields", "model": "customfields", "set": {"_id": "id"}}
    run = target("--check", config={**bench.config(), "mappings": [mapping]})
    assert max(map(len, run.stdout.decode().splitlines())) <= 80


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ({"route": "bulk"}, "issues: reading permitted; writing refused (403)"),
        ({"route": "list"}, "issues: reading refused (403); writing not refused"),
    ],
)
def test_a_missing_right_is_printed_for_each_model(bench, target, fault, line):
    bench.sandbox.fault("status", model="issues", status=403, **fault)
    run = target("--check", config=bench.config())
    assert run.code == 1
    assert line in run.stdout.decode()
    assert "objectives: reading permitted; writing not refused" in run.stdout.decode()
    assert "api_token has no permission for issues" in run.last_line


def test_the_model_of_a_mapping_is_tried_too(bench, target):
    mapping = {"stream": "accounts", "model": "companies", "set": {"sourceId": "id"}}
    run = target("--check", config={**bench.config(), "mappings": [mapping]})
    assert run.code == 0
    lines = run.stdout.decode().splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "companies",
        "issues",
        "objectives",
        "companies",
        "not refused",
    ]


def test_companies_that_may_not_be_read_are_reported_and_are_not_an_error(bench, target):
    bench.sandbox.fault("status", model="companies", status=403)
    run = target("--check", config=bench.config())
    assert run.code == 0
    assert run.stdout.decode().splitlines()[-2] == (
        "companies: reading refused (403): only their _id identifies them in records"
    )


def test_a_wrong_token_is_an_error_at_once(bench, target):
    run = target("--check", config={**bench.config(), "api_token": "not-the-token"})
    assert run.code == 1
    assert "does not accept api_token (401)" in run.last_line
    assert run.stdout == b""


def test_anything_but_401_and_403_is_not_a_refusal(bench, target):
    bench.sandbox.fault("status", route="bulk", status=500)
    run = target("--check", config=bench.config())
    assert run.code == 0
    assert run.stdout.decode().count("writing not refused") == 2


def test_a_model_without_bulk_upsert_is_not_written_to_find_out(bench, target):
    mapping = {"stream": "fields", "model": "customfields", "set": {"_id": "id"}}
    run = target("--check", config={**bench.config(), "mappings": [mapping]})
    assert run.code == 0
    assert "customfields: reading permitted; writing not tried" in run.stdout.decode()
    written = [one for one in bench.sandbox.requests if one.model == "customfields"]
    assert {one.method for one in written} == {"GET"}
