"""A run continues from the state of every earlier version, and reads no more than from its own."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from earlier_versions import COMPANIES, ISSUES, OBJECTIVES, RUNS, at, issue_id, kept
from source_runs import catalog_of, read_well

from planhat_sync.reading.deletions.id_table import IdTable
from planhat_sync.reading.deletions.known_ids import KNOWN_IDS, KnownIds
from planhat_sync.reading.state import BOOKMARK, NOT_A_BOOKMARK
from planhat_sync.timestamps import format_timestamp

ALWAYS = {"lookback_seconds": 0, "detect_deletes_hours": 0}
NEWEST = max(ISSUES)
VERIFIED = "replication_key_verified_at"


def of(run):
    states = kept(run)
    return pytest.mark.parametrize("state", states.values(), ids=states.keys())


def selected(select, run):
    """The catalog of a run, as the tap discovers it now."""
    methods = RUNS[run][1]
    catalog = select(**dict.fromkeys(methods))
    for stream in catalog["streams"]:
        if method := methods.get(stream["tap_stream_id"]):
            stream["metadata"][-1]["metadata"]["replication-method"] = method
    return catalog


def change(tenant):
    """What happens between the run of the earlier version and the run of this one."""
    tenant.update("issues", issue_id(3), {"title": "Changed", "updatedAt": at(20)})
    created = {"title": "Created", "companyIds": COMPANIES[:1], "updatedAt": at(21)}
    tenant.insert("issues", {"_id": issue_id(NEWEST + 1), **created})
    return {issue_id(3), issue_id(NEWEST), issue_id(NEWEST + 1)}


@of("plain")
def test_what_has_changed_is_read_and_nothing_else(tenant, config, read, select, state):
    changed = change(tenant)
    output = read({**config, **ALWAYS}, catalog=selected(select, "plain"), state=state)
    assert sorted(output.ids("issues")) == sorted(changed)
    assert len(output.records("objectives")) == len(OBJECTIVES)
    assert output.state["bookmarks"]["issues"]["replication_key_value"] == at(21)


@of("companies")
def test_the_companies_of_a_bookmark_are_recognized(tenant, config, read, select, state):
    changed = change(tenant)
    settings = {**config, **ALWAYS, "company_ids": COMPANIES}
    output = read(settings, catalog=selected(select, "companies"), state=state)
    assert sorted(output.ids("issues")) == sorted(changed)
    assert len(output.records("objectives")) == len(OBJECTIVES)


@of("deletes")
def test_a_deletion_is_found_by_the_ids_that_the_state_holds(tenant, config, read, select, state):
    changed = change(tenant)
    tenant.delete("issues", issue_id(5))
    settings = {**config, **ALWAYS, "detect_deletes": True}
    output = read(settings, catalog=selected(select, "deletes"), state=state)
    (deletion,) = (each for each in output.records("issues") if "_sdc_deleted_at" in each)
    assert deletion["_id"] == issue_id(5)
    assert sorted(output.ids("issues")) == sorted({*changed, issue_id(5)})
    assert "ACTIVATE_VERSION" not in output.types()


@of("on-request")
def test_objectives_are_incremental_once_a_full_read_has_shown_that_they_can_be(
    tenant, config, read, select, state
):
    first, *_, last = sorted(each["_id"] for each in tenant.records("objectives"))
    tenant.update("objectives", first, {"name": "Changed", "updatedAt": at(20)})
    entry = state["bookmarks"]["objectives"]
    if VERIFIED in entry:
        entry[VERIFIED] = format_timestamp(datetime.now(timezone.utc))  # a full read may be due
    output = read({**config, **ALWAYS}, catalog=selected(select, "on-request"), state=state)
    assert len(output.records("objectives")) == (2 if VERIFIED in entry else len(OBJECTIVES))
    assert {first, last} <= set(output.ids("objectives"))
    assert output.state["bookmarks"]["objectives"]["replication_key_value"] == at(20)


@of("airbyte")
def test_the_airbyte_source_reads_what_has_changed_and_nothing_else(tenant, config, state):
    changed = change(tenant)
    settings = {**config, "lookback_seconds": 0}
    modes = {"issues": "incremental", "objectives": "full_refresh"}
    output = read_well(settings, catalog_of(settings, **modes), state)
    assert sorted(output.ids("issues")) == sorted(changed)
    assert len(output.records("objectives")) == len(OBJECTIVES)


def test_every_part_of_a_state_is_in_one_that_is_kept():
    """Whoever adds a part keeps a state that has it: `tests/support/earlier_versions.py`."""
    states = [state for run in RUNS for state in kept(run).values()]
    entries = [entry for state in states for entry in state["bookmarks"].values()]
    assert {name for entry in entries for name in entry} == NOT_A_BOOKMARK | {BOOKMARK}
    known = KnownIds(IdTable(), "", datetime.now(timezone.utc)).to_json()
    assert known is not None
    assert {name for entry in entries for name in entry.get(KNOWN_IDS, ())} == known.keys()
