"""Deletions in PostgreSQL, with the target that people use for it and its hard deletes on."""

from __future__ import annotations

import json
import subprocess

import pytest
from strangers import program


@pytest.fixture
def state(tmp_path):
    """The file with the state of the last run."""
    path = tmp_path / "state.json"
    path.write_text("{}")
    return path


@pytest.fixture
def load(postgres, written, connection, pipe, state, tmp_path):
    """Run the tap and load what it printed, even if it failed; returns the tap's exit code."""

    def run(*, hard_delete: bool = True, **settings: object) -> int:
        config = {**connection("token-a"), "lookback_seconds": 0, **settings}
        messages = tmp_path / "messages.singer"
        with messages.open("w") as stdout:
            tap = subprocess.run(
                [program("tap-planhat"), "--config", written("tap", **config), "--state", state],
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        loader = written(
            "loader", **postgres.config, default_target_schema="planhat", hard_delete=hard_delete
        )
        ends = pipe(
            ["cat", str(messages)],
            [program("target-postgres", "postgres-loader"), "--config", loader],
        )
        state.write_text(json.dumps(ends.state))
        return tap.returncode

    return run


def rows(postgres, where: str = "true") -> set[str]:
    return {one for (one,) in postgres.run(f"select _id from planhat.issues where {where}")}


@pytest.mark.slow
def test_a_warehouse_with_hard_deletes_follows(tenants, postgres, load, state):
    alpha = tenants.tenant("token-a")
    ids = [record["_id"] for record in alpha.records("issues")]
    assert load() == 0
    for identifier in ids[:3]:
        alpha.delete("issues", identifier)
    detecting = {"detect_deletes": True, "detect_deletes_hours": 0}

    # The first run with it removes what was deleted before, and not if it is cut short.
    alpha_list = {"route": "list", "model": "issues", "nth": 4, "status": 500}
    tenants.fault("status", **alpha_list)
    assert load(**detecting, page_size=20, retry_budget_seconds=0) == 1
    assert rows(postgres) == set(ids)
    assert load(**detecting) == 0
    assert rows(postgres) == set(ids[3:])

    # A later one says what was deleted since, and leaves a row that says so.
    for identifier in ids[10:13]:
        alpha.delete("issues", identifier)
    assert load(**detecting) == 0
    assert rows(postgres) == set(ids[3:])
    assert rows(postgres, "_sdc_deleted_at is not null") == set(ids[10:13])
    assert rows(postgres, "title is null") == set(ids[10:13])
    assert load(**detecting) == 0
    assert rows(postgres, "_sdc_deleted_at is null") == {*ids[3:10], *ids[13:]}

    # A full read, here because the state is lost, removes them together with hard deletes.
    state.write_text("{}")
    assert load(**detecting) == 0
    assert rows(postgres) == {*ids[3:10], *ids[13:]}


@pytest.mark.slow
def test_rows_of_deletions_can_be_removed_whenever_no_run_is_going_on(
    tenants, postgres, load, state
):
    """A deletion that is emitted again, because an older state was used, is a row again."""
    alpha = tenants.tenant("token-a")
    ids = [record["_id"] for record in alpha.records("issues")]
    detecting = {"detect_deletes": True, "detect_deletes_hours": 0}
    assert load(**detecting) == 0
    older = state.read_text()
    alpha.delete("issues", ids[7])
    assert load(**detecting) == 0
    remove = "delete from planhat.issues where _sdc_deleted_at is not null"
    postgres.run(remove)
    assert load(**detecting) == 0
    assert rows(postgres) == {*ids[:7], *ids[8:]}

    state.write_text(older)
    assert load(**detecting) == 0
    assert rows(postgres, "_sdc_deleted_at is not null") == {ids[7]}
    assert rows(postgres, "_sdc_deleted_at is null") == {*ids[:7], *ids[8:]}


@pytest.mark.slow
def test_without_hard_deletes_a_full_read_marks_the_rows_and_takes_wrong_marks_away(
    tenants, postgres, load, state
):
    alpha = tenants.tenant("token-a")
    ids = [record["_id"] for record in alpha.records("issues")]
    assert load(hard_delete=False) == 0
    alpha.delete("issues", ids[0])
    postgres.run(f"update planhat.issues set _sdc_deleted_at = now() where _id = '{ids[1]}'")
    state.write_text("{}")
    assert load(hard_delete=False, detect_deletes=True) == 0
    assert rows(postgres, "_sdc_deleted_at is not null") == {ids[0]}
    assert rows(postgres, "title is not null") == set(ids)
