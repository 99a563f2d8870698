"""Records refer to companies in a way that another tenant understands, on every path out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planhat_sandbox import seed_tenant
from planhat_sync.errors import ConfigurationError, NotPermittedError, ProtocolError

PREFIXES = {"externalId": "extid-", "sourceId": "srcid-"}
STREAMS = ("issues", "objectives")
LISTS = {"/leancompanies", "/companies"}
SDK_PATHS = {
    "fast": {},
    "stream maps": {"stream_maps": {name: {"__filter__": "True"} for name in STREAMS}},
    "flattening": {"flattening_enabled": True, "flattening_max_depth": 0},
}


@pytest.fixture
def tenant(sandbox):
    tenant = sandbox.tenant("token-a")
    seed_tenant(tenant, issues=60, objectives=30, companies=7)
    return tenant


def named(tenant, key):
    """The reference that each company should be known by, by its `_id`."""
    companies = tenant.records("companies")
    return {each["_id"]: PREFIXES[key] + each[key] for each in companies}


def expected(tenant, stream, names):
    """What each record should say of its companies, by its `_id`."""
    return {
        record["_id"]: names.get(record["companyId"], record["companyId"])
        if stream == "objectives"
        else [names.get(each, each) for each in record["companyIds"]]
        for record in tenant.records(stream)
    }


def references(output, stream):
    name = "companyId" if stream == "objectives" else "companyIds"
    return {
        record["_id"]: json.loads(record[name]) if record[name][:1] == "[" else record[name]
        for record in output.records(stream)
    }


@pytest.mark.parametrize("path", SDK_PATHS)
@pytest.mark.parametrize("key", PREFIXES)
def test_records_refer_to_companies_by_the_key_that_is_asked_for(tenant, config, read, key, path):
    output = read({**config, **SDK_PATHS[path], "company_references": key})
    for stream in STREAMS:
        assert references(output, stream) == expected(tenant, stream, named(tenant, key))


def test_batches_have_the_same_references(tenant, config, read, tmp_path):
    config["batch_config"] = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
    }
    found = {stream: {} for stream in STREAMS}
    for message in read({**config, "company_references": "sourceId"}).messages:
        for address in message.get("manifest", ()):
            with gzip.open(Path(urlsplit(address).path)) as file:
                for record in map(json.loads, file):
                    refers = record.get("companyIds", record.get("companyId"))
                    found[message["stream"]][record["_id"]] = refers
    for stream in STREAMS:
        assert found[stream] == expected(tenant, stream, named(tenant, "sourceId"))


@pytest.mark.parametrize("stream_maps", [{}, SDK_PATHS["stream maps"]])
def test_nothing_but_the_references_changes(tenant, config, read, stream_maps):
    config |= stream_maps
    by_id, by_name = (read({**config, "company_references": each}) for each in ("id", "externalId"))
    for output in (by_id, by_name):
        for message in output.messages:
            message.pop("time_extracted", None)
            for name in ("companyId", "companyIds"):
                message.get("record", {}).pop(name, None)
    assert by_id.messages == by_name.messages


def test_by_default_no_company_is_requested(sandbox, tenant, config, read):
    output = read(config)
    for stream in STREAMS:
        assert references(output, stream) == expected(tenant, stream, {})
    assert not {request.path for request in sandbox.requests} & LISTS


def test_the_companies_are_read_once_for_all_streams(sandbox, tenant, config, read):
    read({**config, "company_references": "externalId"})
    paths = [request.path for request in sandbox.requests]
    assert paths.count("/leancompanies") == 1
    assert sum(path.startswith("/companies") for path in paths) == 1


def test_they_are_not_read_for_streams_whose_references_are_deselected(
    sandbox, tenant, config, read, select
):
    catalog = select(issues=["title"], objectives=["name"])
    read({**config, "company_references": "externalId"}, catalog=catalog)
    assert not {request.path for request in sandbox.requests} & LISTS


def test_a_deselected_reference_stays_out_although_companies_are_filtered_by_it(
    tenant, config, read, select
):
    company = tenant.records("objectives")[0]["companyId"]
    config |= {"company_references": "externalId", "company_ids": [company]}
    records = read(config, catalog=select(objectives=["name"])).records("objectives")
    assert records
    assert all(record.keys() == {"_id", "name"} for record in records)


@pytest.mark.parametrize("filtered", ["list", "one-id"])
@pytest.mark.parametrize("path", SDK_PATHS)
def test_a_filter_by_companies_finds_the_same_records(
    sandbox, tenant, config, read, path, filtered
):
    sandbox.behave(company_filter=filtered)
    wanted = [company["_id"] for company in tenant.records("companies")[:3]]
    config |= {**SDK_PATHS[path], "company_ids": wanted, "company_references": "externalId"}
    output = read(config)
    for stream in STREAMS:
        assert references(output, stream) == {
            identifier: refers
            for identifier, refers in expected(tenant, stream, named(tenant, "externalId")).items()
            if set(wanted) & ids_of(tenant.get(stream, identifier))
        }


def ids_of(record):
    return {*record.get("companyIds", ()), record.get("companyId")}


KEYS = st.sampled_from(["a", "b", "A", " a", "ä", "a/b%", "  ", "", 7, None])


@given(keys=st.lists(KEYS, min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_keys_companies_have_no_two_are_confused(sandbox, config, read, caplog, keys):
    """A company without a key that is its alone keeps its `_id`, and one warning counts these."""
    tenant = sandbox.tenant("token-a")
    tenant.clear()
    caplog.clear()
    companies = [
        tenant.insert("companies", {"name": "n", "externalId": key})["_id"] for key in keys
    ]
    for company in companies:
        tenant.insert("objectives", {"name": "n", "companyId": company})
    folded = [key.strip().casefold() if isinstance(key, str) else "" for key in keys]
    names = {
        company: f"extid-{key}"
        for company, key, one in zip(companies, keys, folded, strict=True)
        if one and folded.count(one) == 1
    }
    output = read({**config, "company_references": "externalId"})
    assert references(output, "objectives") == expected(tenant, "objectives", names)
    warnings = [each.getMessage() for each in caplog.records if "by _id" in each.getMessage()]
    unnamed = len(companies) - len(names)
    assert len(warnings) == (unnamed > 0)
    if unnamed:
        what = "company" if unnamed == 1 else "companies"
        assert f"records refer to {unnamed} {what} by _id" in warnings[0]
        shown = warnings[0].rpartition(": ")[2].removesuffix(", …").split(", ")
        assert set(shown) <= set(companies) - names.keys()
        assert len(shown) == min(unnamed, 3)


def test_a_company_that_the_list_leaves_out_keeps_its_id(sandbox, tenant, config, read, caplog):
    sandbox.behave(lean_companies="partial")
    output = read({**config, "company_references": "externalId"})
    listed = tenant.records("companies")[::2]
    names = {each["_id"]: f"extid-{each['externalId']}" for each in listed}
    for stream in STREAMS:
        assert references(output, stream) == expected(tenant, stream, names)
    assert "records refer to 3 companies by _id" in caplog.text


@pytest.mark.parametrize("lean", ["absent", "forbidden", "without-keys"])
def test_without_the_one_list_the_pages_of_companies_serve(sandbox, tenant, config, read, lean):
    sandbox.behave(lean_companies=lean)
    output = read({**config, "company_references": "sourceId"})
    for stream in STREAMS:
        assert references(output, stream) == expected(tenant, stream, named(tenant, "sourceId"))


def test_a_list_that_contradicts_a_company_ends_the_run_before_any_record(
    sandbox, tenant, config, read
):
    sandbox.behave(lean_companies="swapped")
    with pytest.raises(ProtocolError, match="company_references could file records under a wrong"):
        read({**config, "company_references": "externalId"})
    assert not [request for request in sandbox.requests if request.path == "/issues"]


def test_companies_that_may_not_be_read_end_the_run(sandbox, tenant, config, read):
    sandbox.fault("status", status=403, model="companies")
    with pytest.raises(NotPermittedError):
        read({**config, "company_references": "externalId"})


def test_a_key_that_companies_do_not_have_is_refused(config, read):
    with pytest.raises(ConfigurationError, match="company_references"):
        read({**config, "company_references": "name"})


def test_an_incremental_run_refers_to_companies_in_the_same_way(tenant, config, read):
    config |= {"company_references": "externalId", "lookback_seconds": 0}
    state = read(config).state
    changed = tenant.records("issues")[5]["_id"]
    tenant.update("issues", changed, {"title": "changed"})
    output = read(config, state=state)
    names = named(tenant, "externalId")
    found = references(output, "issues")
    assert changed in found
    assert found.items() <= expected(tenant, "issues", names).items()
