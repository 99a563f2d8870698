"""A replay does not overwrite what Planhat got after a record was rejected."""

from __future__ import annotations

import json
import time

import pytest
from replays import NOWHERE, Pipe

from planhat_sync.writing.matching.finder import MAX_LOOKUPS

MANY = 2 * MAX_LOOKUPS


@pytest.fixture
def pipe(bench):
    return Pipe(bench)


@pytest.fixture(params=[1, MANY], ids=["looked up", "in the list"])
def rejected(pipe, request):
    """Rejects of existing records, corrected: few are looked up one by one, many in the list."""
    keys = [f"k{number}" for number in range(request.param)]
    for key in keys:
        pipe.touch(key, title="before")
    pipe.run([pipe.record(key, "mine", archived="perhaps") for key in keys])
    pipe.correct()
    return keys


def test_a_record_that_nobody_has_changed_since_is_written(pipe, rejected):
    assert pipe.replay() == []
    assert pipe.titles() == dict.fromkeys(rejected, "mine")


def test_a_record_that_somebody_has_changed_since_is_rejected_again(pipe, rejected):
    first = {each["record"]["sourceId"]: each["reject"] for each in pipe.bench.rejects()}
    pipe.touch("k0", title="theirs")
    assert pipe.replay() == ["newer_in_planhat"]
    assert pipe.titles() == {**dict.fromkeys(rejected, "mine"), "k0": "theirs"}
    (again,) = pipe.bench.rejects()
    assert again["reject"]["rejected_at"] == first["k0"]["rejected_at"]
    assert again["record"]["title"] == "mine"
    assert "was changed in Planhat at 2023-11-14T" in again["reject"]["message"]
    assert pipe.replay() == ["newer_in_planhat"]
    assert pipe.replay(replay_over_newer=True) == []
    assert pipe.titles()["k0"] == "mine"


def test_a_property_that_the_reject_does_not_have_makes_its_record_newer_too(pipe, rejected):
    pipe.touch("k0", description="theirs", title="before")
    assert pipe.replay() == ["newer_in_planhat"]


def test_what_planhat_has_already_needs_no_write_however_new_it_is(pipe, rejected):
    pipe.touch("k0", title="mine", archived=False)
    writes = len(pipe.tenant.writes)
    assert pipe.replay() == []
    assert pipe.counts["unchanged"] == 1
    assert pipe.counts["updated"] == len(rejected) - 1
    assert len(pipe.tenant.writes) == writes + len(rejected) - 1


@pytest.mark.parametrize("deletes", ["archive", "delete"])
@pytest.mark.parametrize("keyable", ["sourceId", "_id"])
@pytest.mark.parametrize("fillers", [0, MANY])
def test_archives_and_deletes_of_newer_records_are_rejected_too(pipe, deletes, keyable, fillers):
    for key in ("a", "b"):
        pipe.touch(key, title="before")
    by = {each["sourceId"]: each for each in pipe.tenant.records("issues")}
    gone = [
        pipe.bench.record(_sdc_deleted_at="yesterday", **{keyable: by[key][keyable]})
        for key in ("a", "b")
    ]
    more = [pipe.record(f"f{number}", "t", archived="perhaps") for number in range(fillers)]
    assert pipe.run([*more, *gone], deletes=deletes)[-2:] == ["wrong_type"] * 2
    pipe.correct()
    path = pipe.bench.rejects_path
    path.write_text(path.read_text().replace("yesterday", "2024-01-31"))
    pipe.touch("a", title="theirs")
    # A dry run says the same.
    assert pipe.replay(deletes=deletes, dry_run=True)[-2:] == ["wrong_type"] * 2
    assert pipe.counts["rejected"] == 1
    assert pipe.replay(deletes=deletes) == ["newer_in_planhat"]
    left = {each["sourceId"]: each.get("archived") for each in pipe.tenant.records("issues")}
    assert left.get("a", "deleted") is not True
    assert left.get("a", "deleted") != "deleted"
    assert left.get("b", "deleted") in (True, "deleted")
    assert pipe.replay(deletes=deletes, replay_over_newer=True) == []


@pytest.mark.parametrize("key", ["new", "old"])
@pytest.mark.parametrize("rows", [1, 50])
@pytest.mark.parametrize("fillers", [0, MANY])
def test_two_rejects_of_one_record_are_both_written(pipe, key, rows, fillers):
    """The second one is compared with what was in Planhat before this run wrote the first one."""
    pipe.touch("old", title="before")
    more = [pipe.record(f"f{number}", "t", archived="perhaps") for number in range(fillers)]
    two = [
        pipe.record(key, "first", description="kept", archived="perhaps"),
        pipe.record(key, "second", archived="perhaps"),
    ]
    pipe.run([*more, *two], batch_size_rows=rows)
    pipe.correct()
    assert pipe.replay(batch_size_rows=rows) == []
    (record,) = [each for each in pipe.tenant.records("issues") if each["sourceId"] == key]
    assert (record["title"], record["description"]) == ("second", "kept")


@pytest.mark.parametrize("fillers", [0, MANY])
def test_a_record_that_a_replay_has_created_and_updated_is_not_newer_either(pipe, fillers):
    more = [pipe.record(f"f{number}", "t", archived="perhaps") for number in range(fillers)]
    titles = ("first", "second", "third")
    three = [pipe.record("new", title, archived="perhaps") for title in titles]
    pipe.run([*more, *three])
    pipe.correct()
    assert pipe.replay(batch_size_rows=1) == []
    assert pipe.titles()["new"] == "third"


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "status-after"])
@pytest.mark.parametrize("key", ["new", "k0"])
def test_a_write_whose_answer_was_lost_does_not_make_its_record_newer(pipe, rejected, key, fault):
    path = pipe.bench.rejects_path
    lines = path.read_bytes().splitlines()
    path.unlink()
    two = [pipe.record(key, title, archived="perhaps") for title in ("first", "second")]
    two[0]["record"]["description"] = "kept"
    pipe.run([*lines, *two])
    pipe.correct()
    pipe.bench.sandbox.fault(fault, route="bulk", times=1)
    assert pipe.replay(batch_size_rows=1) == []
    assert pipe.titles() == {**dict.fromkeys(rejected, "mine"), key: "second"}


def test_a_reject_behind_an_accepted_record_of_its_run_is_not_older_than_that(pipe):
    pipe.run([pipe.record("a", "first"), pipe.record("a", "second", archived="perhaps")])
    pipe.correct()
    assert pipe.replay() == []
    assert pipe.titles() == {"a": "second"}


@pytest.mark.parametrize("rows", [1, 50])
def test_a_reject_in_front_of_an_accepted_record_of_its_run_is_older_than_that(pipe, rows):
    lines = [pipe.record("a", "first", archived="perhaps"), pipe.record("a", "second")]
    pipe.run(lines, batch_size_rows=rows)
    pipe.correct()
    assert pipe.replay() == ["newer_in_planhat"]
    assert pipe.titles() == {"a": "second"}


@pytest.mark.parametrize("wrong", [{"archived": "perhaps"}, {"companyIds": [NOWHERE]}])
def test_a_clock_that_is_ahead_of_planhats_hides_no_change(pipe, wrong):
    """Planhat's answers carry a Date; the first one comes before the rejects are written."""
    pipe.bench.sandbox.clock = lambda: pipe.time.epoch() - 300
    pipe.touch("a", title="before")
    pipe.run([pipe.record("a", "mine", **wrong), pipe.record("b", "mine")])
    pipe.correct()
    pipe.time.seconds += 2
    pipe.touch("a", title="theirs")
    assert pipe.replay() == ["newer_in_planhat"]
    assert pipe.titles()["a"] == "theirs"


def test_a_record_whose_age_planhat_does_not_tell_is_not_overwritten(pipe, rejected):
    pipe.touch("k0", updatedAt=None, title="theirs")
    assert pipe.replay() == ["newer_in_planhat"]
    assert "may have been changed" in pipe.bench.rejects()[0]["reject"]["message"]
    assert pipe.titles()["k0"] == "theirs"


def edit(pipe, change):
    """Change the reject object of every line of the reject file."""
    lines = [json.loads(line) for line in pipe.bench.rejects_path.read_bytes().splitlines()]
    for line in lines:
        if line["type"] == "RECORD":
            change(line)
    pipe.bench.rejects_path.write_bytes(pipe.bench.lines(lines))


def test_rejects_of_the_version_before_are_written_with_one_warning(pipe, rejected, caplog):
    edit(pipe, lambda line: line["reject"].pop("rejected_at"))
    pipe.touch("k0", title="theirs")
    assert pipe.replay() == []
    assert pipe.titles() == dict.fromkeys(rejected, "mine")
    warnings = [each for each in caplog.messages if "do not say when they are from" in each]
    assert len(warnings) == 1


@pytest.mark.parametrize("time", ["yesterday", 7, [], "2026-13-01T00:00:00Z", "\ud800", 1e400])
def test_a_time_that_is_not_one_is_a_reject_until_it_is_corrected(pipe, rejected, time):
    edit(pipe, lambda line: line["reject"].update(rejected_at=time))
    assert pipe.replay() == ["wrong_type"] * len(rejected)
    assert pipe.replay() == ["wrong_type"] * len(rejected)
    assert pipe.titles() == dict.fromkeys(rejected, "before")
    edit(pipe, lambda line: line["reject"].update(rejected_at="2023-11-15"))
    assert pipe.replay() == []


def test_objectives_have_no_age_and_are_written_with_one_warning(bench, caplog):
    company = bench.company()
    objectives = [
        bench.record("objectives", sourceId=key, name="n", companyId=company, health="good")
        for key in "ab"
    ]
    assert set(
        bench.run(
            [bench.schema("objectives"), *objectives], on_reject="continue"
        ).reject_codes.values()
    ) == {"wrong_type"}
    lines = bench.rejects_path.read_bytes().replace(b'"good"', b"7").splitlines()
    bench.rejects_path.unlink()
    ran = bench.run(lines, on_reject="continue")
    assert (ran.error, ran.rejects) == (None, [])
    assert len(bench.sandbox.tenant("alpha").records("objectives")) == 2
    said = [each for each in caplog.messages if "does not say when it has changed objec" in each]
    assert len(said) == 1


def test_a_stream_map_is_applied_again_to_a_replayed_record(pipe):
    pipe.touch("a", title="before")
    maps = {"issues": {"sourceId": "key", "title": "title", "companyIds": "companies"}}
    raw = pipe.bench.record(key="a", title=None, companies=[pipe.company])
    maps["issues"]["title"] = "title.strip()"
    assert pipe.run([raw], stream_maps=maps) == ["mapping_failed"]
    edit(pipe, lambda line: line["record"].update(title=" mine "))
    pipe.touch("a", title="theirs")
    assert pipe.replay(stream_maps=maps) == ["newer_in_planhat"]
    assert pipe.bench.rejects()[0]["record"]["key"] == "a"
    assert pipe.replay(stream_maps=maps, replay_over_newer=True) == []
    assert pipe.titles() == {"a": "mine"}


@pytest.mark.parametrize("on_file", ["the record is corrected", "the mapping is corrected"])
def test_a_mapping_is_applied_again_to_a_replayed_record(bench, on_file):
    company = bench.company()
    mapping = {
        "stream": "tickets",
        "model": "issues",
        "set": {
            "sourceId": "key",
            "title": "fields.summary",
            "priority": {"from": "fields.priority", "map": {"High": "P1"}},
            "companyIds": [{"value": company}],
        },
    }
    ticket = {"key": "T-1", "fields": {"summary": "mine", "priority": "Höchste"}}
    lines = [bench.schema("tickets"), bench.record("tickets", **ticket)]
    ran = bench.run(lines, on_reject="continue", mappings=[mapping])
    (line,) = ran.rejects
    assert (line["reject"]["code"], line["record"]) == ("mapping_failed", ticket)
    if on_file == "the record is corrected":
        line["record"]["fields"]["priority"] = "High"
    else:
        mapping["set"]["priority"]["map"]["Höchste"] = "P1"
    bench.rejects_path.unlink()
    tenant = bench.sandbox.tenant("alpha")
    bench.sandbox.clock = lambda: time.time() + 60  # certainly later than the reject
    theirs = {"title": "theirs", "sourceId": "T-1", "companyIds": [company]}
    identifier = tenant.insert("issues", theirs)["_id"]
    replay = {"on_reject": "continue", "mappings": [mapping]}
    (again,) = bench.run([lines[0], line], **replay).rejects
    assert (again["reject"]["code"], again["record"]) == ("newer_in_planhat", line["record"])
    bench.rejects_path.unlink()
    assert bench.run([lines[0], again], **replay, replay_over_newer=True).rejects == []
    (issue,) = tenant.records("issues")
    assert (issue["_id"], issue["title"], issue["priority"]) == (identifier, "mine", "P1")


@pytest.mark.parametrize("fillers", [0, MANY])
def test_what_a_replay_wrote_before_it_was_killed_is_unchanged_when_it_is_replayed(pipe, fillers):
    """Also if it names its company by an identifier that Planhat does not store."""
    pipe.tenant.insert("companies", {"name": "Acme", "externalId": "acme"})
    pipe.company = "extid-acme"
    keys = ["a", *(f"f{number}" for number in range(fillers))]
    pipe.run([pipe.record(key, "mine", archived="perhaps", custom={"n": 1.50}) for key in keys])
    pipe.correct()
    assert pipe.replay() == []
    assert pipe.counts["created"] == len(keys)
    (aside,) = pipe.bench.rejects_path.parent.glob("*.replayed-1")
    assert pipe.replay(aside) == []
    assert pipe.counts["unchanged"] == len(keys)


X_TO_ISSUES = {
    "stream": "x",
    "model": "issues",
    "set": {
        "sourceId": "id",
        "title": "name",
        "companyIds": "c",
        "source": {"from": "by", "map": {"us": "Us"}},
    },
}


@pytest.mark.parametrize(
    ("stream", "wrong", "config"),
    [
        ("issues", {"archived": "perhaps"}, {"batch_size_rows": 1, "concurrency": 4}),
        ("issues", {"archived": "perhaps"}, {"concurrency": 4}),
        ("x", {"by": "them"}, {"mappings": [X_TO_ISSUES]}),
        ("x", {"by": "them"}, {"mappings": [X_TO_ISSUES], "batch_size_rows": 1, "concurrency": 4}),
    ],
    ids=["in flight", "waits", "mapped", "mapped, in flight"],
)
def test_a_record_is_rejected_after_those_before_it_are_written(bench, stream, wrong, config):
    """So it is the newer one, and its replay writes it."""
    bench.sandbox.fault("slow-work", route="bulk", seconds=0.05)
    company, (key, title, companies) = (
        bench.company(),
        {
            "issues": ("sourceId", "title", "companyIds"),
            "x": ("id", "name", "c"),
        }[stream],
    )
    made = {key: "a", companies: [company]}
    lines = [
        bench.record(stream, **made, **{title: "old"}),
        bench.record(stream, **made, **{title: "new"}, **wrong),
    ]
    bench.run([bench.schema(stream), *lines], on_reject="continue", **config)
    text = (
        bench.rejects_path.read_bytes().replace(b'"perhaps"', b"false").replace(b'"them"', b'"us"')
    )
    ran = bench.run(text.splitlines(), **config)
    assert ran.error is None
    assert [each["title"] for each in bench.sandbox.tenant("alpha").records("issues")] == ["new"]
