"""Adding a model is adding one file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from checkout import ROOT, copy_folder

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SURVEYS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Survey",
    "description": "Questions to a company.",
    "type": "object",
    "x-planhat": {
        "path": "/surveys",
        "keyables": ["_id", "sourceId", "externalId"],
        "keyable_scope": {"externalId": "companyId"},
        "page_limit": 2000,
        "bulk_limit": 5000,
        "company_reference": "companyId",
        "evidence": "documented",
    },
    "required": ["name", "companyId"],
    "properties": {
        "_id": {"type": "string"},
        "name": {"type": ["string", "null"]},
        "companyId": {"type": ["string", "null"]},
        "companyName": {"type": ["string", "null"], "readOnly": True},
        "externalId": {"type": ["string", "null"]},
        "sourceId": {"type": ["string", "null"]},
        "value": {"type": ["number", "null"]},
    },
}


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the checkout with one more file in schemas/ and no other change."""
    for name in ("planhat_sync", "planhat_singer", "tap_planhat", "target_planhat", "schemas"):
        copy_folder(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "schemas" / "surveys.json").write_text(json.dumps(SURVEYS), encoding="utf-8")
    return tmp_path


def run(checkout: Path, module: str, *arguments: str, stdin: str = "") -> tuple[str, str, int]:
    """Run a plugin of the copied checkout as a process."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout), "HOME": str(checkout)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A Planhat that has one model more than the connector."""
    with Sandbox({"token-a": "alpha", "token-b": "beta"}, any_model=True) as running:
        yield running


def test_one_more_file_in_schemas_is_a_stream_and_a_sink(checkout, sandbox):
    source, copy = sandbox.tenant("token-a"), sandbox.tenant("token-b")
    company = {"_id": "61006bc89a3e0b702ed8ea49", "name": "Tenet"}
    for tenant in (source, copy):
        tenant.insert("companies", dict(company))
    for n in range(3):
        survey = {"name": f"Survey {n}", "companyId": company["_id"], "sourceId": f"a-{n}"}
        source.insert("surveys", {**survey, "value": n + 0.5})

    catalog, complaint, code = run(checkout, "tap_planhat", "--discover")
    assert code == 0, complaint
    assert "surveys" in {s["tap_stream_id"] for s in json.loads(catalog)["streams"]}

    (checkout / "tap.json").write_text(
        json.dumps({"api_token": "token-a", "api_url": sandbox.url, "streams": ["surveys"]}),
        encoding="utf-8",
    )
    (checkout / "target.json").write_text(
        json.dumps({"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]}),
        encoding="utf-8",
    )
    messages, complaint, code = run(checkout, "tap_planhat", "--config", "tap.json")
    assert code == 0, complaint
    _, complaint, code = run(checkout, "target_planhat", "--config", "target.json", stdin=messages)
    assert code == 0, complaint
    assert [
        (each["sourceId"], each["name"], each["value"]) for each in copy.records("surveys")
    ] == [(f"a-{n}", f"Survey {n}", n + 0.5) for n in range(3)]
