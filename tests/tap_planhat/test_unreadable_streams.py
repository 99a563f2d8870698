"""A stream that the token may not read, or that the tenant does not have, ends no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tap_runs import end_tap

from planhat_sandbox import Sandbox
from planhat_sync.errors import StopError
from planhat_sync.models import load_models
from tap_planhat.tap import TapPlanhat

ISSUES, OBJECTIVES = (load_models()[name] for name in ("issues", "objectives"))
OTHER = replace(OBJECTIVES, selected_by_default=False, possible_replication_key=None)
MODELS = {
    "bolts": replace(OTHER, name="bolts", path="/bolts"),
    "issues": ISSUES,
    "objectives": OBJECTIVES,
    "rumours": replace(OTHER, name="rumours", path="/rumours", evidence="guess"),
}
# What sends a run over the SDK's own path of records.
MAPS = {"stream_maps": {"*": {}}}


@pytest.fixture
def sandbox():
    with Sandbox({"token-a": "alpha", "token-b": "beta"}, any_model=True) as running:
        tenant = running.tenant("alpha")
        for name in MODELS:
            for n in range(5):
                tenant.insert(name, {"title": f"{n}", "name": f"{n}"})
        yield running


@pytest.fixture(params=["fast path", "path of the SDK"])
def setting(request, config):
    return config if request.param == "fast path" else {**config, **MAPS}


@pytest.fixture
def run(setting, caplog):
    """Run the tap: what it printed, the sentence that it ended with, and its warnings."""

    def of(**settings):
        caplog.clear()
        how = {name: settings.pop(name) for name in ("state", "catalog") if name in settings}
        output, error = end_tap({**setting, **settings}, models=MODELS, **how)
        assert error is None or isinstance(error, StopError)
        warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
        return output, str(error or ""), warnings

    return of


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (
            403,
            (
                "api_token has no permission for GET /bolts (403): grant it to the private app in "
                "Planhat, or leave out bolts"
            ),
        ),
        (404, "Planhat has no /bolts for this token (404): check api_url, or leave out bolts"),
    ],
)
def test_others_are_read_to_their_end_and_then_it_is_an_error(sandbox, run, status, says):
    sandbox.fault("status", status=status, model="bolts")
    output, error, warnings = run(streams=["bolts", "issues", "objectives"])
    assert error == f"{says}; all other streams were read to their end"
    assert warnings == [f"bolts cannot be read: {says.split(': ')[0]}"]
    assert [len(output.ids(name)) for name in ("bolts", "issues", "objectives")] == [0, 5, 5]
    assert output.state["bookmarks"]["issues"]["replication_key_value"]


def test_the_default_streams_are_asked_for_by_name(sandbox, run):
    sandbox.fault("status", status=403, model="issues")
    output, error, _ = run()
    assert "no permission for GET /issues (403)" in error
    assert len(output.ids("objectives")) == 5


def test_so_are_those_that_a_catalog_selects(sandbox, run):
    sandbox.fault("status", status=403, model="bolts")
    catalog = TapPlanhat(config={}, models=MODELS, validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        [root] = [item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]]
        root["selected"] = True
    output, error, _ = run(catalog=catalog)
    assert "no permission for GET /bolts (403)" in error
    assert len(output.ids("objectives")) == len(output.ids("rumours")) == 5


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    ("streams", "model"), [(["*"], "bolts"), (["*"], "issues"), (["*", "rumours"], "rumours")]
)
def test_behind_a_pattern_or_without_a_page_of_the_vendors_it_is_a_warning(
    sandbox, run, status, streams, model
):
    sandbox.fault("status", status=status, model=model)
    output, error, warnings = run(streams=streams)
    assert error == ""
    [warning] = warnings
    assert warning.startswith(f"{model} cannot be read: ")
    assert f"({status})" in warning
    assert {name: len(output.ids(name)) for name in MODELS} == {
        name: 0 if name == model else 5 for name in MODELS
    }


def test_one_sentence_names_all_that_cannot_be_read(sandbox, run):
    for model, status in {"bolts": 403, "issues": 403, "objectives": 404, "rumours": 403}.items():
        sandbox.fault("status", status=status, model=model)
    output, error, warnings = run(streams=sorted(MODELS))
    assert error == (
        "api_token has no permission for GET /bolts, GET /issues and GET /rumours (403): grant it "
        "to the private app in Planhat, or leave out bolts, issues and rumours; "
        "Planhat has no /objectives for this token (404): check api_url, or leave out objectives"
    )
    assert len(warnings) == 4
    assert not [message for message in output.messages if message["type"] == "RECORD"]


def test_a_run_that_can_read_nothing_at_all_is_an_error_whatever_it_was_asked_for(sandbox, run):
    sandbox.fault("status", status=404)
    _, error, _ = run(streams=["*"])
    assert error.startswith("Planhat has no /bolts, /issues, /objectives and /rumours")


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("name", ["bolts", "issues", "rumours"])
def test_a_stream_that_breaks_off_is_an_error_however_it_was_asked_for(sandbox, run, status, name):
    """It can be read, and only a part of it was."""
    sandbox.fault("status", status=status, model=name, nth=4)
    output, error, [warning] = run(streams=["*"], page_size=2, concurrency=1)
    assert warning.startswith(f"{name} cannot be read to its end: ")
    assert f"({status})" in error
    assert error.endswith(
        f"{name} had been read in part: run again; all other streams were read to their end"
    )
    others = [other for other in MODELS if other != name]
    assert [len(output.ids(other)) for other in others] == [5, 5, 5]


def test_a_stream_that_breaks_off_keeps_its_state_and_reads_on_from_there_later(sandbox, run):
    first, error, _ = run()
    assert not error
    kept = first.state["bookmarks"]["issues"]
    for name in ("issues", "objectives"):
        for n in range(5, 10):
            sandbox.tenant("alpha").insert(name, {"title": f"{n}", "name": f"{n}"})
    sandbox.fault("status", status=403, model="issues", nth=2)
    second, error, _ = run(state=first.state, page_size=2, concurrency=1)
    assert "GET /issues (403)" in error
    assert len(second.ids("objectives")) == 10
    assert second.state["bookmarks"]["issues"] == kept
    sandbox.faults.clear()
    third, error, _ = run(state=second.state)
    assert not error
    assert set(first.ids("issues")) | set(third.ids("issues")) == {
        record["_id"] for record in sandbox.tenant("alpha").records("issues")
    }


def test_a_stream_that_breaks_off_activates_no_version_and_detects_no_deletions(sandbox, setting):
    settings = {**setting, "detect_deletes": True}
    first, _ = end_tap(settings, models=MODELS)
    tenant = sandbox.tenant("alpha")
    tenant.delete("objectives", tenant.records("objectives")[0]["_id"])
    sandbox.fault("status", status=403, model="objectives", nth=2)
    second, error = end_tap({**settings, "page_size": 2}, state=first.state, models=MODELS)
    assert "GET /objectives" in str(error)
    assert "ACTIVATE_VERSION" not in second.types()
    sandbox.faults.clear()
    third, error = end_tap(settings, state=second.state, models=MODELS)
    assert error is None
    deleted = [each["_id"] for each in third.records("objectives") if each.get("_sdc_deleted_at")]
    assert deleted or "ACTIVATE_VERSION" in third.types()


def test_what_a_setting_needs_beside_the_stream_ends_the_run(sandbox, run):
    """Without the companies no stream can be printed as the user asks for it."""
    sandbox.fault("status", status=403, model="companies")
    output, error, warnings = run(company_references="externalId")
    assert "GET /companies (403)" in error
    assert "other streams" not in error
    assert not output.ids("objectives")
    assert not warnings


@pytest.mark.parametrize("status", [401, 400, 405])
def test_other_statuses_end_the_run_at_once(sandbox, run, status):
    sandbox.fault("status", status=status, model="issues")
    output, error, _ = run()
    assert f"({status})" in error or f"answered {status}" in error
    assert "SCHEMA" in output.types()
    assert "objectives" not in {message.get("stream") for message in output.messages}


def test_batches_of_other_streams_are_written(sandbox, config, tmp_path):
    sandbox.fault("status", status=403, model="issues")
    batches = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
    }
    output, error = end_tap({**config, "batch_config": batches}, models=MODELS)
    assert "GET /issues (403)" in str(error)
    assert [m["stream"] for m in output.messages if m["type"] == "BATCH"] == ["objectives"]


def test_a_process_exits_with_1_after_it_has_read_the_others(tap, sandbox, config):
    sandbox.fault("status", status=403, model="issues")
    for arguments, count in (((), 5), (("--test",), 1)):
        ran = tap(*arguments, config=config)
        assert ran.code == 1
        assert "tap-planhat: api_token has no permission for GET /issues (403)" in ran.last_line
        assert ran.last_line.endswith("all other streams were read to their end")
        records = [m["stream"] for m in ran.messages if m["type"] == "RECORD"]
        assert records == ["objectives"] * count
        assert "Traceback" not in ran.stderr
