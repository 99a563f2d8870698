"""Deletions in PostgreSQL, with the target that people use for it and its hard deletes on."""

from __future__ import annotations

import json
import subprocess

import pytest
from strangers import program


@pytest.fixture
def load(postgres, written, connection, pipe, tmp_path):
    """Run the tap and load what it printed, even if it failed; returns the tap's exit code."""
    state = tmp_path / "state.json"
    state.write_text("{}")

    def run(**settings: object) -> int:
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
            "loader", **postgres.config, default_target_schema="planhat", hard_delete=True
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
def test_a_warehouse_with_hard_deletes_follows(tenants, postgres, load):
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
