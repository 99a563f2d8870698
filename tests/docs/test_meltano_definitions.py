"""Every Meltano definition that a user may copy: complete, and safe in what Meltano does to it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from pages import pages
from strangers import program

from planhat_sync.models import load_models

ROOT = Path(__file__).parents[2]
# Meltano's kinds: https://docs.meltano.com/reference/plugin-definition-syntax
KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "decimal",
    "object": "object",
    "string": "string",
}
# Meltano sets these itself, so that a value may name them.
OF_MELTANO = re.compile(r"\$\{?MELTANO_\w+\}?")


def documents() -> dict[str, dict]:
    """Every YAML of the pages, the examples, the Hub's folder and the project, by its place."""
    found = {}
    for page in pages():
        for block in page.blocks:
            if block.language in {"yaml", "yml"}:
                found[f"{page.name}:{block.line}"] = block.body
    folders = ("examples/**/*.yml", "examples/**/*.yaml", "hub/**/*.yml", "meltano.yml")
    for path in (path for pattern in folders for path in ROOT.glob(pattern)):
        found[str(path.relative_to(ROOT))] = path.read_text("utf-8")
    documents = {
        f"{place}#{number}": document
        for place, text in found.items()
        for number, document in enumerate(yaml.safe_load_all(text))
    }
    return {place: document for place, document in documents.items() if isinstance(document, dict)}


def entries(document: object) -> list[dict]:
    """Every entry of a plugin in a document: under `plugins:`, in an environment, or by itself."""
    if isinstance(document, list):
        return [entry for part in document for entry in entries(part)]
    if not isinstance(document, dict):
        return []
    own = [document] if document.get("name") in {"tap-planhat", "target-planhat"} else []
    return own + [entry for part in document.values() for entry in entries(part)]


DOCUMENTS = documents()
DEFINITIONS = {
    f"{place} {entry['name']}": entry
    for place, document in DOCUMENTS.items()
    for entry in entries(document)
    if "namespace" in entry or "settings" in entry
}


@pytest.fixture(scope="module")
def settings_of():
    """The settings of a plugin as its code has them; an object by its parts, with dots."""
    asked = {}

    def flat(schema, prefix=""):
        for name, part in schema["properties"].items():
            if part.get("properties") and not isinstance(part.get("additionalProperties"), dict):
                yield from flat(part, f"{prefix}{name}.")
            else:
                yield prefix + name, part

    def ask(name):
        if name not in asked:
            command = [program(name), "--about", "--format=json"]
            about = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
            asked[name] = dict(flat(about["settings"]))
        return asked[name]

    return ask


def test_the_token_is_secret(settings_of):
    for name in ("tap-planhat", "target-planhat"):
        assert settings_of(name)["api_token"]["secret"] is True


def test_the_definitions_are_found():
    for place in ("docs/warehouse.md", "hub/extractors/", "hub/loaders/", "meltano.yml"):
        assert any(found.startswith(place) for found in DEFINITIONS), place


@pytest.mark.parametrize("place", DEFINITIONS)
def test_a_definition_declares_every_setting_with_its_kind_and_what_is_secret(place, settings_of):
    """Meltano does not pass on what is not declared."""
    entry = DEFINITIONS[place]
    schemas = settings_of(entry["name"])
    declared = {setting["name"]: setting for setting in entry["settings"]}
    assert declared.keys() == schemas.keys()
    for name, setting in declared.items():
        schema = schemas[name]
        assert setting.get("sensitive", False) is bool(schema.get("secret")), name
        words = schema.get("type", [])
        kinds = {
            KINDS[word] for word in ([words] if isinstance(words, str) else words) if word != "null"
        }
        if schema.get("secret"):
            assert setting["kind"] in {"string", "password"}, name
        elif "enum" in schema:
            assert setting["kind"] == "options", name
            offered = [option["value"] for option in setting["options"]]
            assert offered == [value for value in schema["enum"] if value is not None], name
        elif schema.get("format") == "date-time":
            assert setting["kind"] == "date_iso8601", name
        elif kinds:
            assert setting["kind"] in kinds, name


EXTRACTORS = {
    f"{place} {number}": entry
    for place, document in DOCUMENTS.items()
    for number, entry in enumerate(entries(document))
    if entry["name"] == "tap-planhat"
}


@pytest.mark.parametrize("place", EXTRACTORS)
def test_an_extractor_says_what_it_selects(place):
    """Meltano selects every stream where nothing is said, whatever discovery says."""
    streams = {rule.lstrip("!").split(".")[0] for rule in EXTRACTORS[place]["select"]}
    assert streams
    assert streams <= load_models().keys()  # and none of them is a pattern


def test_the_definitions_select_what_a_run_without_a_catalog_reads():
    default = [f"{each.name}.*" for each in load_models().values() if each.selected_by_default]
    for place, entry in EXTRACTORS.items():
        if place.startswith(("hub/", "meltano.yml")):
            assert entry["select"] == default


def configurations(document: object) -> list[object]:
    """Every value under `config:`, at any depth."""
    if isinstance(document, list):
        return [found for part in document for found in configurations(part)]
    if not isinstance(document, dict):
        return []
    own = [document["config"]] if "config" in document else []
    return own + [found for part in document.values() for found in configurations(part)]


def complaints(value: object, path: str = "config") -> list[str]:
    """What Meltano would change in a configuration before the plugin sees it."""
    if value is None:
        return [f"{path}: Meltano drops null"]
    if isinstance(value, str) and "$" in OF_MELTANO.sub("", value):
        return [f"{path}: Meltano replaces $NAME"]
    if isinstance(value, list):
        return [found for part in value for found in complaints(part, f"{path}[]")]
    if not isinstance(value, dict):
        return []
    found = [found for key, part in value.items() for found in complaints(part, f"{path}/{key}")]
    dotted = [key for key in value if re.search(r"(?<!\\)\.", str(key))]
    return found + [f"{path}/{key}: Meltano divides a key at its dots" for key in dotted]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{a: {__else__: null}}", True),
        ("{a: {__else__: ~}}", True),
        ("{a: [{b: }]}", True),
        ("{custom__a.b: c}", True),
        ("{'custom__a\\.b': c}", False),
        ("{a: \"'$HOME'\"}", True),
        ("{a: $MELTANO_PROJECT_ROOT/rejects.jsonl}", False),
        ("{a: {__else__: __NULL__}}", False),
    ],
)
def test_what_meltano_would_change_is_recognized(text, wrong):
    assert bool(complaints(yaml.safe_load(text))) is wrong


@pytest.mark.parametrize("place", DOCUMENTS)
def test_meltano_changes_nothing_in_a_configuration(place):
    assert complaints(configurations(DOCUMENTS[place])) == []


def test_the_json_of_the_pages_holds_no_null_either():
    """It is copied into a meltano.yml sooner or later."""
    for page in pages():
        for block in page.blocks:
            if block.file in {"tap.json", "target.json"}:
                assert complaints(json.loads(block.body)) == []
