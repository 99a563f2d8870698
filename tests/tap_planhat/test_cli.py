"""The console script as a process: discovery, --test, --about, and errors for invalid input."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import jsonschema
import pytest

from planhat_sandbox import seed_tenant
from planhat_singer.command_line import run_command_line
from planhat_sync.errors import PlanhatError
from tap_planhat.tap import TapPlanhat

FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


@pytest.fixture
def ends(tmp_path, monkeypatch):
    """How a command line ends, in this process: its last sentence, and what was printed."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the SDK's command sets its own

    def run(*arguments: str, config: dict | None = None) -> tuple[str, str]:
        stdout = io.StringIO()
        if config is not None:
            (tmp_path / "config.json").write_text(json.dumps(config))
            arguments = ("--config", str(tmp_path / "config.json"), *arguments)
        monkeypatch.setattr(sys, "argv", ["tap-planhat", *arguments])
        with redirect_stdout(stdout), pytest.raises(PlanhatError) as caught:
            run_command_line("tap-planhat", TapPlanhat.get_singer_command)
        return str(caught.value), stdout.getvalue()

    return run


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    for number in range(5):
        tenant.insert("issues", {"title": f"issue {number}"})
        tenant.insert("objectives", {"name": f"objective {number}"})
    return tenant


def test_discovery_needs_neither_network_nor_configuration(tap):
    run = tap("--discover")
    assert run.code == 0
    assert {entry["tap_stream_id"] for entry in json.loads(run.stdout)["streams"]} >= {
        "issues",
        "objectives",
    }
    assert "fail" not in run.stderr.lower()


def test_the_catalog_says_how_each_stream_is_replicated(tap):
    entries = {
        entry["tap_stream_id"]: entry for entry in json.loads(tap("--discover").stdout)["streams"]
    }
    assert entries["issues"]["replication_method"] == "INCREMENTAL"
    assert entries["issues"]["replication_key"] == "updatedAt"
    assert entries["objectives"]["replication_method"] == "FULL_TABLE"
    for entry in entries.values():
        assert entry["key_properties"] == ["_id"]
        assert entry["schema"]["required"] == ["_id"]
        root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
        assert root["selected-by-default"] is (entry["tap_stream_id"] in {"issues", "objectives"})
        assert root["forced-replication-method"] == entry["replication_method"]


def test_what_discovery_prints_can_be_given_back_as_a_catalog(tap, tenant, config, tmp_path):
    catalog = json.loads(tap("--discover").stdout)
    for entry in catalog["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])["metadata"]
        root["selected"] = entry["tap_stream_id"] in {"issues", "objectives"}
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(catalog))
    run = tap("--catalog", str(path), config=config)
    assert run.code == 0
    assert sum(message["type"] == "RECORD" for message in run.messages) == 10


def test_a_run_prints_messages_alone_and_ends_with_its_state(tap, tenant, config):
    run = tap(config=config)
    assert run.code == 0
    types = [message["type"] for message in run.messages]
    assert types == ["SCHEMA", *["RECORD"] * 5, "STATE", "SCHEMA", *["RECORD"] * 5, "STATE"]
    assert '"metric":"record_count","value":5' in run.stderr
    assert "token-a" not in run.stderr


def test_a_connection_test_reads_one_record_of_each_stream_and_logs_no_error(
    tap, tenant, config, sandbox
):
    run = tap("--test", config=config)
    assert run.code == 0
    assert sum(message["type"] == "RECORD" for message in run.messages) == 2
    assert [request.query["limit"] for request in sandbox.requests] == ["1", "1"]
    assert "ERROR" not in run.stderr
    assert "failed" not in run.stderr


def test_a_test_of_the_schema_asks_planhat_for_nothing(tap, tenant, config, sandbox):
    run = tap("--test=schema", config=config)
    assert run.code == 0
    assert {message["type"] for message in run.messages} == {"SCHEMA"}
    assert not sandbox.requests


def test_about_tells_what_the_tap_is_and_takes(tap):
    about = json.loads(tap("--about", "--format=json").stdout)
    assert about["name"] == "tap-planhat"
    assert "each once, whatever changes" in about["description"]
    settings = about["settings"]["properties"]
    assert settings["api_token"]["secret"] is True
    assert set(settings) >= {"start_date", "page_size", "company_ids", "concurrency"}
    assert set(settings) >= {"lookback_seconds", "emit_activate_version_messages", "progress"}
    assert all(setting.get("description") for setting in settings.values())


def test_the_version_is_the_distributions(tap):
    printed = tap("--version").stdout
    assert printed.startswith(b"tap-planhat v")
    assert b"could not be detected" not in printed


def test_every_record_satisfies_the_schema_in_front_of_it_formats_included(tap, tenant, config):
    tenant.insert(
        "issues", {"title": "t", "custom": {"Any Label": [1, 2.5, None]}, "priority": None}
    )
    seed_tenant(tenant, issues=100, objectives=20)
    tenant.update("objectives", tenant.records("objectives")[0]["_id"], {"usage": {"a": 0}})
    schemas = {}
    run = tap(config=config)
    assert sum(message["type"] == "RECORD" for message in run.messages) == 131
    for message in run.messages:
        if message["type"] == "SCHEMA":
            assert "x-planhat" not in json.dumps(message)
            schemas[message["stream"]] = jsonschema.Draft202012Validator(
                message["schema"], format_checker=FORMATS
            )
        elif message["type"] == "RECORD":
            schemas[message["stream"]].validate(message["record"])


def test_an_empty_tenant_ends_well_and_with_a_state(tap, config, sandbox):
    run = tap(config=config)
    assert run.code == 0
    assert run.messages[-1]["type"] == "STATE"


BAD_SETTINGS = {
    "no token": ({"api_token": None}, "api_token is not set"),
    "page_size 0": ({"page_size": 0}, "page_size must be between 1 and 10000"),
    "page_size 10001": ({"page_size": 10001}, "page_size must be between 1 and 10000"),
    "misspelt": ({"page_sise": 5}, "did you mean page_size?"),
    "http elsewhere": ({"api_url": "http://example.com"}, "api_url"),
    "no date": ({"start_date": "soon"}, "start_date is not a date-time"),
    "wrong type": ({"concurrency": "many"}, "concurrency must be a whole number"),
    "token is not text": ({"api_token": 123456789}, "api_token must be text"),
}


@pytest.mark.parametrize(("change", "sentence"), BAD_SETTINGS.values(), ids=BAD_SETTINGS)
def test_a_setting_that_is_wrong_ends_the_run_in_one_sentence(
    ends, config, sandbox, change, sentence
):
    settings = {key: value for key, value in {**config, **change}.items() if value is not None}
    last, printed = ends(config=settings)
    assert sentence in last
    assert "123456789" not in last
    assert printed == ""
    assert not sandbox.requests


def test_a_failed_run_exits_with_1_and_shows_no_traceback(tap, config):
    run = tap(config={**config, "page_size": 0})
    assert run.code == 1
    assert run.last_line.startswith("tap-planhat: ")
    assert "page_size must be between 1 and 10000" in run.last_line
    assert "Traceback" not in run.stderr
    assert run.stdout == b""


def test_a_stream_map_of_a_misspelt_stream_is_warned_of(tap, tenant, config):
    maps = {"isues": {"title": "1"}, "other": {"__source__": "objectives", "name": "'x'"}}
    run = tap(config={**config, "stream_maps": maps})
    assert run.code == 0
    warned = [line for line in run.stderr.splitlines() if "WARNING" in line]
    assert len(warned) == 1
    assert warned[0].endswith(
        "stream_maps: the map of isues has no effect, because there is no such stream; did you "
        "mean issues?"
    )


def test_a_terminal_obeys_no_name_of_a_stream_map(tap, tenant, config):
    run = tap(config={**config, "stream_maps": {"\x1b[31mx\ny": {"title": "1"}}})
    warned = [line for line in run.stderr.splitlines() if "WARNING" in line]
    assert len(warned) == 1
    assert "stream_maps: the map of \\u001b[31mx y has no effect" in warned[0]


FAILS = "a stream map of issues fails on the record whose _id is"


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("1 +", "stream_maps: title of issues, 1 +, is not an expression: invalid syntax"),
        ("title.upper(", "stream_maps: title of issues, title.upper(, is not an expression: "),
        ("1/0", FAILS),
        ("nosuch(title)", FAILS),
        ("__class__", FAILS),
        ("title + 1", FAILS),
        ("md5(None)", FAILS),
        (
            "nosuch.upper()",
            ": the expression of title, nosuch.upper(), fails: there is no 'nosuch'",
        ),
    ],
)
def test_a_stream_map_that_cannot_be_worked_out_is_reported_and_nothing_is_acknowledged(
    tap, tenant, config, expression, sentence
):
    run = tap(config={**config, "stream_maps": {"issues": {"title": expression}}})
    assert run.code == 1
    assert "Traceback" not in run.stderr
    assert sentence in run.last_line
    assert "unexpected" not in run.last_line
    assert expression in run.last_line
    assert b'"replication_key_value"' not in run.stdout


def test_a_null_that_a_stream_map_cannot_take_is_named_and_no_value_is_shown(tap, tenant, config):
    tenant.insert("issues", {"title": "a secret", "description": None})
    maps = {"issues": {"__filter__": "'description' in record", "status": "description.strip()"}}
    run = tap(config={**config, "stream_maps": maps})
    assert run.code == 1
    said = "the expression of status, description.strip(), fails: description is null"
    assert said in run.last_line
    assert "a secret" not in run.stderr
    assert b'"replication_key_value"' not in run.stdout


def test_a_wrong_token_is_reported_and_not_shown(tap, config):
    run = tap(config={**config, "api_token": "wrong-token"})
    assert run.code == 1
    assert "api_token" in run.last_line
    assert "wrong-token" not in run.stderr
    assert "Traceback" not in run.stderr


def test_a_host_that_does_not_answer_is_reported(tap, config):
    settings = {**config, "api_url": "http://127.0.0.1:9", "retry_budget_seconds": 0}
    run = tap(config=settings)
    assert run.code == 1
    assert "127.0.0.1" in run.last_line or "reach" in run.last_line
    assert "Traceback" not in run.stderr


def written(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_text(content)
    return str(path)


STRANGER = {"streams": [{"tap_stream_id": "surveys", "schema": {"type": "object"}, "metadata": []}]}
NO_ID = {
    "streams": [
        {
            "tap_stream_id": "issues",
            "schema": {"type": "object", "properties": {"title": {"type": "string"}}},
            "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
        }
    ]
}


@pytest.mark.parametrize(
    ("option", "content", "sentence"),
    [
        ("--catalog", json.dumps(STRANGER), "a stream surveys, and there are only "),
        ("--catalog", json.dumps(NO_ID), "no property _id"),
        ("--catalog", '{"streams": 5}', "not a Singer catalog"),
        (
            "--catalog",
            '{"streams": [{"tap_stream_id": "issues", "schema": {}, "metadata": null}]}',
            "not a Singer catalog, at $.streams[0].metadata",
        ),
        ("--catalog", "{", "--catalog is not JSON"),
        ("--catalog", "[]", "does not hold a JSON object"),
        ("--state", "not json", "--state is not JSON"),
        ("--state", '{"bookmarks": 1}', "not hold a Singer state"),
        ("--state", '{"bookmarks": {"issues": []}}', "not hold a Singer state"),
    ],
)
def test_a_file_that_is_wrong_ends_the_run_in_one_sentence(
    ends, config, tmp_path, option, content, sentence
):
    last, printed = ends(option, written(tmp_path, "given.json", content), config=config)
    assert sentence in last
    assert printed == ""


@pytest.mark.parametrize("option", ["--catalog", "--state", "--config"])
def test_a_file_that_is_not_there_is_named(ends, config, option):
    assert "nowhere.json" in ends(option, "nowhere.json", config=config)[0]


def test_a_configuration_that_is_not_json_is_reported(ends, tmp_path):
    last, _ = ends("--config", written(tmp_path, "broken.json", "{'api_token': 1}"))
    assert "not JSON" in last


def test_an_unknown_option_is_reported_and_is_a_failure(tap):
    run = tap("--catalogue", "x")
    assert run.code == 1
    assert "No such option" in run.last_line


def test_a_state_may_be_a_complete_message_or_bare(tap, tenant, config, tmp_path):
    state = {"bookmarks": {"objectives": {"note": 1}}}
    for content in (state, {"type": "STATE", "value": state}):
        path = written(tmp_path, "state.json", json.dumps(content))
        assert tap("--state", path, config=config).messages[0] == {"type": "STATE", "value": state}


def test_settings_come_from_the_environment_too(tap, tenant, config):
    env = {
        "TAP_PLANHAT_API_TOKEN": "token-a",
        "TAP_PLANHAT_API_URL": config["api_url"],
        "TAP_PLANHAT_PAGE_SIZE": "3",
        "TAP_PLANHAT_REQUESTS_PER_MINUTE": "0",
    }
    run = tap("--config", "ENV", env=env)
    assert run.code == 0
    assert sum(message["type"] == "RECORD" for message in run.messages) == 10
    run = tap("--config", "ENV", env={**env, "TAP_PLANHAT_PAGE_SIZE": "x"})
    assert run.code == 1
    assert "TAP_PLANHAT_PAGE_SIZE must be a whole number" in run.last_line


def test_no_stream_is_named_in_the_code_so_that_a_file_alone_makes_one():
    sources = Path(__file__).parents[2] / "tap_planhat"
    for source in sources.glob("*.py"):
        assert '"issues"' not in source.read_text()
        assert '"objectives"' not in source.read_text()


TO_STDERR = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
TO_FILE = {"class": "logging.FileHandler", "filename": "tap.log"}


@pytest.fixture
def failed_with_json_log(tap, config, tmp_path, monkeypatch):
    """Let a run fail whose log is JSON."""
    monkeypatch.chdir(tmp_path)

    def fail(handler, level="INFO"):
        logging = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "singer_sdk.logging.StructuredFormatter"}},
            "handlers": {"log": {**handler, "formatter": "json"}},
            "root": {"level": level, "handlers": ["log"]},
        }
        path = tmp_path / "logging.json"
        path.write_text(json.dumps(logging))
        run = tap(config={**config, "api_token": "x"}, env={"SINGER_SDK_LOG_CONFIG": str(path)})
        assert run.code == 1
        return run.stderr

    return fail


def test_where_the_log_is_json_the_last_line_is_a_record_of_an_error(failed_with_json_log):
    """As Meltano configures it: it would show another line as information."""
    stderr = failed_with_json_log(TO_STDERR)
    last = json.loads(stderr.splitlines()[-1])
    assert (last["level"], last["logger_name"]) == ("error", "tap-planhat")
    assert "does not accept api_token (401)" in last["message"]
    assert last["message"].endswith('(see "Token and rights" in docs/troubleshooting.md)')
    assert stderr.count("does not accept") == 1


@pytest.mark.parametrize(
    ("handler", "level"),
    [(TO_FILE, "INFO"), (TO_STDERR, "CRITICAL"), ({**TO_STDERR, "level": "CRITICAL"}, "INFO")],
    ids=["in a file", "no errors", "a handler of no errors"],
)
def test_where_standard_error_has_no_records_of_errors_the_last_line_is_plain(
    failed_with_json_log, handler, level
):
    stderr = failed_with_json_log(handler, level)
    assert stderr.splitlines()[-1].startswith("tap-planhat: ")
    assert stderr.count("does not accept api_token (401)") == 1
