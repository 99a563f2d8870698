"""The table of docs/warehouse.md: what reaches Planhat of it, in a pipe and in Meltano."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from pages import parse
from strangers import program, without_installation

from planhat_sandbox import Sandbox, seed_tenant

PAGE = Path(__file__).parents[2] / "docs" / "warehouse.md"
# Columns of the table that are not mapped, with names of properties of an issue.
UNMAPPED = {"priority": "a", "archived": True}


@pytest.fixture(scope="module")
def files():
    """The files of the page, by their names."""
    page = parse(PAGE.name, PAGE.read_text("utf-8"))
    return {block.file: block.body for block in page.blocks if block.file}


@pytest.fixture
def crm():
    """A sandbox with one tenant that has the companies of the table, and no issue."""
    with Sandbox({"token-a": "crm"}) as running:
        seed_tenant(running.tenant("token-a"), issues=0, objectives=0)
        yield running


@pytest.fixture
def meltano(files, crm, postgres, tmp_path):
    """Run Meltano in the page's project, with the page's table in a database."""
    command = program("meltano", "meltano")
    readers = Path(program("tap-postgres", "postgres-extractor")).parent
    postgres.run(files["tickets.sql"])
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text(without_installation(files["meltano.yml"]), "utf-8")
    names = {name: f"TAP_POSTGRES_{name.upper()}" for name in postgres.config}
    environment = os.environ | {
        **{names[name]: str(value) for name, value in postgres.config.items()},
        "PATH": os.pathsep.join(
            [str(Path(program("target-planhat")).parent), str(readers), os.environ["PATH"]]
        ),
        "HOME": str(tmp_path),
        "TARGET_PLANHAT_API_TOKEN": "token-a",
        "TARGET_PLANHAT_API_URL": crm.url,
    }

    def run(*arguments, **variables):
        done = subprocess.run(
            [command, *arguments],
            cwd=project,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]

    return run


def assert_unmapped_columns_stayed_away(issues):
    assert [issue["sourceId"] for issue in issues] == ["T-1", "T-2", "T-3"]
    for issue in issues:
        assert not issue.get("priority")
        assert not issue.get("archived")
        assert not UNMAPPED.keys() & issue["custom"].keys()


def test_the_page_maps_the_same_in_a_pipe_and_in_meltano(files):
    """So the tests of one hold for the other."""
    (loader,) = yaml.safe_load(files["meltano.yml"])["plugins"]["loaders"]
    piped = json.loads(files["target.json"])
    assert piped | loader["config"] == piped


def test_columns_that_nobody_mapped_do_not_arrive_from_a_pipe(files, crm, target):
    config = json.loads(files["target.json"]) | {"api_url": crm.url}
    columns = "ticket_key headline body state account_number severity estimate_days areas due_at"
    record = dict.fromkeys(columns.split()) | {"account_number": "acme-1", "headline": "a"}
    lines = [
        {
            "type": "SCHEMA",
            "stream": "support-ticket",
            "key_properties": ["ticket_key"],
            "schema": {"properties": {name: {} for name in (*record, *UNMAPPED)}},
        },
        *(
            {
                "type": "RECORD",
                "stream": "support-ticket",
                "record": {**record, "ticket_key": key, **UNMAPPED},
            }
            for key in ("T-1", "T-2", "T-3")
        ),
    ]
    done = target(config=config, stdin="\n".join(map(json.dumps, lines)))
    assert done.code == 0, done.stderr
    assert_unmapped_columns_stayed_away(crm.tenant("token-a").records("issues"))


@pytest.mark.timeout(660)
def test_a_dry_run_in_meltano_writes_nothing_and_a_run_writes_what_is_mapped(meltano, crm):
    meltano("run", "tickets", TARGET_PLANHAT_DRY_RUN="true")
    assert crm.tenant("token-a").records("issues") == []
    meltano("run", "tickets")
    assert_unmapped_columns_stayed_away(crm.tenant("token-a").records("issues"))
