"""Names that users type or read by contract: what an earlier version had, this one has too."""

from __future__ import annotations

import json

import pytest
from earlier_versions import kept

from airbyte_planhat.specification import DESTINATION_SCHEMA, SOURCE_SCHEMA
from planhat_sync.writing.records.payload import RejectCode
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat


def of_singer(plugin):
    """The settings of a plugin, with those that the SDK adds."""
    plugin.append_builtin_config(plugin.config_jsonschema)
    return plugin.config_jsonschema


SETTINGS = {
    "tap_planhat": of_singer(TapPlanhat),
    "target_planhat": of_singer(TargetPlanhat),
    "airbyte_planhat.source": SOURCE_SCHEMA,
    "airbyte_planhat.destination": DESTINATION_SCHEMA,
}
CODES = {
    *("wrong_type", "unsendable", "unknown_property", "conflicting_custom", "missing_key"),
    *("ambiguous_key", "unknown_id", "unknown_company", "missing_required", "refused", "forbidden"),
    *("too_large", "mapping_failed", "newer_in_planhat", "outcome_unknown"),
}
"""The reject codes of 0.1.0."""


def of(what):
    found = kept(what)
    return pytest.mark.parametrize("earlier", found.values(), ids=found.keys())


@of("settings")
def test_every_setting_is_still_accepted(earlier):
    for program, names in earlier.items():
        assert set(names) <= SETTINGS[program]["properties"].keys()


@of("summary")
def test_the_summary_still_says_what_it_said(bench, tmp_path, earlier):
    path = tmp_path / "summary.json"
    bench.run([bench.schema(), bench.record(title="Without a keyable")], summary_path=str(path))
    summary = json.loads(path.read_bytes())
    assert earlier.keys() - {"rejects_path"} <= summary.keys()
    assert earlier["streams"]["issues"].keys() <= summary["streams"]["issues"].keys()


def test_no_reject_code_has_another_name():
    assert {code.value for code in RejectCode} >= CODES
