"""PyAirbyte reads `source-planhat` into DuckDB and writes with `destination-planhat`, offline."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import airbyte
import pytest
from airbyte.caches import DuckDBCache
from airbyte.exceptions import (
    AirbyteConnectorCheckFailedError,
    AirbyteConnectorFailedError,
    AirbyteConnectorWriteError,
)
from airbyte.strategies import WriteStrategy

COMMANDS = Path(__file__).parents[3] / ".venv" / "bin"
STREAMS = ["issues", "objectives"]
PROPERTIES = {
    "issues": ("title", "companyIds", "priority", "archived"),
    "objectives": ("name", "companyId", "health"),
}
LABELS = ("Severity", "Estimate (days)", "Areas", "Due")
# The two tenants have no ids in common: a copy has the id of its original as its sourceId.
MAPPINGS = [
    {
        "stream": stream,
        "model": stream,
        "set": {
            "sourceId": "_id",
            **{name: name for name in names},
            "custom": {label: f'custom."{label}"' for label in LABELS},
        },
    }
    for stream, names in PROPERTIES.items()
]


@pytest.fixture
def cache(tmp_path):
    return DuckDBCache(db_path=tmp_path / "cache.duckdb", schema_name="planhat")


@pytest.fixture
def source(sandbox):
    """Return a source of alpha that emits deletions; every run reads all ids for them."""

    def make(streams=STREAMS, **settings):
        return airbyte.get_source(
            "source-planhat",
            local_executable=COMMANDS / "source-planhat",
            config={
                **connection(sandbox, "token-a"),
                "detect_deletes": True,
                "detect_deletes_hours": 0,
                **settings,
            },
            streams=streams,
        )

    return make


@pytest.fixture
def destination(sandbox):
    """Return a destination that writes into beta, and deletes there what alpha has deleted."""

    def make(**settings):
        return airbyte.get_destination(
            "destination-planhat",
            local_executable=COMMANDS / "destination-planhat",
            config={
                **connection(sandbox, "token-b"),
                "mappings": MAPPINGS,
                "match_on": ["sourceId"],
                "deletes": "delete",
                **settings,
            },
        )

    return make


def connection(sandbox, token):
    return {"api_token": token, "api_url": sandbox.url, "requests_per_minute": 0}


def rows(cache, stream):
    """Return the rows of a table of the cache that are not deleted, and the ids of the others."""
    found = [dict(row) for row in cache.streams[stream]]
    deleted = {row["_id"] for row in found if row["_ab_cdc_deleted_at"]}
    assert len({row["_id"] for row in found}) == len(found)
    return {row["_id"]: row for row in found if row["_id"] not in deleted}, deleted


def cached(value):
    """Return a value of Planhat's as PyAirbyte's cache keeps it."""
    if isinstance(value, str) and value.endswith("Z"):
        return datetime.fromisoformat(value.removesuffix("Z"))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(repr(value)).quantize(Decimal("1e-9"))
    return value


def assert_rows_are_records(cache, tenant, stream):
    """Compare a table with the records of a tenant, property by property."""
    found, _ = rows(cache, stream)
    records = {record["_id"]: record for record in tenant.records(stream)}
    assert found.keys() == records.keys()
    for identifier, record in records.items():
        for name, value in record.items():
            if name.lower() in found[identifier]:
                assert found[identifier][name.lower()] == cached(value), (identifier, name)


def copied(tenant, stream, key):
    """Return what is copied of each record of a tenant, by the given key."""
    records = tenant.records(stream)
    found = {
        record[key]: {
            **{name: record.get(name) for name in PROPERTIES[stream]},
            **{label: record.get("custom", {}).get(label) for label in LABELS},
        }
        for record in records
    }
    assert len(found) == len(records)
    return found


def assert_tenants_are_equal(sandbox):
    alpha, beta = sandbox.tenants
    for stream in STREAMS:
        assert copied(beta, stream, "sourceId") == copied(alpha, stream, "_id")


def change(tenant):
    """Change an objective and an issue, delete an issue and make one; return the three issues."""
    first, second, third, *_ = (record["_id"] for record in tenant.records("issues"))
    tenant.update("issues", first, {"title": "changed"})
    tenant.delete("issues", second)
    company = tenant.get("issues", third)["companyIds"]
    made = tenant.insert("issues", {"title": "made", "companyIds": company})
    tenant.update("objectives", tenant.records("objectives")[0]["_id"], {"name": "changed"})
    return first, second, made["_id"]


def read_again(tenant):
    """Return how many records a second run reads: a deletion, what is new, and all objectives.

    The newest issue of the first run is new, as others may have been written in that millisecond.
    Objectives have no replication key.
    """
    return 1 + 3 + len(tenant.records("objectives"))


def test_all_streams_are_read_into_duckdb(source, sandbox, cache):
    everything = source(streams="*")
    everything.check()
    read = everything.read(cache=cache)
    alpha = sandbox.tenant("token-a")
    amounts = {stream: len(alpha.records(stream)) for stream in everything.get_available_streams()}
    assert {stream: len(list(table)) for stream, table in read.items()} == amounts
    assert all(amounts.values())
    assert read.processed_records == sum(amounts.values())


def test_a_second_read_brings_what_has_changed(source, sandbox, cache):
    alpha = sandbox.tenant("token-a")
    source().read(cache=cache)
    for stream in STREAMS:
        assert_rows_are_records(cache, alpha, stream)
    _, deleted, _ = change(alpha)
    again = source().read(cache=cache)
    for stream in STREAMS:
        assert_rows_are_records(cache, alpha, stream)
    assert rows(cache, "issues")[1] == {deleted}
    assert again.processed_records == read_again(alpha)


def test_a_chosen_cursor_makes_a_stream_incremental(source, sandbox, cache):
    alpha = sandbox.tenant("token-a")
    first = alpha.records("companies")[0]["_id"]
    reader = source(streams=["companies"])
    reader.set_cursor_key("companies", "updatedAt")
    assert reader.read(cache=cache).processed_records == len(alpha.records("companies"))
    alpha.update("companies", first, {"name": "changed"})
    # That one, and the newest one of the first read.
    assert reader.read(cache=cache).processed_records == 2
    names = {identifier: row["name"] for identifier, row in rows(cache, "companies")[0].items()}
    assert names == {record["_id"]: record["name"] for record in alpha.records("companies")}


@pytest.mark.parametrize("through", ["a pipe", "the cache"])
def test_a_tenant_is_copied_and_then_what_has_changed(through, source, destination, sandbox, cache):
    between = cache if through == "the cache" else False
    alpha = sandbox.tenant("token-a")
    target = destination()
    target.check()
    target.write(source(), cache=between, state_cache=cache)
    assert_tenants_are_equal(sandbox)
    change(alpha)
    written = destination().write(source(), cache=between, state_cache=cache)
    assert_tenants_are_equal(sandbox)
    if through == "a pipe":
        assert written.processed_records == read_again(alpha)


def test_records_are_never_replaced(source, destination, sandbox, cache, capfd):
    with pytest.raises(AirbyteConnectorWriteError):
        destination().write(
            source(), cache=cache, write_strategy=WriteStrategy.REPLACE, force_full_refresh=True
        )
    assert "never empties what it writes to" in " ".join("".join(capfd.readouterr()).split())
    assert not sandbox.tenant("token-b").records("issues")


def test_a_refused_record_ends_the_run_after_those_before_it(source, destination, sandbox, cache):
    alpha, beta = sandbox.tenants
    alpha.insert("issues", {"title": "of no company", "companyIds": []})
    with pytest.raises(AirbyteConnectorWriteError):
        destination().write(source(streams=["issues"]), cache=False, state_cache=cache)
    assert len(beta.records("issues")) == 40


def test_an_unknown_token_fails_the_check_and_the_run(source, destination, cache):
    unknown = {"api_token": "unknown-token"}
    for connector in (source(**unknown), destination(**unknown)):
        with pytest.raises(AirbyteConnectorCheckFailedError):
            connector.check()
    with pytest.raises(AirbyteConnectorFailedError):
        source(**unknown).read(cache=cache)
