"""The plan: every record is in a task, whichever companies are added or removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planhat_jobs.copies import ALL, REST, Copy, Shard, Sharding, Side, plan, read_copies

EXAMPLES = Path(__file__).parents[2] / "examples"


def copy_of(**streams: Sharding) -> Copy:
    return Copy("acme", Side("tap-planhat"), Side("target-planhat"), streams)


def never(_stream: str, _shards: int) -> list[str]:
    raise AssertionError("nobody needs the list of companies")


def record(**properties: object) -> bytes:
    return json.dumps({"type": "RECORD", "stream": "issues", "record": properties}).encode()


def tasks_for(companies: list[str], shards: int = 3) -> dict[str, Shard]:
    planned = plan(copy_of(issues=Sharding(shards, companies)), never)
    return {task["shard"]: Shard(task["shard"], frozenset(task["companies"])) for task in planned}


def test_a_stream_that_is_not_divided_is_one_task_that_reads_everything():
    assert plan(copy_of(issues=Sharding()), never) == [
        {"stream": "issues", "shard": ALL, "companies": []}
    ]
    assert Shard(ALL).passes(b'{"type":"ACTIVATE_VERSION"}')


def test_every_company_is_in_one_shard_and_left_out_of_rest():
    companies = [f"company-{n}" for n in range(50)]
    tasks = tasks_for(companies)
    assert list(tasks) == ["1-of-3", "2-of-3", "3-of-3", REST]
    members = [
        company for name, shard in tasks.items() if name != REST for company in shard.companies
    ]
    assert sorted(members) == sorted(companies)
    assert tasks[REST].companies == set(companies)


def test_a_company_more_moves_no_other():
    companies = [f"company-{n}" for n in range(50)]
    before, after = tasks_for(companies), tasks_for([*companies, "a new one"])
    grown = [name for name in before if before[name] != after[name]]
    assert len(grown) == 2, "its shard, and rest"
    assert REST in grown


def test_a_shard_without_companies_is_not_a_task_since_it_would_read_everything():
    assert set(tasks_for(["only one"])) - {REST} == {
        name for name, shard in tasks_for(["only one"]).items() if shard.companies == {"only one"}
    } - {REST}
    assert list(tasks_for([])) == [REST]


def test_companies_are_listed_only_for_streams_that_are_divided_by_a_list():
    asked = []

    def listed(stream: str, shards: int) -> list[str]:
        asked.append((stream, shards))
        return ["c1", "c2"]

    streams = {"issues": Sharding(2), "objectives": Sharding(3, ["c1"]), "tasks": Sharding()}
    plan(copy_of(**streams), listed)
    assert asked == [("issues", 2)]


def test_rest_takes_what_no_shard_reads_and_nothing_else():
    rest = Shard(REST, frozenset({"c1", "c2"}))
    assert rest.passes(record(companyIds=[]))
    assert rest.passes(record())
    assert rest.passes(record(companyIds=None))
    assert rest.passes(record(companyIds=["c3"]))
    assert rest.passes(record(companyId="c3"))
    assert rest.passes(b'{"type": "STATE", "value": {}}')
    assert not rest.passes(record(companyIds=["c3", "c1"]))
    assert not rest.passes(record(companyId="c2"))
    assert Shard(REST).passes(record(companyId="c2"))


@pytest.mark.parametrize("name", ["1-of-2", REST])
def test_no_shard_tells_a_warehouse_to_delete_what_the_others_wrote(name):
    shard = Shard(name, frozenset({"c1"}))
    assert not shard.passes(b'{"type": "ACTIVATE_VERSION", "stream": "objectives", "version": 1}')
    about_it = record(companyId="c9", title="ACTIVATE_VERSION")
    assert shard.passes(about_it)


def test_a_company_that_no_shard_reads_any_more_is_read_by_rest_from_its_beginning():
    assert Shard(REST, frozenset({"c1"})).returned(frozenset({"c1", "c2"})) == {"c2"}
    assert Shard(REST, frozenset({"c1", "c2"})).returned(frozenset({"c1"})) == set()
    assert Shard("1-of-2", frozenset({"c1"})).returned(frozenset({"c1", "c2"})) == set()


def test_the_example_file_can_be_read():
    assert read_copies(EXAMPLES / "airflow" / "dags" / "copies.json")


@pytest.mark.parametrize(
    "entry",
    [{}, {"tap": {}, "target": {"command": "t"}, "streams": {}}, {"tap": {"command": "t", "x": 1}}],
)
def test_a_copy_that_is_not_as_it_should_be_is_named(tmp_path, entry):
    path = tmp_path / "copies.json"
    path.write_text(json.dumps({"acme": entry}))
    with pytest.raises(ValueError, match="copy 'acme' is not as it should be"):
        read_copies(path)
