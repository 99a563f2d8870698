"""Models are looked for in the package, else beside a pyproject.toml, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from checkout import ROOT, copy_folder

from planhat_sync.errors import ConfigurationError
from planhat_sync.model import Model
from planhat_sync.models import load_model, load_models

if TYPE_CHECKING:
    from pathlib import Path

THING = {
    "type": "object",
    "x-planhat": {"path": "/things", "keyables": ["_id"], "page_limit": 10, "bulk_limit": 10},
    "properties": {"_id": {"type": "string"}},
}
REPORT = """
import json
from planhat_sync.models import load_models
from planhat_sync.errors import ConfigurationError
try:
    print(json.dumps({name: model.path for name, model in load_models().items()}))
except ConfigurationError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture
def site(tmp_path) -> Path:
    """A folder with nothing but the package in it, as in an environment's site-packages."""
    site = tmp_path / "site"
    copy_folder(ROOT / "planhat_sync", site / "planhat_sync")
    return site


def put(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text)


def models_of(site: Path, cwd: Path | None = None):
    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        cwd=cwd or site.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_the_packaged_folder_comes_first(site):
    put(site / "planhat_sync" / "schemas", packaged=THING)
    put(site / "schemas", checkout=THING)
    (site / "pyproject.toml").touch()
    assert models_of(site) == {"packaged": "/things"}


def test_a_checkout_is_read_beside_its_pyproject(site):
    put(site / "schemas", checkout=THING)
    (site / "pyproject.toml").touch()
    assert models_of(site) == {"checkout": "/things"}


def test_a_folder_of_another_package_in_site_packages_is_not_read(site):
    put(site / "schemas", stranger=THING)
    assert "reinstall planhat-sync" in models_of(site)


def test_the_current_directory_is_never_looked_at(site, tmp_path):
    put(tmp_path / "schemas", here=THING)
    (tmp_path / "pyproject.toml").touch()
    assert "reinstall planhat-sync" in models_of(site, cwd=tmp_path)


def test_one_model_is_loaded_by_its_name():
    assert load_model("companies") == load_models()["companies"]


def test_a_model_whose_file_is_missing_ends_in_one_sentence():
    with pytest.raises(ConfigurationError, match=r"nothing\.json does not describe a model"):
        load_model("nothing")


def test_models_come_by_name_and_only_from_json_files_that_are_not_hidden(site):
    folder = site / "planhat_sync" / "schemas"
    put(folder, zebras=THING, ants=THING)
    (folder / ".hidden.json").write_text("{")
    (folder / "notes.txt").write_text("{")
    assert list(models_of(site)) == ["ants", "zebras"]


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("{", "truncated"),
        ("[]", "object"),
        ("\ufeff{}", "JSON"),
        ({}, "x-planhat"),
        ({**THING, "x-planhat": {**THING["x-planhat"], "page_limt": 1}}, "page_limt"),
        ({**THING, "x-planhat": {**THING["x-planhat"], "page_limit": "x"}}, "page_limit"),
        ({**THING, "properties": {}}, "_id"),
        ({**THING, "x-planhat": {**THING["x-planhat"], "replication_key": "nope"}}, "nope"),
    ],
)
def test_a_file_that_is_not_a_model_is_named_with_the_keyword_that_is_wrong(site, content, hint):
    put(site / "planhat_sync" / "schemas", broken=content)
    text = models_of(site)
    assert "broken.json" in text
    assert hint in text


def test_a_record_schema_requires_the_id_alone_and_has_no_internal_keywords():
    for model in load_models().values():
        schema = model.record_schema
        assert schema["required"] == ["_id"]
        assert schema["properties"].keys() == model.properties.keys()
        text = json.dumps(schema)
        for word in ("x-planhat", "readOnly", "unit", "$schema"):
            assert f'"{word}"' not in text


def test_a_record_schema_has_no_unit():
    day = {"type": "integer", "unit": "days"}
    thing = {**THING, "properties": {**THING["properties"], "day": day}}
    model = Model.from_schema("things", thing)
    assert model.properties["day"] == day
    assert model.record_schema["properties"]["day"] == {"type": "integer"}


def test_a_model_is_uncertain_if_no_page_of_the_vendors_describes_it():
    uncertain = {
        evidence: Model("x", "X", "/x", ("_id",), page_limit=1, evidence=evidence).is_uncertain
        for evidence in ("documented", "transcribed", "client code", "guess")
    }
    assert uncertain == {
        "documented": False,
        "transcribed": False,
        "client code": True,
        "guess": True,
    }


def test_a_model_without_a_bulk_upsert_leaves_the_size_of_batches_to_others():
    assert Model("x", "X", "/x", ("_id",), page_limit=1).bulk_rows(7) == 7
    limited = Model("x", "X", "/x", ("_id",), page_limit=1, bulk_limit=5)
    assert [limited.bulk_rows(most) for most in (7, 3)] == [5, 3]


def test_objects_inside_a_property_are_open_in_a_record_schema():
    schema = load_models()["issues"].record_schema
    assert schema["properties"]["companies"]["items"]["additionalProperties"] is True
    assert schema["properties"]["custom"]["additionalProperties"] is True
    assert "additionalProperties" not in schema  # the SDK drops what a table does not list


def test_a_property_may_have_the_name_of_an_internal_keyword(site):
    odd = {**THING, "properties": {"_id": {"type": "string"}, "readOnly": {"type": "string"}}}
    put(site / "planhat_sync" / "schemas", odd=odd)
    code = (
        "from planhat_sync.models import load_models;"
        "print(sorted(load_models()['odd'].record_schema['properties']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=site,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['_id', 'readOnly']"


def test_changing_a_record_schema_changes_no_other():
    model = load_models()["issues"]
    model.record_schema["properties"]["custom"]["type"] = "spoiled"
    assert model.record_schema["properties"]["custom"]["type"] == ["object", "null"]
