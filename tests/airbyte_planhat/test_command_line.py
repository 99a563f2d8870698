"""The command line of both connectors, as real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest
from airbyte_protocol import parse_all
from checkout import bare_environment
from hypothesis import example, given, settings
from hypothesis import strategies as st

TOKEN = "token-a"  # noqa: S105 - the sandbox's
CONNECTORS = {"source-planhat": "read", "destination-planhat": "write"}
each = pytest.mark.parametrize("connector", CONNECTORS)


@pytest.fixture
def base(sandbox):
    """Settings for the sandbox's first tenant."""
    return {
        "api_token": TOKEN,
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "retry_budget_seconds": 0,
    }


def failure(ran, connector, kind="config_error"):
    """The sentence with which a run failed: in a message, and as the last line of stderr."""
    assert ran.code == 1, ran.stderr
    *others, last = parse_all(ran.stdout)
    assert all(message.type.value == "LOG" for message in others)
    assert last.trace.error.failure_type.value == kind
    assert len(ran.stderr.splitlines()) == 1
    assert ran.last_line == f"{connector}: {last.trace.error.message}"
    assert "unexpected" not in ran.stderr
    assert TOKEN not in ran.stdout + ran.stderr
    return last.trace.error.message


@each
def test_spec_answers_with_the_specification(warm, connector):
    ran = warm(connector, "spec")
    (message,) = parse_all(ran.stdout)
    assert (ran.code, ran.stderr) == (0, "")
    assert message.spec.connectionSpecification["properties"]["api_token"]["airbyte_secret"]


@each
def test_discover_answers_with_a_catalog_and_needs_no_network(warm, connector):
    ran = warm(
        connector, "discover", config={"api_token": "x", "api_url": "https://example.invalid"}
    )
    (message,) = parse_all(ran.stdout)
    assert (ran.code, ran.stderr) == (0, "")
    found = message.catalog or message.destination_catalog
    names = [getattr(one, "name", None) or one.object_name for one in vars(found).popitem()[1]]
    assert {"issues", "objectives"} <= {*names}


@each
def test_help_is_printed_on_standard_output(warm, connector):
    for arguments in (["--help"], ["spec", "--help"], [CONNECTORS[connector], "--help"]):
        ran = warm(connector, *arguments)
        assert (ran.code, ran.stderr) == (0, "")
        assert ran.stdout.startswith(f"usage: {connector}")


@each
def test_the_version_is_printed_on_standard_output(warm, connector):
    ran = warm(connector, "--version")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == f"{connector} v{metadata.version('planhat-sync')}\n"


@each
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: COMMAND: see {} --help"),
        (["check"], "the following arguments are required: --config: see {} check --help"),
        (["discover"], "the following arguments are required: --config"),
        (["{transfer}", "--config", "x"], "the following arguments are required: --catalog"),
        (["{transfer}", "--catalog", "x"], "the following arguments are required: --config"),
        (["token-a"], "the command line cannot be read"),
        (["spec", "token-a"], "the command line cannot be read"),
        (["spec", "--token-a"], "the command line cannot be read"),
        (["spec", "--config"], "the command line cannot be read"),
        (["check", "--conf", "x"], "are required: --config"),
        (["check", "--config", "token-a\udc80"], "the file given as --config does not exist"),
        (["discover", "--config", "."], "the file given as --config is a folder"),
        (["discover", "--config", "none.json"], "the file none.json given as --config does not"),
    ],
    ids=str,
)
def test_a_wrong_command_line_ends_in_one_sentence(warm, connector, arguments, says):
    arguments = [one.format(transfer=CONNECTORS[connector]) for one in arguments]
    ran = warm(connector, *arguments)
    if arguments[:1] == ["check"] and "--config" in arguments:
        (message,) = parse_all(ran.stdout)
        assert ran.code == 0
        assert says in message.connectionStatus.message
    else:
        assert says.format(connector) in failure(ran, connector)


@each
def test_a_catalog_that_is_not_there_is_named(warm, connector, base):
    ran = warm(connector, CONNECTORS[connector], "--catalog", "none.json", config=base)
    assert failure(ran, connector) == "the file none.json given as --catalog does not exist"


def test_a_state_that_is_not_there_is_named(warm, base, tmp_path):
    catalog = tmp_path / "catalog.json"
    catalog.write_text('{"streams": []}')
    files = ("--catalog", str(catalog), "--state", "none.json")
    ran = warm("source-planhat", "read", *files, config=base)
    assert failure(ran, "source-planhat") == "the file none.json given as --state does not exist"


@each
@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "api_token is not set: put it into the file given as --config"),
        ({"api_token": TOKEN, "concurrency": "x"}, "concurrency must be a whole number"),
        ({"api_token": TOKEN, "concurrency": 51}, "concurrency must be between 1 and 50"),
        ({"api_token": TOKEN, "api_url": "http://a.example"}, "api_url is http, which would send"),
        (b"[]", "the file given as --config does not hold a JSON object"),
        (b"", "the file given as --config is empty"),
    ],
    ids=str,
)
def test_a_check_fails_with_a_sentence_about_wrong_settings(warm, connector, config, says):
    ran = warm(connector, "check", config=config)
    (message,) = parse_all(ran.stdout)
    assert (ran.code, ran.stderr) == (0, "")
    assert message.connectionStatus.status.value == "FAILED"
    assert says in message.connectionStatus.message
    assert TOKEN not in ran.stdout


@each
def test_what_is_not_a_setting_is_ignored_with_a_warning_each(warm, connector):
    config = {"api_token": TOKEN, "__injected": {"a": 1}, "api_ulr": "x", "\ud800": None}
    *warnings, _ = parse_all(warm(connector, "discover", config=config).stdout)
    assert [(one.log.level.value, one.log.message) for one in warnings] == [
        ("WARN", "config: __injected is not a setting"),
        ("WARN", "config: api_ulr is not a setting; did you mean api_url?"),
        ("WARN", "config: \\ud800 is not a setting"),
    ]


def check(warm, connector, config):
    ran = warm(connector, "check", config=config)
    assert ran.code == 0, ran.stderr
    *_, message = parse_all(ran.stdout)
    return message.connectionStatus


def test_a_source_is_fine_if_something_can_be_read(warm, base, sandbox):
    sandbox.fault("status", model="issues", status=403)
    status = check(warm, "source-planhat", base)
    assert (status.status.value, status.message) == ("SUCCEEDED", None)
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert len(sandbox.requests) == 2


def test_a_source_that_may_read_nothing_has_failed(warm, base, sandbox):
    sandbox.fault("status", status=403)
    status = check(warm, "source-planhat", base)
    assert status.status.value == "FAILED"
    assert status.message.startswith("api_token has no permission to read any model")


def test_a_destination_is_fine_if_something_can_be_written(warm, base, sandbox):
    sandbox.fault("status", model="issues", route="bulk", status=403)
    ran = warm("destination-planhat", "check", config=base)
    *logged, message = parse_all(ran.stdout)
    assert message.connectionStatus.status.value == "SUCCEEDED"
    assert logged[0].log.message == "issues: reading permitted; writing refused (403)"
    assert logged[1].log.message.startswith("objectives: reading permitted; writing not refused")
    assert not sandbox.tenant("alpha").writes


def test_a_destination_that_may_write_nothing_has_failed(warm, base, sandbox):
    sandbox.fault("status", route="bulk", status=403)
    status = check(warm, "destination-planhat", base)
    assert status.status.value == "FAILED"
    assert "no permission for issues, objectives" in status.message


def test_each_model_of_a_mapping_must_be_writable(warm, base, sandbox):
    mappings = [
        {"stream": name, "model": name, "set": {"sourceId": "id"}}
        for name in ("issues", "projects", "assets", "companies")
    ]
    for model in ("projects", "companies", "assets"):
        sandbox.fault("status", model=model, route="bulk", status=403)
    status = check(warm, "destination-planhat", {**base, "mappings": mappings})
    assert status.status.value == "FAILED"
    assert "no permission for assets, companies, projects:" in status.message


def test_a_mapping_may_set_the_time_of_a_deletion(warm, base):
    mapped = {"sourceId": "id", "_ab_cdc_deleted_at": "gone_at"}
    mappings = [{"stream": "bugs", "model": "issues", "set": mapped}]
    config = {**base, "mappings": mappings}
    assert check(warm, "destination-planhat", config).status.value == "SUCCEEDED"


@each
def test_a_check_fails_if_the_token_is_wrong(warm, connector, base):
    status = check(warm, connector, {**base, "api_token": "another-token"})
    assert status.status.value == "FAILED"
    assert "api_token" in status.message
    assert "another-token" not in status.message


@each
def test_a_check_fails_if_planhat_cannot_be_reached(warm, connector, base):
    status = check(warm, connector, {**base, "api_url": "http://127.0.0.1:1"})
    assert status.status.value == "FAILED"
    assert "refused" in status.message


@pytest.mark.parametrize(
    ("connector", "more", "says"),
    [
        (
            "source-planhat",
            {"detect_deletes": True, "company_ids": ["abc"]},
            "remove company_ids, or detect_deletes",
        ),
        ("destination-planhat", {"on_reject": "continue"}, "set rejects_path to a file"),
        ("destination-planhat", {"match_on": ["nope"]}, "no model has a keyable called nope"),
        (
            "destination-planhat",
            {"mappings": [{"stream": "a", "model": "nope", "set": {"x": "y"}}]},
            "nope",
        ),
    ],
    ids=str,
)
def test_a_check_fails_if_settings_cannot_be_used(warm, base, connector, more, says):
    assert says in check(warm, connector, {**base, **more}).message


@each
def test_starting_a_connector_imports_neither_singer_nor_the_cdk(connector):
    package = {"source-planhat": "source", "destination-planhat": "destination"}[connector]
    program = (
        f"import sys; from airbyte_planhat.{package}.__main__ import main\n"
        "sys.argv = ['x', 'spec']\n"
        "try: main()\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, env=bare_environment(), check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.decode().split()}
    assert "airbyte_planhat" in loaded
    assert not loaded & {
        *("singer_sdk", "planhat_singer", "tap_planhat", "target_planhat", "click"),
        *("airbyte_cdk", "airbyte_protocol_dataclasses", "requests", "urllib3", "jmespath"),
    }


ARGUMENTS = st.lists(
    st.sampled_from(
        [
            *("spec", "check", "discover", "read", "write", "--config", "--catalog", "--state"),
            *("--debug", "", "-", "--", "=", TOKEN, "--config=" + TOKEN, "/dev/null", "/", "-x"),
        ]
    )
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    max_size=5,
)


@each
@settings(max_examples=25)
@given(arguments=ARGUMENTS)
@example(arguments=["spec", "--config", TOKEN])
def test_whatever_the_arguments_are_the_run_ends_in_messages_alone(warm, connector, arguments):
    ran = warm(connector, *arguments)
    if {"-h", "--help", "spec"} & {*arguments} and ran.code == 0:
        return
    if ran.code == 0:
        (message,) = parse_all(ran.stdout)
        assert message.connectionStatus.status.value == "FAILED"
        assert TOKEN not in ran.stdout + ran.stderr
    else:
        failure(ran, connector)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(TOKEN),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@each
@settings(max_examples=25)
@given(
    config=st.dictionaries(
        st.sampled_from(
            [
                *("api_url", "start_date", "company_ids", "concurrency", "detect_deletes"),
                *("mappings", "match_on", "deletes", "rejects_path", "flattening_separator"),
            ]
        )
        | st.text(max_size=5),
        VALUES,
        max_size=4,
    )
)
def test_whatever_the_settings_are_a_check_ends_in_a_status(warm, connector, config):
    config.setdefault("api_url", "http://127.0.0.1:1")
    content = json.dumps({**config, "api_token": TOKEN, "retry_budget_seconds": 0})
    ran = warm(connector, "check", config=content.encode())
    assert (ran.code, ran.stderr) == (0, "")
    *warnings, message = parse_all(ran.stdout)
    assert all(warning.log.level.value == "WARN" for warning in warnings)
    assert message.connectionStatus.status.value == "FAILED"
    assert TOKEN not in ran.stdout


FILES = st.recursive(
    st.none()
    | st.integers()
    | st.sampled_from([TOKEN, "issues", "incremental", "append", "overwrite", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("streams", "stream", "name", "json_schema", "sync_mode", "cursor_field"),
                    *("destination_sync_mode", "primary_key", "generation_id", "type", "global"),
                    *("stream_descriptor", "stream_state", "minimum_generation_id", TOKEN),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
ISSUES = {"name": "issues"}
CATALOGS = (
    st.just({"streams": [{"stream": ISSUES, "destination_sync_mode": "append"}]})
    | FILES
    | FILES.map(lambda value: {"streams": [value]})
    | FILES.map(lambda value: {"streams": [{"stream": value}]})
    | st.dictionaries(st.sampled_from(["sync_mode", "generation_id", "primary_key"]), FILES).map(
        lambda how: {"streams": [{"stream": ISSUES, **how}]}
    )
)
STATES = (
    FILES
    | FILES.map(lambda value: [{"type": "STREAM", "stream": value}])
    | FILES.map(lambda value: {"stream": {"stream_descriptor": ISSUES, "stream_state": value}})
)


@each
@settings(max_examples=20)
@given(catalog=CATALOGS, state=STATES)
def test_whatever_the_files_hold_the_run_ends_in_messages_alone(
    warm, base, connector, catalog, state, tmp_path
):
    (tmp_path / "catalog").write_text(json.dumps(catalog))
    (tmp_path / "state").write_text(json.dumps(state))
    files = ["--catalog", str(tmp_path / "catalog")]
    if connector == "source-planhat":
        files += ["--state", str(tmp_path / "state")]
    ran = warm(connector, CONNECTORS[connector], *files, config=base)
    if ran.code == 0:
        messages = parse_all(ran.stdout)
        assert {message.type.value for message in messages} <= {"LOG", "STATE", "TRACE"}
        assert not [one for one in messages if one.log and TOKEN in one.log.message]
    else:
        failure(ran, connector)
