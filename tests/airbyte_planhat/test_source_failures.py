"""A stream that fails: it is not complete, it ends no other, and the run fails at its end."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from airbyte_protocol import parse_all
from source_runs import Output, catalog_of, check_stream, run_source

from airbyte_planhat.failures import failure_type
from planhat_sandbox import seed_tenant
from planhat_sync.errors import AuthenticationError, StopError, UnreachableError
from planhat_sync.runtime.signals import Stop, StopRequested

if TYPE_CHECKING:
    from typing import Any


@pytest.fixture
def config(sandbox):
    seed_tenant(sandbox.tenant("token-a"), issues=30, objectives=15, companies=4)
    return {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "retry_budget_seconds": 0,
    }


@pytest.fixture
def catalog(config):
    return catalog_of(
        config, companies="full_refresh", issues="incremental", objectives="full_refresh"
    )


def errors(output: Output, stream: str) -> list[dict[str, Any]]:
    return [message["trace"]["error"] for message in output.of("ERROR", stream)]


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ({"name": "status", "status": 403}, "config_error", "403"),
        ({"name": "status", "status": 404}, "config_error", "404"),
        ({"name": "status", "status": 503}, "transient_error", "503"),
    ],
)
def test_it_is_incomplete_says_why_and_ends_no_other(sandbox, config, catalog, fault, kind, says):
    sandbox.fault(model="issues", **fault)
    output = run_source(config, catalog)
    assert output.statuses("issues") == ["STARTED", "INCOMPLETE"]
    assert output.states("issues") == []
    [error] = errors(output, "issues")
    assert (error["failure_type"], says in error["message"]) == (kind, True)
    for stream in ("companies", "objectives"):
        check_stream(output, stream)
    assert isinstance(output.error, StopError)
    assert str(output.error) == f"not read to the end: issues: {error['message']}"


def test_what_several_streams_failed_for_is_said_once(sandbox, config, catalog):
    sandbox.behave(lean_companies="absent")
    sandbox.fault("status", status=403, model="companies")
    del catalog["streams"][0]
    output = run_source({**config, "company_references": "externalId"}, catalog)
    assert str(output.error).startswith(
        "not read to the end: issues, objectives: api_token has no "
    )
    assert str(output.error).count("api_token") == 1


def test_a_failure_that_may_pass_decides_what_is_said_of_the_run(sandbox, config, catalog):
    sandbox.fault("status", status=403, model="companies")
    sandbox.fault("status", status=503, model="objectives")
    output = run_source(config, catalog)
    assert failure_type(output.error) == "transient_error"
    sandbox.faults.clear()
    sandbox.fault("status", status=403, model="companies")
    sandbox.fault("status", status=404, model="objectives")
    assert failure_type(run_source(config, catalog).error) == "config_error"


def test_a_token_that_is_refused_ends_the_run_at_once(sandbox, config, catalog):
    sandbox.fault("status", status=401, model="issues")
    output = run_source(config, catalog)
    assert isinstance(output.error, AuthenticationError)
    assert output.statuses("companies")[-1] == "COMPLETE"
    assert output.statuses("issues") == ["STARTED", "INCOMPLETE"]
    assert output.statuses("objectives") == []


def test_a_server_that_is_not_there_ends_the_run_at_once(config, catalog):
    output = run_source({**config, "api_url": "http://127.0.0.1:1"}, catalog)
    assert isinstance(output.error, UnreachableError)
    assert output.statuses("companies") == ["STARTED", "INCOMPLETE"]
    assert output.statuses("issues") == []


def test_a_stream_that_fails_in_the_middle_has_no_state_after_its_records(sandbox, config, catalog):
    sandbox.fault("status", status=503, model="issues", nth=6)
    output = run_source({**config, "page_size": 5, "concurrency": 1}, catalog)
    assert output.records("issues")
    assert output.statuses("issues") == ["STARTED", "RUNNING", "INCOMPLETE"]
    assert output.states("issues") == []


def test_a_bookmark_that_is_not_a_time_fails_its_stream_alone(config, catalog):
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "soon"}
    stream = {"stream_descriptor": {"name": "issues"}, "stream_state": bookmark}
    output = run_source(config, catalog, [{"type": "STREAM", "stream": stream}])
    [error] = errors(output, "issues")
    assert error["failure_type"] == "config_error"
    assert error["message"].startswith("the state's bookmark of issues is not a date-time: ")
    check_stream(output, "objectives")


def test_a_run_that_is_asked_to_stop_starts_no_other_stream(sandbox, config, catalog):
    stop = Stop("source-planhat")
    sandbox.before_each_request.append(lambda _: stop.request(signal.SIGTERM))
    output = run_source(config, catalog, stop=stop)
    assert output.statuses("companies") == ["STARTED", "INCOMPLETE"]
    assert output.statuses("issues") == output.statuses("objectives") == []
    assert output.error is not None
    with pytest.raises(StopRequested):
        run_source(config, catalog, stop=stop)


def test_as_a_process_it_ends_with_a_sentence_and_its_messages_are_those_of_airbyte(
    sandbox, config, catalog, warm, tmp_path
):
    sandbox.fault("status", status=403, model="issues")
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(catalog))
    ran = warm("source-planhat", "read", "--catalog", str(path), config=config)
    *messages, last = parse_all(ran.stdout)
    assert ran.code == 1
    assert last.trace.error.failure_type.value == "config_error"
    assert ran.last_line == f"source-planhat: {last.trace.error.message}"
    assert {message.type.value for message in messages} == {"LOG", "RECORD", "STATE", "TRACE"}
