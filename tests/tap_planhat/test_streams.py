"""Which streams a run reads: those of the catalog, of `streams`, or the default ones."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from tap_planhat.selection import Selection
from tap_planhat.tap import TapPlanhat

DEFAULT = load_models()
OTHER = replace(DEFAULT["objectives"], selected_by_default=False, possible_replication_key=None)
MODELS = {
    **{name: DEFAULT[name] for name in ("issues", "objectives")},
    "gadgets": replace(OTHER, name="gadgets", path="/gadgets"),
    "gears": replace(OTHER, name="gears", path="/gears"),
    "jottings": replace(OTHER, name="jottings", path="/gadgets", access="write"),
}


def announced(output) -> list[str]:
    return [message["stream"] for message in output.messages if message["type"] == "SCHEMA"]


def test_a_run_that_names_nothing_reads_issues_and_objectives(sandbox, config, read):
    assert announced(read(config, models=MODELS)) == ["issues", "objectives"]
    assert {request.path for request in sandbox.requests} == {"/issues", "/objectives"}


@pytest.mark.parametrize(
    ("streams", "selected", "named"),
    [
        (None, {"issues", "objectives"}, {"issues", "objectives"}),
        ([], {"issues", "objectives"}, {"issues", "objectives"}),
        (["gadgets"], {"gadgets"}, {"gadgets"}),
        (["*"], {"issues", "objectives", "gadgets", "gears"}, set()),
        (["g*", "issues"], {"issues", "gadgets", "gears"}, {"issues"}),
        (["*", "gears"], {"issues", "objectives", "gadgets", "gears"}, {"gears"}),
        (["[gj]*s"], {"gadgets", "gears"}, set()),
        (["gear?", "gears"], {"gears"}, {"gears"}),
    ],
)
def test_the_setting_takes_names_and_patterns(streams, selected, named):
    assert Selection.of(streams, MODELS) == Selection(frozenset(selected), frozenset(named))


@pytest.mark.parametrize(
    ("streams", "says"),
    [
        (["issue"], "streams: issue is not a stream; there are issues, objectives, gadgets, gears"),
        (["issues", "x*"], "streams: x* is not a stream; there are issues, objectives"),
        (["ISSUES"], "ISSUES is not a stream"),
        (
            ["jottings"],
            "streams: jottings can only be written; there are issues, objectives, gadgets",
        ),
        (["j*"], "j* is not a stream"),
        ("issues", "streams must be a list"),
        ([1], "streams must be a list"),
    ],
    ids=str,
)
def test_a_name_that_is_not_a_stream_is_an_error_that_lists_them(streams, says):
    with pytest.raises(ConfigurationError) as raised:
        Selection.of(streams, MODELS)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_streams_come_in_the_order_of_their_names(sandbox, config, read):
    streams = ["objectives", "issues"]
    assert announced(read({**config, "streams": streams}, models=MODELS)) == sorted(streams)


def test_the_environment_takes_names_with_commas_and_a_list(tap, sandbox, config):
    for text in ("objectives", '["objectives"]', "obj*, objectives"):
        run = tap("--config", "ENV", env=environment(config, TAP_PLANHAT_STREAMS=text))
        assert run.code == 0, run.stderr
        assert [m["stream"] for m in run.messages if m["type"] == "SCHEMA"] == ["objectives"]


def test_a_misspelt_stream_ends_a_process_with_one_sentence(tap, config):
    for arguments in ((), ("--test",), ("--discover",)):
        run = tap(*arguments, config={**config, "streams": ["issue"]})
        assert (run.code, run.stdout) == (1, b"")
        assert "tap-planhat: streams: issue is not a stream; there are " in run.last_line


def test_streams_beside_a_catalog_is_an_error(tap, config, select, tmp_path):
    (tmp_path / "catalog.json").write_text(json.dumps(select(issues=None)))
    run = tap("--catalog", "catalog.json", config={**config, "streams": ["issues"]})
    assert (run.code, run.stdout) == (1, b"")
    assert "streams and a catalog are both given" in run.last_line


def test_a_test_reads_only_what_a_run_would_read(tap, sandbox, config):
    for model in ("issues", "objectives"):
        sandbox.tenant("alpha").insert(model, {"title": "a", "name": "a"})
    run = tap("--test", config={**config, "streams": ["objectives"]})
    assert run.code == 0
    assert [m["stream"] for m in run.messages if m["type"] == "RECORD"] == ["objectives"]
    assert {request.path for request in sandbox.requests} == {"/objectives"}
    schemas = tap("--test=schema", config={**config, "streams": ["issues"]})
    assert [m["stream"] for m in schemas.messages] == ["issues"]


def discovered(config=None):
    """The metadata of each stream in the catalog that discovery prints."""
    tap = TapPlanhat(config=config or {}, models=MODELS, validate_config=False, setup_mapper=False)
    return {
        entry["tap_stream_id"]: next(
            item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]
        )
        for entry in tap.catalog_dict["streams"]
    }


def test_discovery_lists_all_that_can_be_read_and_says_what_is_selected():
    roots = discovered()
    assert list(roots) == ["gadgets", "gears", "issues", "objectives"]
    for name, root in roots.items():
        is_default = name in {"issues", "objectives"}
        assert (root["selected"], root["selected-by-default"]) == (is_default, is_default)


def test_discovery_selects_what_the_setting_names():
    roots = discovered({"streams": ["gears"]})
    assert [name for name, root in roots.items() if root["selected"]] == ["gears"]


def test_a_catalog_as_discovery_prints_it_reads_the_default_streams(sandbox, config, read):
    tap = TapPlanhat(config={}, models=MODELS, validate_config=False)
    assert announced(read(config, catalog=tap.catalog_dict, models=MODELS)) == [
        "issues",
        "objectives",
    ]


@pytest.mark.parametrize("with_catalog", [True, False])
def test_a_map_of_all_streams_does_not_fail_on_those_that_are_not_selected(
    sandbox, config, read, select, with_catalog
):
    sandbox.tenant("alpha").insert("issues", {"title": "a"})
    maps = {"stream_maps": {"*": {"title": "title.upper()"}}, "streams": ["issues"]}
    how = {"catalog": select(issues=None)} if with_catalog else {"models": MODELS}
    if with_catalog:
        del maps["streams"]
    [record] = read(config | maps, **how).records("issues")
    assert record["title"] == "A"


def test_a_catalog_of_before_there_were_other_streams_reads_no_other(sandbox, config, read):
    tap = TapPlanhat(config={}, models=MODELS, validate_config=False)
    entries = [
        entry
        for entry in tap.catalog_dict["streams"]
        if entry["tap_stream_id"] in {"issues", "objectives"}
    ]
    read(config, catalog={"streams": entries}, models=MODELS)
    assert {request.path for request in sandbox.requests} == {"/issues", "/objectives"}


def test_a_catalog_that_names_what_is_only_written_is_an_error(config, read, select):
    entry = select(objectives=None)["streams"][-1] | {"tap_stream_id": "jottings", "stream": None}
    with pytest.raises(ConfigurationError) as raised:
        read(config, catalog={"streams": [entry]}, models=MODELS)
    assert "jottings, which can only be written" in str(raised.value)
    assert "there are only issues, objectives, gadgets, gears" in str(raised.value)


def test_discovery_of_all_models_sends_no_request_and_needs_no_network(sandbox, tmp_path):
    """Sockets are refused in the process, so that a request would fail and not go unnoticed."""
    config = {"api_token": "token-a", "api_url": sandbox.url, "streams": ["*"]}
    (tmp_path / "tap.json").write_text(json.dumps(config))
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise OSError('a socket')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from tap_planhat.__main__ import main\n"
        "sys.argv[1:] = ['--config', 'tap.json', '--discover']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = [entry["tap_stream_id"] for entry in json.loads(done.stdout)["streams"]]
    assert found == sorted(name for name, model in DEFAULT.items() if model.is_read)
    assert sandbox.requests == []


def environment(config, **variables):
    named = {f"TAP_PLANHAT_{name.upper()}": str(value) for name, value in config.items()}
    return named | variables
