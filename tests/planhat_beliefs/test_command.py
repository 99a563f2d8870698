"""The command as a process: what it sends, what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from importlib import metadata
from typing import Any, NamedTuple

import pytest
from asked_tenant import TOKEN, findings
from last_line import last_line

from planhat_beliefs.catalogue import BELIEFS, most_requests
from planhat_sandbox.planhat.models import MODELS

MARK = "Zqxj"


@pytest.fixture
def config(asked):
    return {"api_url": asked.url, "api_token": TOKEN, "requests_per_minute": 0}


def printed(run):
    assert run.code == 0, run.stderr
    return run.stdout.decode()


class OneRun(NamedTuple):
    """What one run printed, and the requests that the sandbox received meanwhile."""

    text: str
    sent: list[Any]


@pytest.fixture(scope="module")
def one_run(asked, tmp_path_factory):
    before = len(asked.requests)
    # What the target has beside the connection is ignored.
    config = {"match_on": ["sourceId"], "dry_run": True, "requests_per_minute": 0}
    file = tmp_path_factory.mktemp("beliefs") / "config.json"
    file.write_text(json.dumps({"api_url": asked.url, "api_token": TOKEN, **config}), "utf-8")
    command = [sys.executable, "-m", "planhat_beliefs", "--config", str(file)]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return OneRun(text, asked.requests[before:])


def test_it_only_reads_and_sends_no_more_than_it_says(one_run):
    text, sent = one_run
    said = int(re.match(r"Sends at most (\d+) requests, each a GET", text)[1])
    assert {request.method for request in sent} == {"GET"}
    assert len(sent) <= said == most_requests(BELIEFS)
    assert len({request.target for request in sent}) == len(sent)
    assert f", {len(sent)} requests: " in text


def test_it_prints_each_fact_with_what_was_found_out(one_run, asked):
    found = findings(asked)
    for belief in BELIEFS:
        outcome = found[belief.name].outcome
        assert f"\n{outcome:14}  {belief.name}: {belief.says}" in one_run.text


def test_it_ends_with_a_block_that_can_be_pasted(one_run, asked):
    text = one_run.text
    start = text.index("```text\n")
    first, *facts = text[start:].removeprefix("```text\n").removesuffix("\n```\n").splitlines()
    assert text.endswith("\n```\n")
    version = re.escape(metadata.version("planhat-sync"))
    counts = r"(\d+) held, (\d+) not held, (\d+) could not tell"
    match = re.fullmatch(
        rf"planhat-sync {version}, \d{{4}}-\d\d-\d\d, \d+ requests: {counts}", first
    )
    assert sum(map(int, match.groups())) == len(BELIEFS)
    found = findings(asked)
    assert facts == [
        f"{finding.outcome:14}  {name}{': ' if finding.detail else ''}{finding.detail}"
        for name, finding in found.items()
    ]


def marked(kind, word, number):
    """A value that is not to be printed."""
    text = f"{MARK}-{word}-{number}"
    others = {
        "number": 987_650_000 + number,
        "date": f"2024-0{number}-17T03:04:05.678Z",
        "boolean": True,
        "ids": [text],
        "objects": [{"id": text, "name": f"{MARK}-name"}],
        "object": {f"{MARK} field": text},
    }
    return others.get(kind, text)


def leaves(value):
    """All that a value holds, with the names of custom fields."""
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in [*leaves(each), *mine(name)]]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


def mine(name):
    return [name] if MARK in name else []


@pytest.mark.parametrize("changes", [{}, {"unknown_properties": "keep", "error_body": "string"}])
def test_no_value_of_a_record_and_not_the_token_is_printed(beliefs, sandbox, changes):
    tenant = sandbox.tenant("token-a")
    for model in MODELS:
        for number in (1, 2, 3):
            fields = {
                name: marked(kind, f"{model.name}-{name}", number)
                for name, kind in model.properties.items()
            }
            tenant.insert(model.name, {**fields, f"{MARK}Property": number})
    sandbox.behave(**changes)
    run = beliefs(config={"api_url": sandbox.url, "api_token": "token-a", "requests_per_minute": 0})
    text = printed(run) + run.stderr
    held = [leaf for m in MODELS for record in tenant.records(m.name) for leaf in leaves(record)]
    words = {str(leaf) for leaf in held if leaf not in (None, True, False)}
    distinct = [word for word in words if len(word) > len("2,000")]
    assert len(distinct) > 500
    assert [word for word in distinct if word in text] == []
    assert "token-a" not in text
    assert MARK not in text


def test_a_key_of_a_record_is_not_logged_either(beliefs, sandbox):
    tenant = sandbox.tenant("token-a")
    tenant.insert("issues", {"title": "t", "sourceId": f"{MARK}-key"})
    sandbox.fault("status", status=503, route="get", times=1)
    run = beliefs(
        config={"api_url": sandbox.url, "api_token": "token-a", "requests_per_minute": 0},
        env={"PLANHAT_BELIEFS_LOGLEVEL": "DEBUG"},
    )
    assert "held            identifier-forms (/issues, srcid-)" in printed(run)
    assert any(f"srcid-{MARK}-key" in request.path for request in sandbox.requests)
    assert "GET /issues/…: it answered 503; retrying in" in run.stderr
    assert "GET /issues/…: 200" in run.stderr
    assert MARK not in run.stderr
    assert not [issue for issue in tenant.records("issues") if issue["_id"] in run.stderr]


@pytest.mark.parametrize("prefix", ["PLANHAT_BELIEFS", "TARGET_PLANHAT"])
def test_the_settings_may_come_from_the_environment(beliefs, asked, prefix):
    env = {
        f"{prefix}_API_TOKEN": TOKEN,
        f"{prefix}_API_URL": asked.url,
        f"{prefix}_REQUESTS_PER_MINUTE": "0",
    }
    assert "held" in printed(beliefs("--config", "ENV", env=env))


def test_the_settings_of_two_plugins_are_not_mixed(beliefs, asked):
    env = {
        "TAP_PLANHAT_API_TOKEN": TOKEN,
        "TAP_PLANHAT_API_URL": asked.url,
        "TAP_PLANHAT_REQUESTS_PER_MINUTE": "0",
        "TARGET_PLANHAT_API_TOKEN": "another",
        "TARGET_PLANHAT_API_URL": "https://nowhere.invalid",
        "PLANHAT_BELIEFS_API_URL": "https://nowhere.invalid",
    }
    assert "held" in printed(beliefs("--config", "ENV", env=env))


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        ([], {"api_token": "a-wrong-token"}, "does not accept api_token (401)"),
        ([], {"api_token": ""}, "api_token is not set"),
        ([], {"api_url": "http://127.0.0.1:1", "retry_budget_seconds": 0}, "cannot be reached"),
        ([], {"api_url": "ftp://there"}, "api_url must be https://"),
        ([], {"requests_per_minute": "many"}, "requests_per_minute must be a whole number"),
        (["--everything"], {}, "No such option '--everything'"),
        (["a-wrong-token"], {}, "Got an unexpected extra argument"),
    ],
)
def test_what_cannot_run_ends_with_one_sentence(beliefs, config, arguments, settings, sentence):
    run = beliefs(*arguments, config={**config, **settings})
    assert run.code == 1
    assert run.last_line.startswith("planhat-beliefs: ")
    assert sentence in run.last_line
    assert "Traceback" not in run.stderr
    assert "a-wrong-token" not in run.stderr + run.stdout.decode()
    assert b"```" not in run.stdout


def test_without_a_configuration_it_asks_for_one(beliefs):
    run = beliefs()
    assert (run.code, run.stdout) == (1, b"")
    assert run.last_line == (
        "planhat-beliefs: --config is missing: give the path of a JSON file with api_token, or ENV"
    )


def test_an_address_that_has_no_list_of_planhat_is_reported(beliefs, config, asked):
    run = beliefs(config={**config, "api_url": f"{asked.url}/elsewhere"})
    assert run.code == 1
    assert "has no list that api_token can read" in run.last_line
    assert b"held" not in run.stdout


@pytest.mark.parametrize("kind", ["null", "string", "object"])
def test_a_server_that_answers_without_a_single_list_is_not_planhat(beliefs, config, asked, kind):
    fault = asked.fault("body", kind=kind)
    try:
        run = beliefs(config=config)
    finally:
        asked.faults.remove(fault)
    assert run.code == 1
    assert "has no list that api_token can read" in run.last_line
    assert b"held" not in run.stdout
    assert b"```" not in run.stdout


def test_what_is_asked_before_the_first_list_can_be_read_is_printed_too(beliefs, config, asked):
    asked.behave(forbidden_models="issues objectives companies")
    try:
        text, _, _ = printed(beliefs(config=config)).partition("For an issue.")
    finally:
        asked.behave(forbidden_models="")
    beginnings = ("held", "not held", "could not tell")
    assert len([line for line in text.splitlines() if line.startswith(beginnings)]) == len(BELIEFS)


def test_a_token_that_may_read_a_part_gets_the_rest_answered(beliefs, config, asked):
    asked.behave(forbidden_models="issues objectives companies")
    try:
        text = printed(beliefs(config=config))
    finally:
        asked.behave(forbidden_models="")
    assert "could not tell  list-order (/issues)" in text
    assert "held            list-order (/conversations)" in text
    assert "held            missing-right: 3 of 14 lists" in text


def test_a_tenant_without_records_ends_well(beliefs, sandbox):
    config = {"api_url": sandbox.url, "api_token": "token-b", "requests_per_minute": 0}
    text = printed(beliefs(config=config))
    assert "could not tell  object-id-order (/issues): there are no records" in text


def test_questions_without_a_usable_answer_end_nothing(beliefs, config, asked):
    fault = asked.fault("status", status=500, model="tasks")
    try:
        text = printed(beliefs(config={**config, "retry_budget_seconds": 0}))
    finally:
        asked.faults.remove(fault)
    assert "could not tell  task-model: /tasks: it was answered 500" in text
    assert "held            nps-model" in text


def test_the_pace_is_kept_and_announced(beliefs, config):
    run = beliefs.start(config={**config, "requests_per_minute": 120}, stdout=subprocess.PIPE)
    try:
        assert run.stdout.readline().endswith(
            b"each a GET, at most 120 a minute. Failed ones are repeated.\n"
        )
    finally:
        run.send_signal(signal.SIGKILL)
        run.communicate(timeout=10)


def test_an_interrupt_ends_it_with_one_sentence(beliefs, config, asked):
    before = len(asked.requests)
    run = beliefs.start(
        config={**config, "requests_per_minute": 4},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while len(asked.requests) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, stderr = run.communicate(timeout=30)
    assert run.returncode == 128 + signal.SIGINT
    assert len(stderr.splitlines()) == 1
    assert last_line(stderr.decode()) == (
        "planhat-beliefs: stopped by SIGINT: nothing was written; run again"
    )


def test_help_and_version_need_no_configuration(beliefs):
    text = printed(beliefs("--help"))
    assert text.startswith("Usage: planhat-beliefs [OPTIONS]\n")
    assert "planhat-beliefs --config target.json" in text
    assert printed(beliefs("--version")) == (
        f"planhat-beliefs v{metadata.version('planhat-sync')}\n"
    )


def test_it_does_not_load_the_singer_sdk(beliefs):
    code = "import planhat_beliefs.command, sys; print('singer_sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"
