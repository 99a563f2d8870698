"""The two Planhats are written independently; where both follow the vendor's pages, they agree."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from simulation.draws import Draws
from simulation.plan import Change, ClockPlan, TenantPlan
from simulation.planhat.reply import Ask
from simulation.planhat.small import SmallTenant
from simulation.planhat.tenants import SandboxTenant
from simulation.time import VirtualTime

COMPANY = "66b0c0de000000000000c001"
FIRST = {
    "_id": "66b0c0de0000000000000aaa",
    "sourceId": "s0",
    "title": "zero",
    "companyIds": [COMPANY],
    "custom": {"a": 1},
    "createdAt": "2025-01-01T00:00:00.000Z",
    "updatedAt": "2025-01-01T00:00:00.000Z",
}
PLAN = TenantPlan(
    records={"companies": [{"_id": COMPANY, "name": "One", "sourceId": "c"}], "issues": [FIRST]},
    behaviours={"error_entries": "index"},
)


class Both:
    """The same tenant twice."""

    def __init__(self) -> None:
        self.time = VirtualTime(ClockPlan())
        self.tenants = (
            SandboxTenant("a", 1, PLAN, time=self.time, draws=Draws(1), event=lambda: 0),
            SmallTenant(1, PLAN, time=self.time, event=lambda: 0),
        )

    def ask(
        self, method: str, path: str, query: str = "", body: object = None
    ) -> list[tuple[int, Any]]:
        """Return the status and the answer of both."""
        sent = b"" if body is None else json.dumps(body).encode()
        replies = [each.answer(Ask(1, method, path, query, sent)) for each in self.tenants]
        return [(reply.status, json.loads(reply.body)) for reply in replies]

    def shown(self) -> list[list[dict[str, Any]]]:
        """Return the issues of both by `sourceId`, without what each makes by itself."""
        names = {"sourceId", "title", "companyIds", "custom"}
        return [
            sorted(
                ({n: v for n, v in row.items() if n in names} for row in each.records("issues")),
                key=lambda row: row["sourceId"],
            )
            for each in self.tenants
        ]


@pytest.mark.parametrize("seed", range(40))
def test_both_store_the_same_whatever_is_written(seed: int) -> None:
    source, both = random.Random(seed), Both()
    for _ in range(30):
        key = f"s{source.randrange(6)}"
        item = {"sourceId": key, "companyIds": [COMPANY]}
        if source.random() < 0.8:
            item["title"] = source.choice(("", "x", "y", "z"))
        if source.random() < 0.3:
            item["custom"] = {source.choice("ab"): source.randrange(3)}
        path = f"/issues/srcid-{key}"
        match source.randrange(4):
            case 0:
                answers = both.ask("PUT", "/issues", body=[item])
            case 1:
                answers = both.ask("PUT", path, body=item)
            case 2:
                answers = both.ask("POST", "/issues", body=item)
            case _:
                answers = []
                for each in both.tenants:
                    change = Change(
                        tenant="a", model="issues", action="delete", find=("sourceId", key)
                    )
                    each.change(change)
        assert len({status for status, _ in answers}) <= 1, (item, answers)
        first, second = both.shown()
        assert first == second


@pytest.mark.parametrize(
    "query",
    [
        "limit=2&select=title",
        "limit=2&offset=1&sort=title&select=sourceId",
        "sort=-title&select=title",
        f"companyId={COMPANY}&select=title",
        "companyId=66b0c0de000000000000c999",
    ],
)
def test_both_list_the_same(query: str) -> None:
    both = Both()
    items = [
        {"sourceId": f"s{n}", "title": title, "companyIds": [COMPANY]}
        for n, title in enumerate(("b", "d", "a", "c"), start=1)
    ]
    both.ask("PUT", "/issues", body=items)
    (status, first), (other, second) = both.ask("GET", "/issues", query)
    assert status == other == 200
    without_ids = [[{n: v for n, v in row.items() if n != "_id"} for row in rows]
                   for rows in (first, second)]  # fmt: skip
    assert without_ids[0] == without_ids[1]


def test_both_answer_a_bulk_upsert_in_the_same_form() -> None:
    both = Both()
    items = [
        {"sourceId": "s0", "title": "zero"},
        {"sourceId": "s0", "title": "changed"},
        {"sourceId": "s1", "title": "new", "companyIds": [COMPANY]},
        {"sourceId": "s2", "companyIds": [COMPANY]},
    ]
    for each in items:
        (status, first), (other, second) = both.ask("PUT", "/issues", body=[each])
        assert status == other
        assert first.keys() == second.keys()
        lengths = [
            {name: len(value) if isinstance(value, list) else value for name, value in body.items()}
            for body in (first, second)
        ]
        assert lengths[0] == lengths[1]


def test_both_delete_by_id_alone_and_once() -> None:
    both = Both()
    for path, status in (("srcid-s0", 400), (FIRST["_id"], 200), (FIRST["_id"], 404)):
        found = [each for each, _ in both.ask("DELETE", f"/issues/{path}")]
        assert found[0] == status
        assert found[1] == (404 if status == 400 else status)


def test_both_list_all_companies_with_their_keys() -> None:
    (_, first), (_, second) = Both().ask("GET", "/leancompanies")
    assert first == second == [{"_id": COMPANY, "name": "One", "sourceId": "c"}]


def test_both_keep_every_version() -> None:
    both = Both()
    both.time.advance(5)
    both.ask("PUT", "/issues", body=[{"sourceId": "s0", "title": "changed"}])
    both.time.advance(7)
    both.ask("DELETE", f"/issues/{FIRST['_id']}")
    for each in both.tenants:
        versions = each.versions("issues")[str(FIRST["_id"])]
        assert [v.fields and v.fields["title"] for v in versions] == ["zero", "changed", None]
        assert [v.at - ClockPlan().start for v in versions] == [0, 5, 7]
