"""The benchmarks are correct: their server, their arithmetic and their page."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import comparisons, detect_deletes, document
from benchmarks.answers import bulk_answer, page
from benchmarks.chart import chart
from benchmarks.comparisons import of_slopes
from benchmarks.issues import WRITABLE, template
from benchmarks.measure import Cost
from benchmarks.rounds import Slope
from benchmarks.tenant import Tenant
from benchmarks.tracker import MAPPINGS, tracker_issue
from planhat_sync.api.bulk.outcomes import Settled, read_answer
from planhat_sync.api.http.exchange import Answer
from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.records.payload import Payload


@given(rows=st.integers(0, 60), limit=st.integers(1, 25), descending=st.booleans())
def test_the_server_gives_every_row_once_in_the_order_asked_for(rows, limit, descending):
    sort = "-_id" if descending else "_id"
    ids = []
    for offset in range(0, rows + 1, limit):
        target = f"/issues?limit={limit}&offset={offset}&sort={sort}"
        count, body = page(rows, target, packed=False)
        answered = [row["_id"] for row in json.loads(body)]
        assert len(answered) == count
        ids += answered
    assert len(set(ids)) == rows
    assert ids == sorted(ids, reverse=descending)


def test_an_issue_of_the_server_has_the_properties_of_the_model_and_about_1100_bytes():
    _, body = page(2000, "/issues?limit=2000", packed=False)
    properties = set(load_models()["issues"].properties)
    assert all(set(row) == properties for row in json.loads(body))
    assert 1000 < len(body) / 2000 < 1200


def test_the_server_sends_what_is_selected_and_the_id():
    _, body = page(3, "/issues?select=title,custom", packed=False)
    assert [set(row) for row in json.loads(body)] == [{"_id", "title", "custom"}] * 3


def test_what_is_written_holds_nothing_that_only_planhat_can_know():
    model = load_models()["issues"]
    assert set(WRITABLE) == set(model.properties) - model.read_only - {"_id"}


def test_a_bulk_upsert_is_answered_as_a_full_success():
    items = [b'{"sourceId":"PROD-%d","title":"a"}' % at for at in range(3)]
    keys, body = bulk_answer(b"[" + b",".join(items) + b"]")
    payloads = [Payload(at, b"", item, (None, f"PROD-{at}")) for at, item in enumerate(items)]
    outcome = read_answer(("_id", "sourceId"), payloads, Answer(200, {}, body))
    assert keys == [b"PROD-0", b"PROD-1", b"PROD-2"]
    assert isinstance(outcome, Settled)
    assert outcome.counts.updated == 3
    assert not outcome.refusals


def test_a_tenant_is_its_token():
    tenant = Tenant("run", 2000, latency_milliseconds=250, gzip=True, requests_per_minute=200)
    assert Tenant.from_token(tenant.token) == tenant


def slope(start, microseconds):
    small, large = (Cost(start + rows * microseconds / 1e6, 0, 0) for rows in (1_000, 11_000))
    return Slope(small, large, 1_000, 11_000)


def test_a_slope_leaves_start_up_out():
    taken = slope(start=0.5, microseconds=3.0)
    assert taken.microseconds == pytest.approx(3.0)
    assert taken.start_seconds == pytest.approx(0.5)


def test_a_claim_is_the_median_of_the_ratios_within_each_round():
    ours = [slope(0.5, cost) for cost in (1.0, 2.0, 30.0)]
    loop = [slope(0.1, cost) for cost in (2.0, 4.0, 50.0)]
    (claim,) = of_slopes({"tap-planhat": ours, "requests + orjson loop": loop}, {})
    assert claim.value == pytest.approx(0.5)
    assert claim.holds


def test_a_mapping_costs_the_difference_within_each_round():
    plain = [slope(0.5, cost) for cost in (10.0, 20.0, 30.0)]
    mapped = [slope(0.5, cost) for cost in (70.0, 85.0, 80.0)]
    taken = {"target-planhat": plain, "target-planhat + mapping": mapped}
    (claim,) = of_slopes({}, taken)
    assert claim.value == pytest.approx(60.0)
    assert claim.limit == comparisons.MAPPING_MICROSECONDS
    assert claim.holds


def test_the_mapping_brings_back_what_the_tracker_has():
    mapping = Mappings.from_config(MAPPINGS, load_models()).of("issues")
    for variant in range(20):
        issue = template(variant, WRITABLE)
        made = mapping.apply(tracker_issue(issue))
        assert {name: made[name] for name in ("sourceId", "title", "status")} == {
            name: issue[name] for name in ("sourceId", "title", "status")
        }
        assert made["description"] == issue["description"].replace("\n\n", "\n")
        assert made["companyIds"] == [f"extid-{issue['companyIds'][0]}"]
        assert made["custom"]["Due"] == issue["custom"]["Due"]


def test_the_chart_is_an_image_that_says_its_figures_in_words():
    drawn = chart({"Reading": {"tap-planhat": 3.0, "a <peer>": 30.0}}, "a machine")
    title = ET.fromstring(drawn)[0].text  # noqa: S314 - we have drawn it
    assert "tap-planhat 3.0" in title
    assert "a <peer> 30.0" in title


def test_the_page_shows_the_results_of_the_last_complete_run():
    page_text = document.DOCUMENT.read_text()
    for name, (path, table) in document.TABLES.items():
        text = table(json.loads(path.read_text()))
        assert f"<!-- {name}:begin -->\n{text}\n<!-- {name}:end -->" in page_text


def test_every_claim_leaves_room_for_a_bad_day():
    """The worst round that was measured uses at most four fifths of what is claimed."""
    claims = json.loads(document.RESULTS.read_text())["claims"]
    for claim in claims:
        if claim["at_most"] is not None:
            assert max(claim["rounds"]) <= 0.8 * claim["at_most"], claim["what"]


def test_the_page_claims_what_the_benchmarks_check():
    limits = {
        f"CPU a record: {ours} / {other}": limit
        for ours, others in (
            ("tap-planhat", comparisons.READING),
            ("source-planhat", comparisons.AIRBYTE_READING),
            ("target-planhat", comparisons.WRITING),
            ("target-planhat after the tap", comparisons.COPYING),
            ("destination-planhat", comparisons.AIRBYTE_WRITING),
        )
        for other, limit in others.items()
    }
    over = "CPU a record: target-planhat + mapping over target-planhat"
    limits[over] = comparisons.MAPPING_MICROSECONDS
    limits_by_beginning = {
        "wall time: tap-planhat": comparisons.CONCURRENT_TAP,
        "wall time: target-planhat": comparisons.CONCURRENT_TARGET,
        "peak memory": comparisons.MORE_MEMORY_MEGABYTES,
        "start-up": comparisons.MORE_START_SECONDS,
        "CPU of a start": comparisons.SPEC_START,
    }
    for claim in json.loads(document.RESULTS.read_text())["claims"]:
        what, at_most = claim["what"], claim["at_most"]
        (expected,) = (
            {limits[what]}
            if what in limits
            else {limit for start, limit in limits_by_beginning.items() if what.startswith(start)}
        )
        assert at_most == expected, what
        assert claim["holds"] is (None if at_most is None else claim["median"] <= at_most), what


def test_the_charts_of_the_page_are_of_the_last_complete_runs():
    assert document.CPU_CHART.read_text() == document.cpu_chart()
    assert document.PIPE_CHART.read_text() == document.pipe_chart()


@pytest.mark.parametrize("churn", [0, 1])
def test_the_deletions_between_two_runs_are_the_ones_that_are_emitted(churn, capsys):
    assert detect_deletes.compare(2_000, 30, churn)
    emitted = int(capsys.readouterr().out.split()[3])
    assert emitted >= 30 if churn else emitted == 30
