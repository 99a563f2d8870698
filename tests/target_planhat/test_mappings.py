"""Mappings in a run: only mapped streams are written, and rejects are kept as received."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

NEVER = b'{"type":"RECORD","stream":"users","record":null}'
"""A record that ends the run if its values are decoded."""


def held(bench, model="issues"):
    return {each["sourceId"]: each for each in bench.sandbox.tenant("alpha").records(model)}


def mapping(stream="bugs", model="issues", **sets):
    """Return a mapping; records name their company by its id."""
    entries = {"sourceId": "key", "title": "fields.summary", "companyIds": "[company]", **sets}
    return {"stream": stream, "model": model, "set": entries}


@pytest.fixture
def source(bench):
    """Make a RECORD of the source."""
    company = bench.company()

    def record(key, stream="bugs", **fields):
        fields = {"summary": f"Issue {key}", **fields}
        return bench.record(stream, key=key, company=company, fields=fields)

    return record


def with_status(**mapping_of_states):
    """Return an entry that rejects records whose state it does not list."""
    return {"status": {"from": "fields.state", "map": mapping_of_states}}


def counted(ran, stream="issues"):
    return {name: count for name, count in ran.counts[stream].items() if count}


def test_only_mapped_streams_are_written(bench, source, caplog):
    lines = [
        bench.schema("bugs"),
        bench.schema("users"),
        bench.schema("objectives"),
        source("a"),
        NEVER,
        bench.record("objectives", sourceId="o", name="Somebody else's", companyId="c"),
        bench.schema("users", id={}),
        NEVER,
        bench.state(1),
    ]
    ran = bench.run(lines, mappings=[mapping()])
    assert ran.error is None
    assert held(bench)["a"]["title"] == "Issue a"
    assert held(bench, "objectives") == {}
    assert counted(ran) == {"read": 1, "created": 1}
    assert counted(ran, "users") == {"read": 2, "skipped": 2}
    assert counted(ran, "objectives") == {"read": 1, "skipped": 1}
    assert ran.states == [{"bookmarks": {"at": 1}}]
    for stream in ("users", "objectives"):
        assert caplog.text.count(f"stream {stream} is left out because no mapping names it") == 1


def test_streams_that_become_one_model_keep_their_order(bench, source):
    lines = [bench.schema("bugs"), bench.schema("chores")]
    lines += [
        source("a", ("bugs", "chores")[number % 2], summary=f"Version {number}")
        for number in range(6)
    ]
    ran = bench.run(lines, mappings=[mapping(), mapping("chores")], batch_size_rows=2)
    assert ran.error is None
    assert held(bench)["a"]["title"] == "Version 5"
    assert counted(ran)["read"] == 6


def test_records_of_batch_files_are_mapped(bench, source, tmp_path):
    file = tmp_path / "records.jsonl.gz"
    records = [source(key)["record"] for key in "ab"]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    batch = {
        "type": "BATCH",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [file.as_uri()],
    }
    lines = [bench.schema("bugs"), bench.schema("users")]
    lines += [{**batch, "stream": stream} for stream in ("bugs", "users")]
    ran = bench.run([*lines, bench.state(1)], mappings=[mapping()])
    assert ran.error is None
    assert held(bench).keys() == {"a", "b"}
    assert counted(ran, "users") == {"read": 2, "skipped": 2}
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_record_before_its_schema_is_an_error_also_in_a_stream_that_is_left_out(bench):
    ran = bench.run([NEVER], mappings=[mapping()])
    assert "line 1 of the input is a RECORD of users without a SCHEMA before it" in str(ran.error)


def test_two_globs_that_fit_a_stream_end_the_run_at_its_schema(bench, source):
    lines = [bench.schema("bugs"), source("a")]
    ran = bench.run(lines, mappings=[mapping("bug*"), mapping("*gs")])
    assert "bug* and *gs both fit the stream bugs" in str(ran.error)
    assert held(bench) == {}


def test_mappings_and_stream_maps_together_are_refused(bench):
    ran = bench.run([], mappings=[mapping()], stream_maps={"users": "__NULL__"})
    assert str(ran.error) == (
        "mappings and stream_maps are both set, and a record is mapped only once: remove one of "
        "them"
    )


def test_a_dry_run_names_the_source_of_each_property(bench, source, caplog):
    caplog.set_level("INFO")
    lines = [bench.schema("bugs"), source("a")]
    bench.run(lines, mappings=[mapping()])
    lines = [bench.schema("bugs"), source("a", summary="New"), source("b")]
    bench.run(lines, mappings=[mapping()], dry_run=True)
    assert "line 2: title: Issue a -> New (fields.summary)" in caplog.text
    assert "line 3: sourceId: b (key), title: Issue b (fields.summary), " in caplog.text
    assert "] ([company])" in caplog.text


def test_a_record_that_its_condition_excludes_is_skipped(bench, source):
    lines = [bench.schema("bugs"), source("a", customer="c"), source("b"), bench.state(1)]
    ran = bench.run(lines, mappings=[{**mapping(), "when": "fields.customer"}])
    assert ran.error is None
    assert held(bench).keys() == {"a"}
    assert counted(ran) == {"read": 2, "created": 1, "skipped": 1}
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_record_that_cannot_be_mapped_is_one_reject_of_its_model_and_kept_as_received(
    bench, source
):
    strange = json.dumps(source("b", state="Odd")).replace('"state"', '"n": 1.50, "state"')
    lines = [bench.schema("bugs"), source("a", state="Open"), strange.encode(), bench.state(1)]
    mappings = [mapping(**with_status(Open="open"))]
    ran = bench.run(lines, mappings=mappings, on_reject="continue")
    assert ran.error is None
    assert counted(ran) == {"read": 2, "created": 1, "rejected": 1}
    assert ran.states == [{"bookmarks": {"at": 1}}]
    schema, reject = bench.rejects_path.read_bytes().splitlines()
    assert json.loads(schema) == bench.schema("bugs")
    assert strange.removesuffix("}}}").replace(" ", "") in reject.decode().replace(" ", "")
    why = json.loads(reject)["reject"]
    assert (why["code"], why["property"], why["line"]) == ("mapping_failed", "status", 3)
    assert "fields.state" in why["message"]
    assert "Odd" not in why["message"]


def test_without_a_reject_file_a_record_that_cannot_be_mapped_fails_the_run(bench, source):
    lines = [bench.schema("bugs"), source("a", state="Open"), bench.state(1)]
    lines += [source("b", state="Odd"), bench.state(2)]
    ran = bench.run(lines, mappings=[mapping(**with_status(Open="open"))])
    assert "1 record was rejected, first line 4, issues: mapping_failed" in str(ran.error)
    assert held(bench).keys() == {"a"}
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_replay_maps_the_record_again(bench, target, source):
    """Rejected by the mapping, by the model and by Planhat; then the mapping and data are right."""
    lines = [bench.schema("bugs"), bench.schema("users"), NEVER]
    lines += [source("a", state="Odd"), source("b", state="Open", done="perhaps")]
    lines += [source("c", state="Open") | {"version": 7}]
    lines[-1]["record"]["company"] = "extid-nobody"
    config = {"on_reject": "continue", "rejects_path": str(bench.rejects_path)}
    entries = {"archived": "fields.done", **with_status(Open="open")}
    first = bench.run(lines, mappings=[mapping(**entries)], **config)
    assert first.error is None
    assert {*first.reject_codes.items()} >= {(4, "mapping_failed"), (5, "wrong_type")}
    assert first.reject_codes.keys() == {4, 5, 6}
    assert held(bench) == {}

    rejects = bench.rejects_path.read_text().replace('"perhaps"', "true")
    bench.rejects_path.write_text(rejects)
    bench.company(externalId="nobody")
    entries = {"archived": "fields.done", **with_status(Open="open", Odd="odd")}
    arguments = ("--input", str(bench.rejects_path))
    run = target(*arguments, config=bench.config(mappings=[mapping(**entries)], **config))
    assert run.code == 0, run.stderr
    statuses = {key: issue["status"] for key, issue in held(bench).items()}
    assert statuses == {"a": "odd", "b": "open", "c": "open"}
    assert held(bench)["b"]["archived"] is True
    assert bench.rejects() == []


ABSENT = object()
VALUES = st.sampled_from([ABSENT, None, "text", 7, 0.5, True, [], ["x"], {}, {"a": None}])


@given(
    records=st.lists(
        st.tuples(st.sampled_from(["bugs", "chores", "users"]), VALUES, VALUES, VALUES), max_size=12
    ),
    expression=st.sampled_from(
        [
            "x",
            "join(',', x)",
            "x.a || y",
            "sum(x)",
            {"text": "x"},
            {"from": "x", "map": {"text": "a"}},
            {"from": "x", "map": {"text": "a"}, "else": None},
        ]
    ),
)
def test_each_record_has_an_outcome_whatever_it_holds(bench, records, expression):
    bench.rejects_path.unlink(missing_ok=True)
    company = bench.company()
    lines = [bench.schema(stream) for stream in ("bugs", "chores", "users")]
    for number, (stream, *values) in enumerate(records):
        fields = {n: v for n, v in zip(("x", "y", "done"), values, strict=True) if v is not ABSENT}
        fields |= {"summary": "A title"}
        lines.append(
            bench.record(stream, key=f"s{number}", company=company, fields=fields, **fields)
        )
    lines.append(bench.state(1))
    wanted = {"status": expression, "archived": "fields.done"}
    mappings = [mapping(**wanted), {**mapping("chores", **wanted), "when": "y"}]
    ran = bench.run(lines, mappings=mappings, on_reject="continue")
    assert ran.error is None, repr(ran.error)
    streams = [stream for stream, *_ in records]
    assert ran.counts.get("users", {}).get("skipped", 0) == streams.count("users")
    issues = ran.counts["issues"]
    assert issues["read"] == len(records) - streams.count("users")
    assert issues["undecided"] == 0
    assert issues["rejected"] == len(ran.rejects)
    for reject in ran.rejects:
        received = lines[reject["reject"]["line"] - 1]
        assert (reject["stream"], reject["record"]) == (received["stream"], received["record"])
    assert ran.states == [{"bookmarks": {"at": 1}}]


def test_a_deletion_is_carried_over(bench, source):
    lines = [bench.schema("bugs"), source("a"), source("b")]
    assert bench.run(lines, mappings=[mapping()]).error is None
    gone = source("a")
    gone["record"] = {"key": "a", "_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    ran = bench.run(
        [bench.schema("bugs"), gone],
        mappings=[{**mapping(), "when": "fields.customer"}],
        deletes="delete",
    )
    assert ran.error is None
    assert counted(ran) == {"read": 1, "deleted": 1}
    assert held(bench).keys() == {"b"}


def with_set(entries):
    return {"mappings": [{**mapping(), "set": {"sourceId": "key", **entries}}]}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (with_set({"title": "fields..summary"}), "title"),
        (with_set({"titel": "key"}), "did you mean title?"),
        (with_set({"createdAt": "key"}), "only Planhat writes this property"),
        (with_set({"title": {"externalId": "key"}}), "refers to a company"),
        ({"mappings": [{**mapping(), "model": "tickets"}]}, "tickets"),
        (with_set({"title": {"form": "key"}}), "exactly one of from, value, text"),
        ({"mappings": [mapping(), mapping()]}, "two mappings of stream bugs"),
        ({"mappings": mapping()}, "mappings must be a list"),
        ({"mappings": [mapping()], "stream_maps": {"a": "__NULL__"}}, "stream_maps are both set"),
    ],
)
def test_wrong_mappings_end_the_run_with_one_sentence_before_anything_is_read(
    bench, target, config, sentence
):
    run = target(config=bench.config(**config), stdin=b"not a message\n")
    assert run.code == 1
    assert run.stdout == b""
    assert sentence in run.last_line
    assert "mappings" in run.last_line
    assert "not JSON" not in run.stderr
    assert "Traceback" not in run.stderr
    assert bench.sandbox.requests == []


def test_two_globs_that_fit_a_stream_end_the_process_with_one_sentence(bench, target, source):
    config = bench.config(mappings=[mapping("bug*"), mapping("*gs")])
    run = target(config=config, stdin=bench.lines([bench.schema("bugs"), source("a")]))
    assert run.code == 1
    assert run.last_line.startswith(
        "target-planhat: mappings: bug* and *gs both fit the stream bugs; "
    )
    assert "Traceback" not in run.stderr


def test_mappings_come_from_the_environment_as_json(bench, target, source):
    settings = bench.config()
    environment = {f"TARGET_PLANHAT_{name.upper()}": str(settings[name]) for name in settings}
    lines = bench.lines([bench.schema("bugs"), bench.schema("users"), source("a")])
    environment["TARGET_PLANHAT_MAPPINGS"] = json.dumps([mapping()])
    run = target("--config=ENV", env=environment, stdin=lines)
    assert run.code == 0, run.stderr
    assert held(bench)["a"]["title"] == "Issue a"
    environment["TARGET_PLANHAT_MAPPINGS"] = "[{'stream': 'bugs'}]"
    run = target("--config=ENV", env=environment, stdin=lines)
    assert run.code == 1
    assert "TARGET_PLANHAT_MAPPINGS" in run.last_line
    assert "'stream'" not in run.stderr


def test_mappings_are_listed_by_about(target):
    about = json.loads(target("--about", "--format=json").stdout)
    assert about["settings"]["properties"]["mappings"]["type"] == "array"


def test_a_dry_run_shows_those_custom_fields_that_differ_and_no_others(bench, source, caplog):
    fields = {"Labels": ["x"], "Sprint": "Week 6", "Team": "by hand"}
    record = source("a", labels=["x"], sprint="Week 7", points=None)
    company = record["record"]["company"]
    held = {"sourceId": "a", "title": "Issue a", "companyIds": [company], "custom": fields}
    bench.sandbox.tenant("alpha").insert("issues", held)
    custom = {"Labels": "fields.labels", "Sprint": "fields.sprint", "Points": "fields.points"}
    lines = [bench.schema("bugs"), record]
    caplog.set_level("INFO")
    ran = bench.run(lines, mappings=[mapping(custom=custom)], dry_run=True)
    assert counted(ran) == {"read": 1, "updated": 1}
    shown = [line for line in caplog.messages if line.startswith("would ")]
    assert shown == ["would update issues, line 2: custom.Sprint: Week 6 -> Week 7 (fields.sprint)"]


JIRA = {
    "stream": "issues",
    "model": "issues",
    "when": "fields.customfield_10057",
    "set": {
        "sourceId": "key",
        "source": {"value": "Jira"},
        "title": "fields.summary",
        "description": {"text": "fields.description"},
        "status": "fields.status.name",
        "priority": {"from": "fields.priority.name", "map": {"Highest": "P1"}, "else": "P4"},
        "archived": "fields.status.statusCategory.key == 'done'",
        "companyIds": [{"externalId": "fields.customfield_10057"}],
        "custom": {"Labels": "fields.labels"},
    },
}


def told(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "target-planhat"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_says_how_many_records_it_skips_for_each_reason(bench, source, caplog, dry_run):
    caplog.set_level("INFO")
    bench.sandbox.tenant("alpha").insert("issues", {"sourceId": "held"})
    lines = [bench.schema("bugs"), bench.schema("users"), source("held"), source("a"), source("a")]
    lines += [source("c", kind="task"), source("d", kind=None), NEVER]
    lines += [source(f"new {number}", kind="bug") for number in range(6)]
    bugs = {**mapping(), "when": "fields.kind != 'task'"}
    lines.append(
        bench.record("bugs", key="held", fields={}, _sdc_deleted_at="2024-01-31T10:00:00Z")
    )
    ran = bench.run(lines, mappings=[bugs], write_mode="update", dry_run=dry_run)
    assert ran.error is None
    verb = "would skip" if dry_run else "skipped"
    assert counted(ran) == {"read": 12, "updated": 1, "skipped": 11}
    assert (
        f"issues: {verb} 9 records not in Planhat (write_mode is set to update), 1 record left out "
        "by `when` of the mapping, 1 record deleted in the source (deletes is set to ignore)"
    ) in told(caplog)
    assert f"users: {verb} 1 record of a stream that is not mapped" in told(caplog)
    shown = [line for line in told(caplog) if line.startswith("would skip")]
    assert len(shown) == (5 if dry_run else 0)
    for line in shown:
        assert re.fullmatch(
            r"would skip issues, line \d+: not in Planhat \(write_mode is set to update\)", line
        )


def warned(caplog):
    return [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]


def test_a_dry_run_warns_of_a_when_that_leaves_every_record_out(bench, source, caplog):
    lines = [bench.schema("bugs"), *map(source, "abc")]
    misspelt = {**mapping(status="fields.state"), "when": "fields.knid"}
    bench.run(lines, mappings=[misspelt], dry_run=True)
    (warning,) = warned(caplog)
    assert warning == (
        "when (fields.knid) is false or null for every record of bugs (3 records): unless that is "
        "meant, check its spelling"
    )
    caplog.clear()
    bench.run(lines, mappings=[misspelt])
    assert warned(caplog) == []


def test_a_dry_run_warns_of_entries_that_no_record_has(bench, source, caplog):
    lines = [bench.schema("bugs"), source("a", kind=None), source("b", state="Open")]
    custom = {"Kind": "fields.kind", "Team": "fields.taem"}
    mappings = [mapping(status="fields.state", priority="fields.prio", custom=custom)]
    bench.run(lines, mappings=mappings, dry_run=True)
    (warning,) = warned(caplog)
    assert warning == (
        "no mapped record of bugs has a value for priority (fields.prio), custom.Team "
        "(fields.taem): unless the source has none, check the spelling"
    )
    caplog.clear()
    bench.run(lines, mappings=mappings)
    assert warned(caplog) == []


def test_a_dry_run_does_not_warn_of_a_mapping_whose_records_it_has_not_seen(bench, source, caplog):
    unlisted = {"from": "fields.summary", "map": {}}
    lines = [bench.schema("bugs"), bench.schema("chores")]
    lines.append(bench.record("bugs", key="a", gone="2024-01-31T10:00:00Z"))
    never = mapping(_sdc_deleted_at="gone", status="fields.state")
    mappings = [never, mapping("chores")]
    bench.run(lines, mappings=mappings, dry_run=True)
    rejected = {**mapping(title=unlisted), "when": "fields.summary"}
    lines = [bench.schema("bugs"), source("a"), source("b", summary=None)]
    bench.run(lines, mappings=[rejected], dry_run=True, on_reject="continue")
    assert not any("spelling" in line for line in warned(caplog))
    lines = [bench.schema("bugs"), source("b", state=None)]
    lines.append(bench.record("bugs", key="a", gone="2024-01-31T10:00:00Z"))
    bench.run(lines, mappings=[never], dry_run=True)
    assert not any("spelling" in line for line in warned(caplog))


def test_a_person_tries_a_mapping_with_a_dry_run_on_a_file(bench, target):
    for customer in ("acme-1", "acme-2", "acme-3"):
        bench.company(externalId=customer)
    issue = {"sourceId": "HELP-1", "title": "Wrong totals", "custom": {"Labels": ["reports"]}}
    issue["custom"]["Team"] = "by hand"
    bench.sandbox.tenant("alpha").insert("issues", issue)
    sample = str(ROOT / "tests/support/jira.singer")
    run = target("--input", sample, config=bench.config(mappings=[JIRA], dry_run=True))
    assert run.code == 0, run.stderr
    shown = [line.split(" | ")[-1] for line in run.stderr.splitlines()]
    changed, *created = [line for line in shown if line.startswith("would ")]
    assert changed == (
        "would update issues, line 4: source: null -> Jira, "
        "title: Wrong totals -> Report shows wrong totals (fields.summary), "
        r'description: null -> "The totals of March are too high.\nNet: 12.50\nGross: 15.0… '
        "(fields.description), status: null -> In Progress (fields.status.name), "
        "priority: null -> P1 (fields.priority.name), "
        'companyIds: [] -> ["extid-acme-1"] (fields.customfield_10057)'
    )
    assert [line.partition(":")[0] for line in created] == [
        f"would create issues, line {number}" for number in (5, 6, 8)
    ]
    assert (
        "stream projects is left out because no mapping names it: its records are counted as "
        "skipped"
    ) in shown
    summary = json.loads(shown[-1].partition("Dry run: nothing was written. Summary: ")[2])
    counts = {name: summary["streams"]["issues"][name] for name in ("created", "updated")}
    assert counts == {"created": 3, "updated": 1}
    assert summary["streams"]["issues"]["skipped"] == 1
