"""Bad input ends a run with one sentence that says what is wrong and where; no record is lost."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.runtime.stdin import LONGEST_LINE_BYTES, InputError
from planhat_sync.writing.results.rejects import TooManyRejectsError
from target_planhat.messages import RecordBeforeSchemaError
from target_planhat.target import TargetPlanhat


def issue(bench, company, key, **fields):
    return bench.record(sourceId=key, title="A title", companyIds=[company], **fields)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{not json", "line 4 of the input is not JSON"),
        (b'{"type": "RECORD", "stream": "iss', "line 4 of the input is not JSON"),
        (b"\xff\xfe\x00", "line 4 of the input is not JSON"),
        (b"12", "line 4 of the input is not a Singer message"),
        (b"[]", "line 4 of the input is not a Singer message"),
        (b'{"stream": "issues"}', "line 4 of the input is not a Singer message"),
        (b'{"type": "record", "stream": "issues", "record": {}}', "is written RECORD"),
        (b'{"type": "RECORD", "record": {}}', "line 4 of the input is a RECORD of no stream"),
        (b'{"type": "RECORD", "stream": "issues"}', "RECORD without a record"),
        (b'{"type": "RECORD", "stream": "issues", "record": []}', "RECORD without a record"),
        (b'{"type": "RECORD", "stream": "objectives", "record": {}}', "without a SCHEMA before it"),
        (b'{"type": "STATE"}', "line 4 of the input is a STATE without a value"),
        (
            b'{"type": "STATE", "value": {"at": "\\ud800"}}',
            "line 4 of the input is a STATE that cannot be passed on: holds half a surrogate pair",
        ),
        (b'{"type": "SCHEMA", "stream": "issues"}', "SCHEMA without a stream or a schema"),
        (
            b'{"type": "SCHEMA", "stream": 1, "schema": {}}',
            "line 4 of the input is not a valid SCHEMA",
        ),
        (b'{"type": "BATCH", "stream": "objectives"}', "without a SCHEMA before it"),
        (b"[" * 100_000, "line 4 of the input is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_records_before_it_are_written(bench, line, says):
    company = bench.company()
    ran = bench.run(
        [bench.schema(), issue(bench, company, "a"), bench.state(1), line, bench.state(2)]
    )
    assert isinstance(ran.error, InputError)
    assert says in str(ran.error)
    assert ran.states == [{"bookmarks": {"at": 1}}]
    assert [each["sourceId"] for each in bench.sandbox.tenant("alpha").records("issues")] == ["a"]


def test_the_content_of_a_bad_line_is_not_shown(bench):
    ran = bench.run([b'{"type": "RECORD", "stream": "issues", "record": {"title": "a secret"'])
    assert "secret" not in str(ran.error)


def test_a_stream_that_is_not_a_model_ends_the_run_and_the_models_are_named(bench):
    ran = bench.run([bench.schema("gadgets")])
    assert isinstance(ran.error, InputError)
    names = ", ".join(name for name, model in load_models().items() if model.is_written)
    assert f"stream gadgets is not a model of Planhat; there are {names}: select" in str(ran.error)


def test_a_model_that_is_only_read_ends_the_run_and_nothing_of_it_is_sent(bench):
    models = load_models()
    models["objectives"] = replace(models["objectives"], access="read")
    company = bench.company()
    ran = bench.run(
        [
            bench.schema(),
            issue(bench, company, "a"),
            bench.state(1),
            bench.schema("objectives"),
            bench.record("objectives", sourceId="b", name="b", companyId=company),
            bench.state(2),
        ],
        models=models,
        on_reject="continue",
    )
    assert isinstance(ran.error, InputError)
    says = "stream objectives is only read from Planhat, not written; there are "
    assert str(ran.error).startswith(says)
    assert "objectives" not in str(ran.error).removeprefix(says)
    assert ran.states == [{"bookmarks": {"at": 1}}]
    assert ran.rejects == []
    assert {request.path for request in bench.sandbox.requests} == {"/issues"}
    assert bench.sandbox.tenant("alpha").records("objectives") == []


def test_a_record_before_its_schema_is_also_what_the_sdk_calls_it(bench):
    assert isinstance(bench.run([bench.record()]).error, RecordBeforeSchemaError)


def test_blank_lines_are_ignored_but_counted(bench):
    company = bench.company()
    lines = [b"", bench.schema(), b"  \r", issue(bench, company, "a"), b"", b"nonsense"]
    ran = bench.run(lines)
    assert "line 6 of" in str(ran.error)
    assert ran.counts["issues"]["created"] == 1


def test_activate_version_is_ignored_with_one_log_line(bench, caplog):
    caplog.set_level("INFO")
    version = {"type": "ACTIVATE_VERSION", "stream": "issues", "version": 1}
    ran = bench.run([bench.schema(), version, version, bench.state(1)])
    assert ran.error is None
    assert ran.states == [{"bookmarks": {"at": 1}}]
    assert caplog.text.count("ACTIVATE_VERSION of issues is ignored") == 1


def test_a_record_without_a_keyable_is_a_reject(bench):
    ran = bench.run([bench.schema(), bench.record(title="No key"), bench.state(1)])
    assert isinstance(ran.error, TooManyRejectsError)
    assert "1 record was rejected, first line 2, issues: missing_key" in str(ran.error)
    assert ran.states == []


def test_a_company_that_does_not_exist_is_a_reject_in_planhats_words(bench):
    ran = bench.run([bench.schema(), issue(bench, "0" * 24, "a")], on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {2: "refused"}
    assert "no company has the id" in ran.rejects[0]["reject"]["message"]


def test_a_line_longer_than_any_message_is_an_error_and_does_not_fill_memory(bench):
    ran = bench.run([b"x" * (LONGEST_LINE_BYTES + 3_000_000)])
    assert isinstance(ran.error, InputError)
    assert "line 1 of the input is longer than 32 MB" in str(ran.error)


def test_nan_in_a_record_is_a_reject_and_nan_elsewhere_is_read(bench):
    company = bench.company()
    lines = [
        bench.schema(),
        b'{"type":"RECORD","stream":"issues","record":{"sourceId":"n","custom":{"x":NaN}}}',
        issue(bench, company, "a"),
        b'{"type":"STATE","value":{"n":1}}',
    ]
    ran = bench.run(lines, on_reject="continue")
    assert ran.error is None
    assert ran.reject_codes == {2: "unsendable"}
    assert ran.counts["issues"]["created"] == 1
    assert b"NaN" in bench.rejects_path.read_bytes()


def test_a_state_that_holds_nan_keeps_its_other_numbers(bench):
    ran = bench.run([bench.schema(), b'{"type":"STATE","value":{"at":0.50,"x":NaN}}'])
    assert ran.states == [{"at": 0.5, "x": None}]


def batch(files, compression="gzip", encoding="jsonl"):
    return {
        "type": "BATCH",
        "stream": "issues",
        "encoding": {"format": encoding, "compression": compression},
        "manifest": files,
    }


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_the_files_of_a_batch_are_read_like_records(bench, tmp_path, compression):
    company = bench.company()
    lines = b"\n".join(
        json.dumps({"sourceId": f"s{n}", "title": "t", "companyIds": [company]}).encode()
        for n in range(3)
    )
    file = tmp_path / "batch file.jsonl"
    file.write_bytes(gzip.compress(lines) if compression == "gzip" else lines)
    message = batch([file.as_uri()], compression)
    ran = bench.run([bench.schema(), message, bench.state(1), issue(bench, company, "x")])
    assert ran.error is None
    assert ran.counts["issues"]["created"] == 4
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_reject_out_of_a_batch_file_can_be_replayed(bench, tmp_path):
    file = tmp_path / "batch.jsonl"
    file.write_text('{"title": "No key"}\n')
    ran = bench.run([bench.schema(), batch([str(file)], "none")], on_reject="continue")
    assert ran.rejects[0]["record"] == {"title": "No key"}
    assert ran.rejects[0]["reject"]["line"] == 2


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (batch(["a.parquet"], None, "parquet"), "BATCH of parquet files"),
        (batch(["s3://bucket/a.gz"]), "files are elsewhere (s3)"),
        (batch(["/nowhere/a.gz"]), "cannot be read"),
        (batch(["file://[nowhere/a.gz"]), "cannot be read"),
        (batch(["/nowhere/\0.gz"]), "cannot be read"),
    ],
)
def test_batch_files_that_cannot_be_read_stop_the_run(bench, message, says):
    ran = bench.run([bench.schema(), message])
    assert isinstance(ran.error, InputError)
    assert says in str(ran.error)


def test_a_damaged_file_of_a_batch_stops_the_run(bench, tmp_path):
    file = tmp_path / "batch.gz"
    content = bytearray(gzip.compress(b'{"title": "t"}\n' * 100))
    content[10:20] = b"\xff" * 10
    file.write_bytes(content)
    ran = bench.run([bench.schema(), batch([str(file)])])
    assert isinstance(ran.error, InputError)
    assert "cannot be read" in str(ran.error)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"api_tokn": "x"}, "api_tokn is not a setting; did you mean api_token?"),
        ({"load_method": "append-only"}, "load_method is not a setting"),
        ({"add_record_metadata": True}, "add_record_metadata is not a setting"),
        ({"batch_size_rows": 5001}, "batch_size_rows must be between 1 and 5000"),
        ({"batch_size_rows": 0}, "batch_size_rows must be between 1 and 5000"),
        ({"on_reject": "stop"}, "on_reject must be one of fail, continue"),
        ({"dry_run": "yes"}, "dry_run must be true or false"),
        ({"match_on": "sourceId"}, "match_on must be a list"),
        ({"match_on": ["sourceID"]}, "no model has a keyable called sourceID; there are _id"),
        ({"on_reject": "continue", "rejects_path": None}, "set rejects_path"),
        ({"rejects_path": "/nowhere/r.jsonl", "on_reject": "continue"}, "no folder /nowhere"),
        ({"rejects_path": "/dev/null"}, "/dev/null is not a regular file"),
        ({"summary_path": "/nowhere/s.json"}, "no folder /nowhere"),
        ({"summary_path": "/"}, "is not a regular file"),
        ({"summary_path": "one.x", "rejects_path": "./one.x"}, "name the same file"),
        ({"api_url": "http://api.planhat.com"}, "https"),
        ({"deletes": "archive"}, "deletes is set to archive, and objectives cannot be archived"),
        ({"match_on": ["externalId"]}, "match_on names no keyable of issues"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_sent(bench, config, says):
    ran = bench.run([bench.schema("objectives"), bench.schema("issues")], **config)
    assert isinstance(ran.error, ConfigurationError)
    assert says in str(ran.error)
    assert not bench.sandbox.requests


def test_all_wrong_settings_are_named_at_once(bench):
    with pytest.raises(ConfigurationError) as caught:
        TargetPlanhat(config=bench.config(dry_run=1, concurrency="two", max_rejects=-1))
    for name in ("dry_run", "concurrency", "max_rejects"):
        assert name in str(caught.value)


def test_a_wrong_variable_of_the_environment_is_named_not_read_as_something_else(
    bench, monkeypatch
):
    monkeypatch.setenv("TARGET_PLANHAT_DRY_RUN", "ture")
    with pytest.raises(ConfigurationError, match="TARGET_PLANHAT_DRY_RUN must be true or false"):
        TargetPlanhat(config=bench.config(), parse_env_config=True)
    monkeypatch.setenv("TARGET_PLANHAT_DRY_RUN", "true")
    monkeypatch.setenv("TARGET_PLANHAT_CONCURRENCY", "many")
    with pytest.raises(ConfigurationError, match="CONCURRENCY must be a whole number"):
        TargetPlanhat(config=bench.config(), parse_env_config=True)


@pytest.mark.parametrize("value", ["true", "1", "on", "perhaps"])
def test_a_run_is_refused_if_a_dry_run_is_asked_for_in_an_environment_that_is_not_read(
    bench, monkeypatch, value
):
    monkeypatch.setenv("TARGET_PLANHAT_DRY_RUN", value)
    ran = bench.run([bench.schema("issues"), bench.record("issues", title="T")])
    assert isinstance(ran.error, ConfigurationError)
    assert "TARGET_PLANHAT_DRY_RUN is set, but this run would write" in str(ran.error)
    assert not bench.sandbox.requests
    assert TargetPlanhat(config=bench.config(dry_run=True)).settings.dry_run


@pytest.mark.parametrize("value", ["", "false", "0", "No", " off "])
def test_a_run_is_not_refused_if_the_variable_asks_for_no_dry_run(bench, monkeypatch, value):
    monkeypatch.setenv("TARGET_PLANHAT_DRY_RUN", value)
    assert not TargetPlanhat(config=bench.config()).settings.dry_run


def test_settings_come_from_the_environment_as_the_sdk_reads_them(bench, monkeypatch):
    monkeypatch.setenv("TARGET_PLANHAT_MATCH_ON", '["sourceId"]')
    monkeypatch.setenv("TARGET_PLANHAT_BATCH_SIZE_ROWS", "17")
    monkeypatch.setenv("TARGET_PLANHAT_SKIP_UNCHANGED", "true")
    settings = TargetPlanhat(config=bench.config(), parse_env_config=True).settings
    assert settings.match_on == ("sourceId",)
    assert settings.batch_size_rows == 17
    assert settings.skip_unchanged


# As processes: the last line, the exit code, no traceback, no token.


@pytest.mark.parametrize(
    ("config", "stdin", "says"),
    [
        ({"api_token": ""}, "", "api_token is not set"),
        ({"api_token": "wrong-token-1234"}, None, "does not accept api_token (401)"),
        ({"batch_size_rows": "many"}, "", "batch_size_rows must be a whole number"),
        ({}, "{half a line", "line 1 of the input is not JSON"),
        (
            {"stream_maps": {"issues": {"title": "1/0"}}},
            None,
            "mapping_failed: the expression of title, 1/0, fails (ZeroDivisionError)",
        ),
    ],
)
def test_a_failed_run_ends_with_one_line_that_says_why_and_exit_code_1(
    bench, target, config, stdin, says
):
    if stdin is None:
        record = bench.record(sourceId="a", title="t", companyIds=["srcid-x"])
        stdin = bench.lines([bench.schema(), record])
    run = target(config={**bench.config(), **config}, stdin=stdin)
    assert run.code == 1
    assert run.stdout == b""
    assert run.last_line.startswith("target-planhat: ")
    assert says in run.last_line
    assert "Traceback" not in run.stderr
    assert "wrong-token-1234" not in run.stderr


def test_a_closed_standard_input_is_not_an_empty_one(bench, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(bench.config()))
    ran = subprocess.run(
        [sys.executable, "-m", "target_planhat", "--config", str(config)],
        preexec_fn=lambda: os.close(0),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ran.returncode == 1
    assert "standard input is closed" in ran.stderr.splitlines()[-1]
    assert ran.stdout == ""


def test_a_host_that_does_not_exist_is_an_error_at_once(bench, target):
    stdin = bench.lines([bench.schema(), bench.record(sourceId="a", title="t")])
    run = target(config=bench.config(api_url="https://planhat.invalid"), stdin=stdin)
    assert run.code == 1
    assert "planhat.invalid" in run.last_line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--nonsense"], "No such option '--nonsense'"),
        (["--config"], "'--config' requires an argument"),
        (["extra"], "unexpected extra argument"),
        (["--input", "nowhere.jsonl"], "the file nowhere.jsonl does not exist"),
        (["--about", "--format", "stone"], "it must be one of json, markdown"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_an_error_of_one_sentence(target, arguments, says):
    run = target(*arguments)
    assert run.code == 1
    assert run.last_line.startswith("target-planhat: ")
    assert says in run.last_line
    assert run.last_line.endswith("; see target-planhat --help")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("which", ["input", "rejects", "state", "config"])
def test_a_summary_replaces_nothing_but_a_summary(bench, target, tmp_path, which):
    company = bench.company()
    lines = [bench.schema(), bench.record(sourceId="a", title="t", companyIds=[company])]
    files = {name: tmp_path / f"{name}.json" for name in ("input", "rejects", "state", "config")}
    files["input"].write_bytes(bench.lines([*lines, bench.state(1)]))
    files["rejects"].write_bytes(bench.lines(lines))
    files["state"].write_text('{"bookmarks": {}}')
    config = bench.config(summary_path=str(files[which]), rejects_path="other.jsonl")
    files["config"].write_text(json.dumps(config))
    before = files[which].read_bytes()
    run = target("--input", str(files["input"]), config=config)
    assert run.code == 1
    assert run.last_line.startswith("target-planhat: summary_path: ")
    assert "name another" in run.last_line
    assert files[which].read_bytes() == before
    assert bench.sandbox.tenant("alpha").records("issues") == []


@pytest.mark.parametrize("setting", ["summary_path", "rejects_path"])
def test_the_file_that_states_are_printed_to_cannot_be_another_output(
    bench, target, tmp_path, setting
):
    states = tmp_path / "states.jsonl"
    with states.open("wb") as stdout:
        process = target.start(
            config=bench.config(**{setting: str(states)}),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"{setting}: {states} is where states are printed" in stderr.decode()


@pytest.mark.parametrize("setting", ["summary_path", "rejects_path"])
def test_the_file_that_the_log_goes_to_cannot_be_another_output(bench, target, tmp_path, setting):
    log = tmp_path / "log.jsonl"
    before = bench.lines([bench.schema()])
    log.write_bytes(before)
    with log.open("ab") as stderr:
        process = target.start(
            config=bench.config(**{setting: str(log)}), stdin=subprocess.DEVNULL, stderr=stderr
        )
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert log.read_bytes().startswith(before)
    assert f"{setting}: {log} is where the log goes" in log.read_text()


def test_a_summary_replaces_the_last_one(bench, target, tmp_path):
    summary = tmp_path / "summary.json"
    summary.touch()
    for _ in range(2):
        run = target(config=bench.config(summary_path=str(summary)), stdin=b"")
        assert run.code == 0
        assert json.loads(summary.read_text())["result"] == "done"


def test_only_their_owner_may_read_the_reject_file_and_the_summary(bench, target, tmp_path):
    stdin = bench.lines([bench.schema(), bench.record(title="No key")])
    summary = tmp_path / "summary.json"
    run = target(config=bench.config(on_reject="continue", summary_path=str(summary)), stdin=stdin)
    assert run.code == 0
    for file in (bench.rejects_path, summary):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
