"""What the source does not have any more is archived or deleted, and nothing else is."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import time

import pytest

from planhat_sync.errors import ConfigurationError, NotPermittedError
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.writing.mirror.mirror import MirrorError
from target_planhat.target import TargetPlanhat

JIRA = {"source": "Jira"}
YOUNG = f"{0xFFFFFFFF:08x}" + "0" * 16


@pytest.fixture
def tenant(bench):
    return bench.sandbox.tenant("alpha")


@pytest.fixture
def insert(bench, tenant):
    """Insert an issue of Jira behind the API's back; return its `_id`."""
    company = bench.company()

    def make(source_id=None, **fields):
        values = {"title": "t", "source": "Jira", "companyIds": [company], **fields}
        if source_id is not None:
            values["sourceId"] = source_id
        return tenant.insert("issues", values)["_id"]

    return make


@pytest.fixture
def complete(bench):
    """The messages of a complete read: ``complete("a", "b")``."""

    def make(*keys, version=None, stream="issues", **fields):
        version = version or int(time.time())
        return [
            bench.schema(stream),
            *({**bench.record(stream, sourceId=key, **fields), "version": version} for key in keys),
            {"type": "ACTIVATE_VERSION", "stream": stream, "version": version},
            bench.state(1),
        ]

    return make


@pytest.fixture
def mirror(bench):
    def run(messages, **config):
        settings = {"on_missing": "archive", "missing_scope": JIRA, "match_on": ["sourceId"]}
        return bench.run(messages, **{**settings, **config})

    return run


def archived(tenant):
    return {each["_id"] for each in tenant.records("issues") if each.get("archived")}


def writes(bench):
    return [r for r in bench.sandbox.requests if r.route in ("bulk", "delete")]


def removed(ran, stream="issues"):
    return ran.target.run.pipeline.counts.removed.get(stream)


@pytest.mark.parametrize("verb", ["archive", "delete"])
def test_what_the_source_does_not_have_is_removed(tenant, insert, complete, mirror, verb):
    kept, gone = insert("a"), insert("b")
    ran = mirror(complete("a"), on_missing=verb)
    assert ran.error is None
    left = {each["_id"] for each in tenant.records("issues")}
    assert left - archived(tenant) == {kept}
    assert (gone in left) == (verb == "archive")
    assert removed(ran) == 1
    assert ran.counts["issues"]["read"] == 1
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_removal_changes_nothing_else_of_the_record(tenant, insert, complete, mirror):
    insert("a")
    gone = insert("b", description="of b", custom={"Team": "x"})
    before = tenant.get("issues", gone)
    mirror(complete("a"))
    after = tenant.get("issues", gone)
    assert after.pop("archived") is True
    for name in ("updatedAt", "archived"):
        before.pop(name, None), after.pop(name, None)
    assert after == before


@pytest.mark.parametrize("verb", ["archive", "delete"])
@pytest.mark.parametrize(
    ("source_id", "fields"),
    [
        ("b", {"source": "Other"}),
        ("b", {"source": "jira"}),
        ("b", {"source": None}),
        ("b", {"_id": YOUNG}),
        ("b", {"_id": "not-an-object-id"}),
        ("b", {"archived": True}),
        (None, {}),
        ("", {}),
        (" \u200b", {}),
        (" A ", {}),
        ("\uff41", {}),
        (7, {}),
    ],
    ids=[
        *("outside", "other case", "no source", "younger", "no ObjectId", "archived"),
        *("no key", "empty key", "invisible key", "key in another case", "full-width key"),
        "key is a number",
    ],
)
def test_what_must_stay_stays(bench, tenant, insert, complete, mirror, source_id, fields, verb):
    insert("a")
    stays = insert(source_id, **fields)
    before = tenant.get("issues", stays)
    ran = mirror(complete("a"), on_missing=verb)
    assert ran.error is None
    assert removed(ran) == 0
    assert tenant.get("issues", stays) == before
    assert len(writes(bench)) == 1, "the upsert of what came"


def test_a_record_that_came_by_another_keyable_stays(bench, tenant, mirror):
    company = bench.company()
    one = tenant.insert("objectives", {"name": "n", "companyId": company, "sourceId": "s"})
    version = int(time.time())
    messages = [
        bench.schema("objectives"),
        {**bench.record("objectives", _id=one["_id"], health=5), "version": version},
        {"type": "ACTIVATE_VERSION", "stream": "objectives", "version": version},
    ]
    ran = mirror(messages, missing_scope={}, match_on=["_id", "sourceId"], on_missing="delete")
    assert (ran.error, removed(ran, "objectives")) == (None, 0)
    assert tenant.get("objectives", one["_id"])["health"] == 5


def test_an_external_id_without_a_company_identifies_no_record(bench, tenant, mirror):
    company = bench.company()
    tenant.insert("objectives", {"name": "n", "companyId": company, "externalId": "gone"})
    kept = tenant.insert("objectives", {"name": "without a company", "externalId": "gone"})
    version = int(time.time())
    came = bench.record("objectives", externalId="e", companyId=company, name="n")
    messages = [
        bench.schema("objectives"),
        {**came, "version": version},
        {"type": "ACTIVATE_VERSION", "stream": "objectives", "version": version},
    ]
    ran = mirror(messages, missing_scope={}, match_on=["externalId"], on_missing="delete")
    assert (ran.error, removed(ran, "objectives")) == (None, 1)
    left = tenant.records("objectives")
    assert {each["externalId"] for each in left} == {"e", "gone"}
    assert kept["_id"] in [each["_id"] for each in left]


def test_an_id_does_not_show_that_a_record_is_of_the_source(tenant, insert, complete, mirror):
    insert("a")
    insert()
    assert removed(mirror(complete("a"), match_on=["sourceId", "_id"])) == 0
    assert archived(tenant) == set()


def test_records_after_the_version_on_any_path_make_the_source_incomplete(
    tenant, insert, complete, mirror
):
    insert("a"), insert("b"), insert("c")
    messages = complete("a", "b")
    messages[2], messages[3] = messages[3], messages[2]
    ran = mirror(messages)
    assert ran.error is None
    assert (archived(tenant), removed(ran)) == (set(), None)


def test_a_match_by_id_alone_covers_records_without_another_keyable(bench, tenant, mirror, insert):
    kept, gone = insert(), insert()
    version = int(time.time())
    messages = [
        bench.schema(),
        {**bench.record(_id=kept, title="new"), "version": version},
        {"type": "ACTIVATE_VERSION", "stream": "issues", "version": version},
    ]
    ran = mirror(messages, match_on=["_id"])
    assert ran.error is None
    assert archived(tenant) == {gone}


def test_records_that_are_unchanged_skipped_or_merged_came(bench, insert, complete, mirror):
    for key in "ab":
        insert(key)
    assert removed(mirror(complete("a", "b", source="Jira"), skip_unchanged=True)) == 0
    assert removed(mirror(complete("a", "b", "b"))) == 0
    created = complete("a", "b", title="t", companyIds=[bench.company()])
    assert removed(mirror(created, write_mode="create")) == 0
    assert removed(mirror(complete("a", "b", "c"), write_mode="update")) == 0


def test_records_that_the_source_deleted_or_a_map_left_out_did_not_come(
    bench, tenant, insert, complete, mirror
):
    insert("a")
    gone, left_out = insert("b"), insert("c")
    messages = complete("a", "b", "c")
    messages[2]["record"]["_sdc_deleted_at"] = "2026-01-01T00:00:00Z"
    maps = {"issues": {"__filter__": "record['sourceId'] != 'c'"}}
    ran = mirror(messages, stream_maps=maps)
    assert ran.error is None
    assert archived(tenant) == {gone, left_out}


TO_ISSUES = {"model": "issues", "set": {"sourceId": "sourceId"}}


@pytest.mark.parametrize(
    "maps",
    [
        {"mappings": [{"stream": each, **TO_ISSUES} for each in ("open", "closed")]},
        {"stream_maps": {each: {"__alias__": "issues"} for each in ("open", "closed")}},
        {
            "stream_maps": {
                "open": {"__alias__": "issues"},
                "issues": {"__source__": "closed", "sourceId": "sourceId"},
            }
        },
    ],
)
def test_a_stream_that_never_came_makes_the_model_incomplete(
    tenant, insert, complete, mirror, maps, caplog
):
    insert("a"), insert("closed")
    ran = mirror(complete("a", stream="open"), **maps)
    assert ran.error is None
    assert (archived(tenant), removed(ran)) == (set(), None)
    assert "no SCHEMA of closed came" in caplog.text


def test_more_than_the_share_and_more_than_five_removes_nothing(
    bench, tenant, insert, complete, mirror
):
    for number in range(56):
        insert(f"{number}")
    came = [f"{number}" for number in range(6, 56)]
    ran = mirror(complete(*came))
    assert isinstance(ran.error, MirrorError)
    assert "does not have 6 of the 56 issues inside missing_scope" in str(ran.error)
    assert "max_missing_percent (10)" in str(ran.error)
    assert archived(tenant) == set()
    assert removed(ran) is None
    assert ran.states == []
    assert removed(mirror(complete(*came), max_missing_percent=11)) == 6


@pytest.mark.parametrize("percent", [0, 10])
def test_up_to_five_are_always_allowed(tenant, insert, complete, mirror, percent):
    for number in range(6):
        insert(f"{number}")
    assert removed(mirror(complete("0"), max_missing_percent=percent)) == 5


def test_the_limit_of_one_model_keeps_the_records_of_all(bench, tenant, insert, complete, mirror):
    insert("gone")
    for number in range(7):
        tenant.insert("objectives", {"name": "n", "sourceId": f"{number}"})
    insert("a")
    messages = [*complete("a"), *complete("0", stream="objectives")]
    ran = mirror(messages, missing_scope={}, on_missing="delete")
    assert isinstance(ran.error, MirrorError)
    assert len(tenant.records("issues")) == 2


def test_a_dry_run_shows_what_would_be_removed(bench, tenant, insert, complete, mirror, caplog):
    caplog.set_level(logging.INFO, "target-planhat")
    insert("a")
    for number in range(22):
        insert(f"gone {number:02}")
    ran = mirror(complete("a"), dry_run=True, max_missing_percent=100)
    assert ran.error is None
    assert archived(tenant) == set()
    assert removed(ran) == 22
    assert writes(bench) == []
    [line] = [text for text in caplog.messages if "would archive" in text]
    assert line.startswith("would archive 22 records of issues: gone 00, gone 01, ")
    assert line.endswith("gone 19 and 2 more")


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_dry_run_also_shows_what_is_more_than_allowed(insert, complete, mirror, caplog, dry_run):
    caplog.set_level(logging.INFO, "target-planhat")
    insert("a")
    for number in range(6):
        insert(f"gone {number}")
    ran = mirror(complete("a"), dry_run=dry_run)
    assert "the source does not have 6 of the 7 issues" in str(ran.error)
    assert removed(ran) is None
    line = "would archive 6 records of issues: gone 0, gone 1, gone 2, gone 3, gone 4, gone 5"
    assert (line in caplog.messages) == dry_run


def test_one_reject_suspends_it(bench, tenant, insert, complete, mirror, caplog):
    insert("a"), insert("b")
    messages = complete("a")
    messages.insert(1, {**bench.record(title="no key"), "version": messages[1]["version"]})
    ran = mirror(messages, on_reject="continue")
    assert ran.error is None
    assert archived(tenant) == set()
    assert removed(ran) is None
    assert ran.states, "the records are written, and the reject is on disk"
    assert "no issues are archived, because 1 record of this run is rejected" in caplog.text


def test_an_error_suspends_it(bench, tenant, insert, complete, mirror, caplog):
    insert("a"), insert("b")
    bench.sandbox.fault("status", route="bulk", status=401)
    ran = mirror(complete("a"))
    assert ran.error is not None
    assert (archived(tenant), removed(ran), ran.states) == (set(), None, [])
    assert "on_missing: nothing is removed" in caplog.text


def test_no_state_is_printed_before_the_removals(bench, tenant, insert, complete, mirror):
    insert("a"), insert("b")
    messages = complete("a")
    messages.insert(2, bench.state(0))
    ran = mirror(messages, look=lambda: archived(tenant), batch_size_rows=1)
    assert len(ran.seen) == 1
    assert len(ran.seen[0]) == 1


@pytest.mark.parametrize("route", ["list", "bulk"])
def test_a_mirror_that_fails_prints_no_state(bench, tenant, insert, complete, mirror, route):
    insert("a"), insert("b")
    nth = 1 if route == "list" else 2
    bench.sandbox.fault("status", route=route, status=403, nth=nth)
    ran = mirror(complete("a"))
    assert isinstance(ran.error, NotPermittedError)
    assert ran.states == []
    assert archived(tenant) == set()


@pytest.mark.parametrize("verb", ["archive", "delete"])
def test_a_refused_removal_does_not_keep_the_others(bench, tenant, insert, complete, mirror, verb):
    insert("a")
    ids = [insert(f"gone {number}") for number in range(4)]
    if verb == "archive":
        bench.sandbox.behave(refused_marker=ids[0], batch="whole", failure_answer="string")
    else:
        bench.sandbox.fault("status", route="delete", status=400, nth=2)
    ran = mirror(complete("a"), on_missing=verb)
    assert isinstance(ran.error, MirrorError)
    assert f"Planhat refused to {verb} 1 record that the source does not have" in str(ran.error)
    assert removed(ran) == 3
    assert ran.states == []
    left = {each["_id"] for each in tenant.records("issues")} - archived(tenant)
    assert len(left & set(ids)) == 1


@pytest.mark.parametrize("verb", ["archive", "delete"])
def test_a_signal_ends_it_between_two_requests(bench, tenant, insert, complete, mirror, verb):
    insert("a")
    for number in range(4):
        insert(f"gone {number}")
    config = {"on_missing": verb, "missing_scope": JIRA, "match_on": ["sourceId"]}
    plugin = TargetPlanhat(config=bench.config(**config, batch_size_rows=1))

    def stop(entry):
        if entry.route == "delete" or b"archived" in entry.body:
            plugin.run.stop.request(15)

    bench.sandbox.after_each_request.append(stop)
    with contextlib.redirect_stdout(io.StringIO()) as stdout, pytest.raises(StoppedBySignal):
        plugin.listen(io.BytesIO(bench.lines(complete("a"))))
    left = {each["_id"] for each in tenant.records("issues")} - archived(tenant)
    assert len(left) == 4
    assert plugin.run.pipeline.counts.removed == {"issues": 1}
    assert stdout.getvalue() == ""


def test_without_the_servers_time_nothing_is_removed(
    bench, tenant, insert, complete, mirror, caplog
):
    insert("a"), insert("b")
    bench.sandbox.behave(date_header=False)
    ran = mirror(complete("a"))
    assert ran.error is None
    assert (archived(tenant), removed(ran)) == (set(), None)
    assert "Planhat's answers carry no time (Date)" in caplog.text


@pytest.mark.parametrize("offset", [-90, 90, 10_000_000])
def test_the_age_of_a_record_is_measured_by_the_earlier_clock(
    bench, tenant, insert, complete, mirror, offset
):
    now = time.time()
    bench.sandbox.clock = lambda: now + offset
    insert("a")
    older = insert("older", _id=f"{int(now) - 200:08x}" + "a" * 16)
    insert("younger", _id=f"{int(now) - 120 if offset < 0 else int(now) - 30:08x}" + "b" * 16)
    mirror(complete("a"))
    assert archived(tenant) == {older}


def test_a_source_that_was_read_earlier_protects_what_was_created_since(
    bench, tenant, insert, complete, mirror
):
    now = time.time()
    insert("a")
    older = insert("older", _id=f"{int(now) - 8000:08x}" + "a" * 16)
    insert("created since", _id=f"{int(now) - 7000:08x}" + "b" * 16)
    messages = complete("a", version=int(now) - 7200)
    extracted = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 7200))
    messages[1]["time_extracted"] = extracted
    ran = mirror(messages)
    assert ran.error is None
    assert archived(tenant) == {older}


def test_a_file_that_the_user_says_is_complete_is_a_source(bench, tenant, insert, mirror, tmp_path):
    insert("a")
    gone = insert("b")
    messages = [bench.schema(), bench.record(sourceId="a")]
    ran = mirror(messages, path=tmp_path / "all.jsonl", source_is_complete=True)
    assert ran.error is None
    assert archived(tenant) == {gone}
    assert removed(mirror(messages, path=tmp_path / "all.jsonl")) is None


def test_a_pipe_is_never_said_to_be_complete(bench, tenant, insert, target):
    insert("a"), insert("b")
    config = bench.config(
        on_missing="archive", missing_scope=JIRA, match_on=["sourceId"], source_is_complete=True
    )
    ended = target(config=config, stdin=bench.lines([bench.schema(), bench.record(sourceId="a")]))
    assert ended.code == 1
    assert "needs a file as input" in ended.last_line
    assert "> all.jsonl && target-planhat" in ended.last_line
    assert bench.sandbox.requests == []


def test_a_redirected_file_is_a_file(bench, tenant, insert, target, tmp_path):
    insert("a")
    gone = insert("b")
    path = tmp_path / "all.jsonl"
    path.write_bytes(bench.lines([bench.schema(), bench.record(sourceId="a")]))
    config = bench.config(
        on_missing="archive", missing_scope=JIRA, match_on=["sourceId"], source_is_complete=True
    )
    ended = target("--input", str(path), config=config)
    assert (ended.code, archived(tenant)) == (0, {gone})


@pytest.mark.parametrize("extracted", [{}, {"time_extracted": "1970-01-01T00:00:00Z"}])
def test_what_is_younger_than_a_file_stays(bench, tenant, insert, target, tmp_path, extracted):
    written = int(time.time()) - 7200
    insert("a")
    older = insert("older", _id=f"{written - 100:08x}" + "a" * 16)
    insert("created since", _id=f"{written + 100:08x}" + "b" * 16)
    path = tmp_path / "all.jsonl"
    record = {**bench.record(sourceId="a"), **extracted}
    path.write_bytes(bench.lines([bench.schema(), record]))
    os.utime(path, (written, written))
    config = bench.config(
        on_missing="archive", missing_scope=JIRA, match_on=["sourceId"], source_is_complete=True
    )
    assert target("--input", str(path), config=config).code == 0
    assert archived(tenant) == (set() if extracted else {older})


@pytest.mark.parametrize(
    "change", ["grows", "begins with a state", "ends without a state", "holds rejects"]
)
def test_a_file_that_contradicts_its_user_removes_nothing(
    bench, tenant, insert, mirror, tmp_path, caplog, change
):
    insert("a"), insert("b")
    path = tmp_path / "all.jsonl"
    messages = [bench.schema(), bench.record(sourceId="a")]
    if change == "grows":

        def grow(entry):
            with path.open("ab") as file:
                file.write(b"\n")

        bench.sandbox.before_each_request.append(grow)
    elif change == "begins with a state":
        messages.insert(0, bench.state(1))
    elif change == "ends without a state":
        messages += [bench.state(1), bench.record(sourceId="a")]
    else:
        messages[1]["reject"] = {"code": "refused"}
    ran = mirror(messages, path=path, source_is_complete=True)
    assert ran.error is None
    assert (archived(tenant), removed(ran)) == (set(), None)
    assert "no issues are archived" in caplog.text


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"match_on": None}, "on_missing needs match_on"),
        ({"missing_scope": None}, "on_missing needs missing_scope"),
        ({"missing_scope": {"sourse": "Jira"}}, "no model has a property called sourse"),
        ({"missing_scope": {"source": None}}, "missing_scope: source has no value"),
        ({"missing_scope": {"source": " "}}, "missing_scope: source has no value"),
        ({"missing_scope": {"custom": {}}}, "missing_scope: custom has no value"),
        ({"missing_scope": {"custom": {"Team": None}}}, "missing_scope: custom.Team has no value"),
    ],
)
def test_settings_that_leave_open_what_is_meant_are_refused_at_the_start(
    bench, mirror, config, sentence
):
    ran = mirror([], **config)
    assert isinstance(ran.error, ConfigurationError)
    assert sentence in str(ran.error)


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ('{"custom.Team": null}', "custom.Team has no value"),
        ('{"source": "Jira", "custom.Team": ""}', "custom.Team has no value"),
        ('{"source": "Jira"}', None),
        ("{}", None),
        ("not JSON", None),
        ("[]", None),
    ],
)
def test_what_meltano_has_left_out_of_a_scope_is_not_passed_over(
    mirror, monkeypatch, scope, sentence
):
    monkeypatch.setenv("MELTANO_LOAD_MISSING_SCOPE", scope)
    ran = mirror([], missing_scope={})
    assert str(ran.error).startswith(f"missing_scope: {sentence}") if sentence else not ran.error
    assert mirror([], on_missing="ignore", missing_scope=None, match_on=None).error is None


def test_a_scope_has_to_fit_each_model_before_anything_of_it_is_written(
    bench, complete, mirror, insert
):
    ran = mirror(complete("a", stream="objectives", name="n"))
    assert "objectives has no property called source" in str(ran.error)
    ran = mirror(complete("a", stream="objectives", name="n"), missing_scope={})
    assert "objectives cannot be archived" in str(ran.error)
    assert bench.sandbox.requests == []


def test_a_scope_is_compared_by_value_and_by_type(bench, tenant, insert, complete, mirror):
    insert("a")
    scope = {"custom": {"Score": 1, "Share": 0.1, "Teams": ["x"]}, "archived": False}
    fields = {"archived": False}
    custom = {"Score": 1.0, "Share": 0.1, "Teams": ["x"]}
    inside = insert("b", custom={**custom, "Other": 2}, **fields)
    insert("c", custom={**custom, "Score": True}, **fields)
    insert("d", custom={**custom, "Score": "1"}, **fields)
    insert("e", custom={**custom, "Teams": ["x", "y"]}, **fields)
    insert("f", custom={"Score": 1, "Share": 0.1}, **fields)
    insert("h", custom={**custom, "Share": 0.2}, **fields)
    insert("g", custom=None, **fields)
    mirror(complete("a"), missing_scope=scope)
    assert archived(tenant) == {inside}


def test_without_on_missing_the_summary_is_as_before(bench, complete, insert):
    insert("a")
    ran = bench.run(complete("a"))
    assert ran.target.run.pipeline.counts.removed is None
