"""The dlt source, with real dlt, into real DuckDB."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from warehouse import parsed


def fill(tenant, clock, count):
    """Insert issues an hour apart from each other."""
    for number in range(count):
        clock.tick()
        tenant.insert("issues", {"title": f"issue {number}", "sourceId": f"s{number}"})


def titles(tenant):
    return {issue["_id"]: issue["title"] for issue in tenant.records("issues")}


@contextmanager
def locked(file):
    """Keep a DuckDB database open in another process."""
    code = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(file)], **pipes) as process:
        process.stdout.readline()
        yield
        process.communicate(b"\n")


def test_values_arrive_as_planhat_has_them(warehouse, tenant, clock, company):
    custom = {"Team A": "x", "Team-A": None, "When": "2024-01-01", "Size": 1.5, "Tags": ["a"]}
    rest = {"companyIds": [company], "archived": False, "custom": custom}
    made = tenant.insert("issues", {"title": "2024-01-01T00:00:00Z", **rest})
    tenant.insert("issues", {"title": "0012", "mrrCombined": 1, "description": None})
    tenant.insert("issues", {"title": "text", "mrrCombined": 1.5})
    assert warehouse.run() == {"issues": 3}
    first, second, third = warehouse.rows()
    assert first["_id"] == made["_id"]
    assert [row["title"] for row in (first, second, third)] == [
        *("2024-01-01T00:00:00Z", "0012", "text"),
    ]
    assert parsed(first["custom"]) == custom
    assert parsed(first["company_ids"]) == [company]
    assert first["archived"] is False
    assert first["updated_at"] == datetime.fromtimestamp(clock.now, timezone.utc)
    assert [second["mrr_combined"], third["mrr_combined"]] == [1.0, 1.5]
    assert second["description"] is None
    assert not [name for name in first if "__" in name], "no column is a variant of another"


def test_a_second_run_loads_what_has_changed(warehouse, tenant, clock):
    fill(tenant, clock, 30)
    assert warehouse.run() == {"issues": 30}
    changed = tenant.records("issues")[3]["_id"]
    clock.tick()
    tenant.update("issues", changed, {"title": "changed", "sourceId": None})
    assert warehouse.run() == {"issues": 2}, "the change, and what is as new as the newest was"
    assert warehouse.titles() == titles(tenant)
    assert {row["_id"]: row["source_id"] for row in warehouse.rows()}[changed] is None


def test_a_run_without_changes_loads_nothing_new(warehouse, tenant, clock):
    fill(tenant, clock, 3)
    warehouse.run()
    before = warehouse.rows()
    warehouse.run()
    assert warehouse.rows() == before


def test_deleted_records_leave_the_table(warehouse, tenant, clock):
    fill(tenant, clock, 5)
    assert warehouse.run(detect_deletes=True) == {"issues": 5}, "there is no table yet"
    first, *_, last = tenant.records("issues")
    tenant.delete("issues", first["_id"])
    tenant.delete("issues", last["_id"])
    fill(tenant, clock, 1)
    warehouse.run(detect_deletes=True)
    assert warehouse.titles() == titles(tenant)
    assert first["_id"] not in warehouse.titles()


def test_deleted_records_stay_unless_deletions_are_asked_for(warehouse, tenant, clock):
    fill(tenant, clock, 2)
    warehouse.run()
    tenant.delete("issues", tenant.records("issues")[0]["_id"])
    warehouse.run()
    assert len(warehouse.titles()) == 2


def test_a_record_that_only_its_list_does_not_have_stays(warehouse, sandbox, tenant, clock):
    fill(tenant, clock, 3)
    warehouse.run(detect_deletes=True)
    kept = titles(tenant)
    hidden = tenant.records("issues")[1]

    def hide(request):
        if request.route == "list":
            tenant.delete("issues", hidden["_id"])

    def show(request):
        if request.route == "list":
            tenant.insert("issues", hidden)

    sandbox.before_each_request.append(hide)
    sandbox.after_each_request.append(show)
    warehouse.run(detect_deletes=True)
    assert warehouse.titles() == kept


def test_models_without_a_replication_key_are_read_in_full(warehouse, tenant):
    for name in "ab":
        tenant.insert("projects", {"name": name})
    assert warehouse.run("projects") == {"projects": 2}
    assert warehouse.run("projects") == {"projects": 2}
    assert [row["name"] for row in warehouse.rows("projects")] == ["a", "b"]


def test_a_tenant_that_changes_while_it_is_read_is_complete_after_the_next_run(
    warehouse, sandbox, tenant, clock
):
    fill(tenant, clock, 50)
    sandbox.behave(maximum_limit=7)

    *early, late = [issue["_id"] for issue in tenant.records("issues")]
    early = iter(early)

    def change(request):
        if request.route == "list":
            records = tenant.records("issues")
            # How many lists are requested differs: pages ahead may be thrown away.
            for changed in {record["_id"] for record in records} & {next(early, late), late}:
                clock.tick()
                tenant.update("issues", changed, {"title": f"changed at {clock.now}"})
            tenant.delete("issues", records[len(records) // 2]["_id"])
            tenant.insert("issues", {"title": f"new at {clock.now}"})

    sandbox.before_each_request.append(change)
    warehouse.run(detect_deletes=True)
    sandbox.before_each_request.clear()
    warehouse.run(detect_deletes=True)
    assert warehouse.titles() == titles(tenant)


def test_a_run_that_fails_while_reading_changes_nothing_and_the_next_one_is_complete(
    warehouse, sandbox, tenant, clock
):
    fill(tenant, clock, 3)
    warehouse.run()
    before = warehouse.rows()
    fill(tenant, clock, 40)
    sandbox.behave(maximum_limit=7)
    sandbox.fault("status", route="list", status=403, nth=3)
    with pytest.raises(PipelineStepFailed, match="403"):
        warehouse.run()
    assert warehouse.rows() == before
    warehouse.run()
    assert warehouse.titles() == titles(tenant)


def test_a_load_that_fails_is_repeated_and_loses_and_doubles_nothing(warehouse, tenant, clock):
    fill(tenant, clock, 3)
    warehouse.run()
    tenant.update("issues", tenant.records("issues")[0]["_id"], {"title": "changed"})
    fill(tenant, clock, 3)
    with locked(warehouse.file), pytest.raises(PipelineStepFailed, match="lock"):
        warehouse.run()
    tenant.update("issues", tenant.records("issues")[1]["_id"], {"title": "changed later"})
    warehouse.run()
    warehouse.run()
    assert warehouse.titles() == titles(tenant)


def test_the_state_is_in_the_destination_too(warehouse, tenant, clock, tmp_path):
    fill(tenant, clock, 5)
    warehouse.run()
    warehouse.pipelines.rename(tmp_path / "lost")
    fill(tenant, clock, 2)
    assert warehouse.run() == {"issues": 3}, "only what is new: the container's disk was not needed"
    assert warehouse.titles() == titles(tenant)
