"""A dry run is called a dry run wherever it shows figures, and reports only what was done."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import msgspec
import pytest

from planhat_sync.writing.sending.changes import LONGEST_VALUE, as_shown


@pytest.fixture
def company(bench):
    """A company with an issue that is in Planhat already."""
    company = bench.company()
    bench.sandbox.tenant("alpha").insert(
        "issues",
        {
            "sourceId": "old",
            "title": "t",
            "companyIds": [company],
            "archived": False,
            "custom": {"a": None, "b": [True, 1.5]},
        },
    )
    return company


def changes(caplog):
    """The changes that were shown, by line."""
    said = re.findall(r"would (?:create|update) issues, line (\d+): (.*)", caplog.text)
    return {int(line): text for line, text in said}


def test_a_dry_run_without_any_reject_prints_no_state(bench, company):
    lines = [bench.schema(), bench.state(0)]
    lines += [bench.record(sourceId="new", title="t", companyIds=[company]), bench.state(1)]
    ran = bench.run(lines, dry_run=True)
    assert ran.error is None
    assert ran.states == []
    assert bench.run(lines).states != []


def test_values_are_shown_as_json_and_texts_as_they_are(bench, company, caplog):
    caplog.set_level("INFO")
    record = {"title": "x y", "archived": True, "description": None, "custom": {"a": 1, "c": None}}
    bench.run([bench.schema(), bench.record(sourceId="old", **record)], dry_run=True)
    assert changes(caplog)[2].split(", ", 1) == [
        "title: t -> x y",
        'archived: false -> true, custom: {"a":null,"b":[true,1.5]} -> {"a":1,"c":null}',
    ]
    for python in ("None", "True", "False", "'"):
        assert python not in changes(caplog)[2]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Open", "Open"),
        ("ä ö", "ä ö"),
        ("null", '"null"'),
        ("true", '"true"'),
        ("5", '"5"'),
        ("", '""'),
        (" x", '" x"'),
        ('{"a": 1}', r'"{\"a\": 1}"'),
        ("two\nlines", r'"two\nlines"'),
        ("\x1b[2Jgone", r'"\u001b[2Jgone"'),
        ("\x9b2J \u202e", r'"\u009b2J \u202e"'),
        ("\ud800", r'"\ud800"'),
        (["\ud800", {"a": None}], r'["\ud800", {"a": null}]'),
        (None, "null"),
        (False, "false"),
        (10**20, "100000000000000000000"),
        ([], "[]"),
        (Decimal("0.10"), "0.10"),
        ({"a": msgspec.Raw(b"1e400")}, '{"a":1e400}'),
        ({"a": [None, {"b": False}], "c": "'"}, '{"a":[null,{"b":false}],"c":"\'"}'),
        ("x" * 61, "x" * 59 + "…"),
        ({"a": "x" * 100}, '{"a":"' + "x" * 53 + "…"),
    ],
)
def test_a_shown_value_is_not_python_and_has_one_meaning(value, shown):
    assert as_shown(value) == shown
    assert len(shown) <= LONGEST_VALUE


def test_a_record_that_only_this_run_would_have_created_has_no_old_values(bench, company, caplog):
    caplog.set_level("INFO")
    lines = [bench.schema()]
    lines += [
        bench.record(sourceId="new", title=title, companyIds=[company]) for title in ("t", "u")
    ]
    bench.run(lines, dry_run=True, batch_size_rows=1)
    assert changes(caplog)[3] == "title: u"


def rejected(bench, count):
    return [bench.schema(), *(bench.record(title="No key") for _ in range(count))]


@pytest.mark.parametrize("count", [1, 3, 25])
@pytest.mark.parametrize("config", [{}, {"on_reject": "continue"}])
def test_records_that_would_be_rejected_are_not_reported_as_kept(
    bench, target, tmp_path, count, config
):
    run = target(
        config=bench.config(dry_run=True, summary_path="summary.json", **config),
        stdin=bench.lines(rejected(bench, count)),
    )
    told = [line.split("| ")[-1] for line in run.stderr.splitlines() if "rejected: " in line]
    assert len(told) == min(count, 20)
    assert all(line.startswith("would be rejected: line ") for line in told)
    assert (
        "more records would be rejected, counted but not shown; a dry run writes no" in run.stderr
    ) is (count > 20)
    for claim in ("they are in", "written to", "are rejected", "were rejected", "was rejected"):
        assert claim not in run.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["dry_run"], summary["rejects_path"]) == (True, None)
    assert not bench.rejects_path.exists()
    assert "Dry run: nothing was written. Summary: {" in run.stderr
    assert run.code == (0 if config else 1)
    if not config:
        where = {1: "it", 3: "them", 25: "20 of them"}[count]
        assert f"{count} record{'s' if count > 1 else ''} would be rejected, first line 2, " in (
            run.last_line
        )
        assert f"; a dry run writes no reject file: the log above shows {where}; correct" in (
            run.last_line
        )


@pytest.mark.parametrize("config", [{}, {"on_reject": "continue", "max_rejects": 24}])
def test_a_real_run_says_where_the_rejects_are_that_are_not_shown(bench, target, config):
    config = bench.config(**config)
    run = target(config=config, stdin=bench.lines(rejected(bench, 25)))
    assert run.code == 1
    if "rejects_path" in config:
        path = config["rejects_path"]
        assert f"more records are rejected, counted but not shown; all are written to {path}" in (
            run.stderr
        )
        assert f"they are in {path}; correct what is wrong and run again, or raise max_rejects" in (
            run.last_line
        )
        assert len(bench.rejects()) == 25
    else:
        assert "they are in" not in run.stderr
        assert "written to" not in run.stderr


def test_the_progress_line_says_that_it_is_a_dry_run(bench, company):
    ran = bench.run([bench.schema()], dry_run=True)
    assert ran.target.run._run.progress()._plugin == "target-planhat (dry run)"
    assert bench.run([bench.schema()]).target.run._run.progress()._plugin == "target-planhat"


@pytest.mark.parametrize(
    ("fault", "lines", "reason"),
    [
        ({"status": 401}, [], "127.0.0.1 does not accept api_token"),
        ({}, [b"noise"], "line 3 of the input is not JSON"),
    ],
)
def test_the_last_line_of_a_dry_run_that_fails_says_that_it_was_one(
    bench, target, company, fault, lines, reason
):
    if fault:
        bench.sandbox.fault("status", **fault)
    lines = [bench.schema(), bench.record(sourceId="old", title="u"), *lines]
    run = target(config=bench.config(dry_run=True), stdin=bench.lines(lines))
    assert run.code == 1
    assert run.last_line.startswith(f"target-planhat: dry run: {reason}")
    assert "Dry run: nothing was written. Summary: {" in run.stderr
    run = target(config=bench.config(), stdin=bench.lines(lines))
    assert run.last_line.startswith(f"target-planhat: {reason}")
