"""Deletions over real HTTP while the tenant changes between all requests, and runs are killed.

A warehouse with hard deletes follows every message. After any history it must hold every record
that is alive, and after two undisturbed runs nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from changing_tenant import Clock, World, histories, several_runs
from hypothesis import given
from hypothesis import strategies as st

from planhat_sandbox import Sandbox
from planhat_sync.reading.deletions.share import DeletionsError

if TYPE_CHECKING:
    from collections.abc import Iterator

killed_at = st.one_of(st.just(1.0), st.floats(0, 1))  # the share of its lines that got out
before_a_run = st.sampled_from(
    [
        *("nothing", "nothing", "nothing", "forget", "corrupt", "switch off", "deselect"),
        *("not yet", "some companies", "since"),
    ]
)
runs = st.lists(st.tuples(before_a_run, histories, killed_at), min_size=1, max_size=5)
pagings = st.tuples(st.sampled_from([1, 7, 2000]), st.sampled_from([1, 4]))


@dataclass
class Warehouse:
    """What a target with hard deletes has after some messages.

    A version is the second in which a run began. Runs follow each other faster here, so the version
    of a row is the number of its run.
    """

    rows: dict[str, int | None] = field(default_factory=dict)
    run: int = 0
    deletions: set[str] = field(default_factory=set)
    state: dict[str, Any] | None = None

    def load(self, messages: list[dict[str, Any]], stream: str) -> None:
        self.run += 1
        for message in messages:
            if message["type"] == "STATE":
                self.state = message["value"]
            elif message.get("stream") != stream:
                continue
            elif message["type"] == "ACTIVATE_VERSION":
                self.rows = {key: each for key, each in self.rows.items() if each == self.run}
            elif message["type"] == "RECORD":
                self.add(message["record"], self.run if "version" in message else None)

    def add(self, record: dict[str, Any], version: int | None) -> None:
        if record.get("_sdc_deleted_at"):
            self.deletions.add(record["_id"])
            self.rows.pop(record["_id"], None)
        else:
            self.rows[record["_id"]] = version

    def known_ids(self, stream: str) -> dict[str, Any]:
        return (self.state or {}).get("bookmarks", {}).get(stream, {})


@pytest.fixture(scope="module")
def planhat() -> Iterator[tuple[Sandbox, Clock]]:
    clock = Clock()
    with Sandbox({"token-a": "alpha"}, clock=clock) as sandbox:
        yield sandbox, clock


def config_for(sandbox: Sandbox, paging: tuple[int, int], **more: Any) -> dict[str, Any]:
    page_size, concurrency = paging
    config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
    config |= {"page_size": page_size, "concurrency": concurrency, "lookback_seconds": 0}
    return config | {"detect_deletes": True, "detect_deletes_hours": 0, **more}


def prepare(event: str, warehouse: Warehouse, stream: str) -> dict[str, Any]:
    """Do to the state what may happen to it; return what is different about the next run."""
    entry = warehouse.known_ids(stream)
    if event == "forget":
        entry.pop("known_ids", None)
    elif event == "corrupt" and "known_ids" in entry:
        cells = entry["known_ids"]["cells"]
        entry["known_ids"]["cells"] = (
            cells[:700] + ("A" if cells[700] != "A" else "B") + cells[701:]
        )
    return {
        "switch off": {"detect_deletes": False},
        "some companies": {"detect_deletes": False, "company_ids": ["c1"]},
        "since": {"detect_deletes": False, "start_date": "2023-11-14T22:13:20.050Z"},
        "not yet": {"detect_deletes_hours": 24},
    }.get(event, {})


def by_updated_at(catalog: dict[str, Any]) -> dict[str, Any]:
    """Vouch for `updatedAt` of objectives."""
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["replication-method"] = "INCREMENTAL"
    return catalog


@several_runs
@given(
    stream=st.sampled_from(["issues", "objectives"]),
    times=st.sampled_from(["present", "absent"]),
    size=st.integers(0, 60),
    paging=pagings,
    runs=runs,
    path=st.sampled_from(["quick", "of the SDK"]),
)
def test_the_warehouse_has_every_living_record_and_in_the_end_nothing_else(
    planhat, read, select, stream, times, size, paging, runs, path
):
    sandbox, clock = planhat
    sandbox.reset()
    sandbox.behave(objective_times=times)
    world = World(sandbox, clock, stream, iter([]))
    for _ in range(size):
        world.insert()
    config = config_for(sandbox, paging, max_deletes_percent=100)
    maps = {"stream_maps": {stream: {"__filter__": "True"}}} if path == "of the SDK" else {}
    other = {"issues": "objectives", "objectives": "issues"}[stream]
    warehouse = Warehouse()
    for event, history, share in runs:
        # The SDK accepts no maps of a stream of which nothing is selected.
        different = prepare(event, warehouse, stream) | (maps if event != "deselect" else {})
        catalog = by_updated_at(select(**{other if event == "deselect" else stream: None}))
        loaded = set(warehouse.rows)
        world.left = iter(history)
        sandbox.before_each_request[:] = [world.change]
        output = read(config | different, state=warehouse.state, catalog=catalog)
        sandbox.before_each_request.clear()
        warehouse.load(output.messages[: int(share * len(output.messages))], stream)
        assert warehouse.deletions <= world.deleted
        assert loaded - world.deleted <= set(warehouse.rows)
        world.change()
    catalog = by_updated_at(select(**{stream: None}))
    world.insert()  # a deletion is certain only if Planhat finds a record that it lists
    for _ in range(2):
        output = read(config, state=warehouse.state, catalog=catalog)
        warehouse.load(output.messages, stream)
    assert set(warehouse.rows) == set(world.records())
    assert warehouse.deletions <= world.deleted
    again = read(config, state=warehouse.state, catalog=catalog)
    assert not [one for one in again.records(stream) if "_sdc_deleted_at" in one]
    assert "ACTIVATE_VERSION" not in again.types()


@several_runs
@given(
    stream=st.sampled_from(["issues", "objectives"]),
    size=st.integers(1, 60),
    gone=st.floats(0, 1),
    percent=st.integers(0, 100),
)
def test_more_than_the_share_allowed_is_never_called_deleted(
    planhat, read, select, stream, size, gone, percent
):
    sandbox, clock = planhat
    sandbox.reset()
    world = World(sandbox, clock, stream, iter([]))
    for _ in range(size + 1):
        world.insert()
    catalog = select(**{stream: None})
    config = config_for(sandbox, (2000, 4), max_deletes_percent=percent)
    state = read(config, catalog=catalog).state
    ids = sorted(world.records())[: int(gone * size)]
    for identifier in ids:
        world.touch("delete", identifier)
    if len(ids) > max(5, percent * (size + 1) / 100):
        with pytest.raises(DeletionsError, match=f"does not list {len(ids)} of the {size + 1} "):
            read(config, state=state, catalog=catalog)
        config["max_deletes_percent"] = 100
    output = read(config, state=state, catalog=catalog)
    assert [one["_id"] for one in output.records(stream) if "_sdc_deleted_at" in one] == ids
