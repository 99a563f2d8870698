"""docs/recipes/health-scores.md: every score arrives, nothing is created, in few requests."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml
from pages import parse

from planhat_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).parents[2] / "docs" / "recipes" / "health-scores.md"
STREAM = "analytics-health_score"
SCHEMA = {"type": "SCHEMA", "stream": STREAM, "schema": {"type": "object"}}


@pytest.fixture(scope="module")
def files():
    """The files of the page, by their names."""
    page = parse(PAGE.name, PAGE.read_text("utf-8"))
    return {block.file: block.body for block in page.blocks if block.file}


@pytest.fixture
def crm():
    """A sandbox with one tenant, which is empty."""
    with Sandbox({"token-a": "crm"}) as running:
        yield running


def add_objectives(crm: Sandbox, *, companies: int, each: int) -> None:
    """Make objectives whose externalIds are the same in every company."""
    tenant = crm.tenant("token-a")
    for company in range(companies):
        made = tenant.insert("companies", {"name": "A", "externalId": f"acme-{company}"})
        for number in range(each):
            tenant.insert(
                "objectives",
                {"name": "B", "companyId": made["_id"], "externalId": f"o-{number}", "health": -1},
            )


@pytest.fixture
def write(files, crm, target, tmp_path):
    """Write scores, as JSON by account number and objective id, as the page is configured."""

    def run(rows: Mapping[tuple[str, str], str], **settings):
        path = tmp_path / "scores.singer"
        with path.open("w") as lines:
            lines.write(json.dumps(SCHEMA) + "\n")
            for (account, objective), score in rows.items():
                lines.write(
                    f'{{"type":"RECORD","stream":"{STREAM}","record":{{"account_number":"{account}"'
                    f',"objective_id":"{objective}","score":{score}}}}}\n'
                )
        config = json.loads(files["target.json"]) | {
            "api_url": crm.url,
            "requests_per_minute": 0,
            "rejects_path": str(tmp_path / "rejects.jsonl"),
            "summary_path": str(tmp_path / "summary.json"),
            **settings,
        }
        done = target("--input", str(path), config=config)
        assert done.code == 0, done.stderr
        summary = json.loads((tmp_path / "summary.json").read_text())
        (counts,) = summary["streams"].values()
        return {name: count for name, count in counts.items() if count}

    return run


def scores(crm: Sandbox) -> dict[tuple[str, str], Decimal]:
    """Every health in Planhat, by company and externalId of the objective."""
    companies = {
        company["_id"]: company["externalId"]
        for company in crm.tenant("token-a").records("companies")
    }
    found: dict[tuple[str, str], Decimal] = {}
    while True:
        page = requests.get(
            f"{crm.url}/objectives?limit=2000&offset={len(found)}&sort=_id",
            headers={"Authorization": "Bearer token-a"},
            timeout=60,
        )
        rows = json.loads(page.text, parse_float=Decimal, parse_int=Decimal)
        if not rows:
            return found
        for row in rows:
            found[companies[row["companyId"]], row["externalId"]] = row["health"]


def sent(crm: Sandbox, since: int) -> Counter[tuple[str, str]]:
    """Count the requests after a number of them, by model and route."""
    return Counter((each.model, each.route) for each in crm.requests[since:])


def test_ten_thousand_scores_are_written_and_nothing_is_created(crm, write):
    add_objectives(crm, companies=100, each=100)
    rows = {
        (f"acme-{company}", f"o-{number}"): f"{company}.{number:02}"
        for company in range(100)
        for number in range(100)
    }
    assert write(rows) == {"read": 10_000, "updated": 10_000}
    assert sent(crm, since=0) == {
        ("companies", "lean"): 1,
        ("companies", "get"): 1,  # shows that the list can be trusted
        ("objectives", "list"): 7,
        ("objectives", "bulk"): 2,
    }
    assert scores(crm) == {key: Decimal(score) for key, score in rows.items()}


def test_a_nightly_run_sends_only_the_scores_that_have_changed(crm, write):
    add_objectives(crm, companies=2, each=50)
    rows = dict.fromkeys(scores(crm), "6.50")
    write(rows)
    rows |= {("acme-0", "o-7"): "6.75", ("acme-1", "o-7"): "6.25"}
    before = len(crm.requests)
    assert write(rows) == {
        "read": 100,
        "updated": 2,
        "unchanged": 98,
    }
    (bulk,) = [each for each in crm.requests[before:] if each.route == "bulk"]
    assert bulk.items == 2
    before = len(crm.requests)
    assert write(rows) == {"read": 100, "unchanged": 100}
    assert sent(crm, before)["objectives", "bulk"] == 0


def test_a_row_without_an_objective_is_skipped_and_one_without_a_company_is_rejected(
    crm, write, tmp_path
):
    add_objectives(crm, companies=2, each=1)
    counts = write(
        {
            ("acme-0", "o-0"): "2.5",
            ("acme-1", "o-1"): "2.5",  # the company has no such objective
            ("acme-2", "o-0"): "2.5",  # no such company, but others have such an objective
        }
    )
    assert counts == {"read": 3, "updated": 1, "skipped": 1, "rejected": 1}
    assert scores(crm) == {("acme-0", "o-0"): Decimal("2.5"), ("acme-1", "o-0"): -1}
    lines = map(json.loads, (tmp_path / "rejects.jsonl").read_text().splitlines())
    (reject,) = [line["reject"] for line in lines if "reject" in line]
    assert (reject["code"], reject["line"]) == ("unknown_company", 4)


def test_scores_are_sent_with_their_digits(crm, write):
    given = ["7.10", "100.00", "-0.05", "0", "0.1000000000000000055511151231257827"]
    # Some taps send a numeric as text, so that no reader rounds it.
    rows = [*given, *(f'"{number}"' for number in given)]
    add_objectives(crm, companies=1, each=len(rows))
    write({("acme-0", f"o-{number}"): score for number, score in enumerate(rows)})
    (bulk,) = [each for each in crm.requests if each.route == "bulk"]
    items = json.loads(bulk.body, parse_float=str, parse_int=str)
    assert [item["health"] for item in items] == given * 2
    assert list(scores(crm).values()) == [Decimal(number) for number in given * 2]


def test_meltano_has_the_configuration_of_the_pipe(files):
    """So the tests of one hold for the other."""
    (loader,) = yaml.safe_load(files["meltano.yml"])["plugins"]["loaders"]
    piped = json.loads(files["target.json"])
    in_meltano = loader["config"]
    assert in_meltano.pop("rejects_path").endswith(f"/{piped.pop('rejects_path')}")
    assert piped | in_meltano == piped
