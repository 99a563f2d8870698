"""`company_ids`: several scans, servers that apply one id, records of several companies."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from under_way import wait_for_pages

from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.company_filter import LONGEST_FILTER, CompanyFilter


@pytest.fixture
def tenant(sandbox):
    return sandbox.tenant("token-a")


@pytest.fixture
def companies(tenant):
    return [tenant.insert("companies", {"name": f"c{number}"})["_id"] for number in range(150)]


def issue(tenant, *companies: str, **more) -> str:
    return tenant.insert("issues", {"title": "t", "companyIds": list(companies), **more})["_id"]


def filters(sandbox, stream="issues") -> list[str]:
    """The company filters of the requests for complete pages."""
    return [
        request.query["companyId"]
        for request in sandbox.requests
        if request.path == f"/{stream}" and "companyId" in request.query
    ]


@pytest.mark.parametrize("stream", ["issues", "objectives"])
def test_only_records_of_the_companies_are_read(tenant, companies, config, read, select, stream):
    issue(tenant, companies[0])
    issue(tenant, companies[1])
    issue(tenant)
    for company in companies[:3]:
        tenant.insert("objectives", {"name": "o", "companyId": company})
    config["company_ids"] = companies[:2]
    output = read(config, catalog=select(**{stream: None}))
    assert len(output.ids(stream)) == 2


def test_more_companies_than_one_url_holds_are_read_in_several_scans(
    tenant, companies, config, read, select, sandbox
):
    wanted = {issue(tenant, company) for company in companies}
    issue(tenant)
    config["company_ids"] = companies
    output = read(config, catalog=select(issues=None))
    assert sorted(output.ids("issues")) == sorted(wanted)
    assert all(len(value) <= LONGEST_FILTER for value in filters(sandbox))
    assert len(set(filters(sandbox))) == 3


def test_a_record_that_several_scans_find_is_emitted_once(tenant, companies, config, read, select):
    both = issue(tenant, companies[0], companies[149])
    config["company_ids"] = companies
    assert read(config, catalog=select(issues=None)).ids("issues") == [both]


@pytest.mark.parametrize("stream", ["issues", "objectives"])
def test_a_server_that_reads_joined_ids_as_one_loses_nothing(
    tenant, companies, config, read, select, sandbox, stream
):
    sandbox.behave(company_filter="one-id")
    wanted = {issue(tenant, companies[0]), issue(tenant, companies[1], companies[2])}
    if stream == "objectives":
        wanted = {
            tenant.insert("objectives", {"name": "o", "companyId": company})["_id"]
            for company in companies[:3]
        }
    config["company_ids"] = companies[:5]
    output = read(config, catalog=select(**{stream: None}))
    assert sorted(output.ids(stream)) == sorted(wanted)


def test_a_server_that_reads_joined_ids_as_one_loses_no_change_either(
    tenant, companies, config, read, select, sandbox
):
    sandbox.behave(company_filter="one-id")
    config |= {"company_ids": companies[:5], "lookback_seconds": 0}
    first = issue(tenant, companies[0], updatedAt="2026-01-01T00:00:00.000Z")
    issue(tenant, companies[1], updatedAt="2026-01-02T00:00:00.000Z")
    state = read(config, catalog=select(issues=None)).state
    tenant.update("issues", first, {"updatedAt": "2026-01-03T00:00:00.000Z"})
    again = read(config, state=state, catalog=select(issues=None))
    assert first in again.ids("issues")
    assert again.state["bookmarks"]["issues"]["replication_key_value"].startswith("2026-01-03")


def test_ids_are_asked_one_by_one_only_until_the_server_has_shown_that_it_reads_several(
    tenant, companies, config, read, select, sandbox
):
    for day, company in enumerate(companies[:3], start=1):
        issue(tenant, company, updatedAt=f"2026-01-{day:02}T00:00:00.000Z")
    config["company_ids"] = companies[:3]
    state = read(config, catalog=select(issues=None)).state
    assert state["bookmarks"]["issues"]["joins_company_ids"] is True
    wait_for_pages()
    before = len(sandbox.requests)
    issue(tenant, companies[0], updatedAt="2026-02-01T00:00:00.000Z")
    read(config, state=state, catalog=select(issues=None))
    assert len(sandbox.requests) - before == 1


@pytest.mark.parametrize(("owner", "emitted"), [("c1", ["a"]), ("c2", [])])
def test_rows_of_other_companies_are_dropped_where_the_filter_is_ignored(
    canned, config, read, select, owner, emitted
):
    canned.bodies["objectives"] = b'[{"_id":"a","companyId":"%b"}]' % owner.encode()
    config |= {"api_url": canned.url, "company_ids": ["c1"]}
    assert read(config, catalog=select(objectives=["name"])).ids("objectives") == emitted


def test_a_reference_may_be_an_object_with_an_id(canned, config, read, select):
    canned.bodies["objectives"] = b'[{"_id":"a","companyId":{"id":"c1","name":"Acme"}}]'
    config |= {"api_url": canned.url, "company_ids": ["c1"]}
    assert read(config, catalog=select(objectives=["name"])).ids("objectives") == ["a"]


def test_a_deselected_reference_is_asked_for_and_not_emitted(
    tenant, companies, config, read, select, sandbox
):
    tenant.insert("objectives", {"name": "o", "companyId": companies[0]})
    config["company_ids"] = companies[:2]
    [record] = read(config, catalog=select(objectives=["name"])).records("objectives")
    assert set(record) == {"_id", "name"}
    assert any("companyId" in request.query["select"] for request in sandbox.requests)


def test_a_changed_list_of_companies_ignores_the_bookmark(tenant, companies, config, read, select):
    """The bookmark is about other companies: what the new one changed before it was never read."""
    old = issue(tenant, companies[1], updatedAt="2026-01-01T00:00:00.000Z")
    issue(tenant, companies[0], updatedAt="2026-02-01T00:00:00.000Z")
    catalog = select(issues=None)
    config["company_ids"] = companies[:1]
    state = read(config, catalog=catalog).state
    config["company_ids"] = companies[:2]
    assert old in read(config, state=state, catalog=catalog).ids("issues")
    del config["company_ids"]
    assert old in read(config, state=state, catalog=catalog).ids("issues")


def test_fewer_companies_than_before_go_on_from_a_bookmark_of_all(
    tenant, companies, config, read, select
):
    issue(tenant, companies[0], updatedAt="2026-01-01T00:00:00.000Z")
    issue(tenant, companies[0], updatedAt="2026-02-01T00:00:00.000Z")
    state = read(config, catalog=select(issues=None)).state
    config["company_ids"] = companies[:1]
    assert len(read(config, state=state, catalog=select(issues=None)).ids("issues")) == 1


@pytest.mark.parametrize("wrong", ["extid-12", "srcid-1", "a,b", "  a b"])
def test_an_id_that_is_not_an_id_of_planhat_is_refused(config, read, wrong):
    with pytest.raises(ConfigurationError, match="company_ids"):
        read({**config, "company_ids": [wrong]})


ids = st.sampled_from([f"{number:024x}" for number in range(120)])
A, B = f"{0:024x}", f"{1:024x}"
few = st.sets(st.sampled_from([A, B, f"{2:024x}"]))


def serve(scans: CompanyFilter, rows: list[set[str]], reads: str) -> list[int]:
    """Return the rows emitted of a server that reads joined ids in some way."""
    emitted = []
    while scans.start():
        heard = {
            "all": set(scans.current),
            "as one": set(scans.current) if len(scans.current) == 1 else set(),
            "the first": set(scans.current[:1]),
            "none": {one for row in rows for one in row},
        }[reads]
        came = [number for number, row in enumerate(rows) if row & heard]
        emitted += [number for number in came if scans.includes(rows[number])]
        for one in scans.unverified():
            probed = [row for row in rows if one in row or reads == "none"]
            if any(scans.contradicts(row) for row in probed):
                scans.split()
                break
        else:
            scans.confirm()
    return emitted


@given(
    rows=st.lists(st.sets(ids, max_size=4), max_size=40) | st.lists(few, max_size=8),
    wanted=st.lists(ids, min_size=1),
    reads=st.sampled_from(["all", "as one", "the first", "none"]),
)
@example(rows=[{A, B}, {B}], wanted=[A, B], reads="the first")
@example(rows=[{A, B}, set()], wanted=[A, B], reads="none")
def test_every_row_of_the_companies_is_emitted_once_however_the_server_reads_a_list(
    rows, wanted, reads
):
    emitted = serve(CompanyFilter(wanted), rows, reads)
    assert sorted(emitted) == [number for number, row in enumerate(rows) if row & set(wanted)]
