"""Demo data, always the same for the same seed: companies, endusers, issues, objectives, others."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.models import MODELS
from planhat_sandbox.seed_values import ValueMaker

if TYPE_CHECKING:
    from planhat_sandbox.planhat.tenant import Tenant

NOTES = "notes"
OTHERS = (
    "users",
    "products",
    "campaigns",
    "projects",
    "workspaces",
    "assets",
    "workflows",
    "opportunities",
    "deals",
    "lineitems",
    "licenses",
    "sales",
    "invoices",
    "churn",
    "conversations",
    NOTES,
    "tickets",
    "tasks",
    "nps",
    "timeentries",
    "timesheets",
    "customfields",
)
"""The other models, in an order in which a record can refer to those before it."""
COMPANIES = 40
ENDUSERS = 120
ENDUSERS_PER_ARCHIVED = 40
NAMES = (
    "Tenet",
    "Ångström & Søn",
    "Łódź Robotics",
    "株式会社ひかり",
    "Croft Ltd",
    "Zoë's Café",
    "North 42",
)
STATUSES = ("Open", "In Progress", "Done", "Won't fix")
WORDS = (
    "login",
    "import",
    "billing",
    "dashboard",
    "sync",
    "Überblick",
    "résumé",
    "検索",
    "emoji 🚀",
)
# Companies and endusers have the same ids in every tenant, so that a copy can be compared with its
# source property by property.
SHARED_ID = "5f00000000000000{kind}{number:06x}"


def seed_tenant(
    tenant: Tenant,
    issues: int = 5000,
    objectives: int = 1000,
    seed: int = 1,
    *,
    companies: int = COMPANIES,
    endusers: int = ENDUSERS,
    shared_ids: bool = True,
    others: int = 0,
    **amounts: int,
) -> dict[str, int]:
    """Fill a tenant with demo data.

    Args:
        tenant: The tenant; its existing records stay.
        issues: How many issues.
        objectives: How many objectives.
        seed: The same seed makes the same data.
        companies: How many companies.
        endusers: How many endusers.
        shared_ids: Whether companies and endusers have the same ids in every tenant.
        others: How many records of each other model, unless `amounts` says it.
        amounts: How many records by the name of another model; ``notes`` are conversations of the
            type note.

    Returns:
        The number of records inserted for each model.

    Raises:
        ValueError: There is no demo data for a model of this name.
    """
    unknown = amounts.keys() - set(OTHERS)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"there is no demo data for {names}; there is for {', '.join(OTHERS)}")
    wanted = {name: amounts.get(name, others) for name in OTHERS}
    rng = random.Random(seed)
    with tenant.lock:
        company_ids = [
            tenant.insert("companies", _company(rng, number, shared_ids=shared_ids))["_id"]
            for number in range(companies)
        ]
        enduser_ids = [
            tenant.insert("endusers", _enduser(rng, number, company_ids, shared_ids=shared_ids))[
                "_id"
            ]
            for number in range(endusers)
        ]
        for number in range(issues):
            tenant.insert("issues", _issue(rng, number, company_ids, enduser_ids))
        for number in range(objectives):
            tenant.insert("objectives", _objective(rng, number, company_ids))
        # Of its own, so that the data above does not depend on what else is wanted.
        _insert_others(tenant, random.Random(seed), wanted)
    return {
        "companies": companies,
        "endusers": endusers,
        "issues": issues,
        "objectives": objectives,
        **{name: amount for name, amount in wanted.items() if amount},
    }


def _insert_others(tenant: Tenant, rng: random.Random, wanted: dict[str, int]) -> None:
    models = {model.name: model for model in MODELS}
    maker = ValueMaker(rng, lambda name: list(tenant.store.collection(name).records))
    for name, amount in wanted.items():
        model = models["conversations" if name == NOTES else name]
        for number in range(amount):
            record = maker.record(model, number)
            if name == NOTES:
                record = {**record, "type": "note", "externalId": f"note-{number + 1}"}
                record.pop("sourceId", None)
            tenant.insert(model.name, record)


def _shared(kind: str, number: int, *, shared_ids: bool) -> dict[str, Any]:
    return {"_id": SHARED_ID.format(kind=kind, number=number + 1)} if shared_ids else {}


def _company(rng: random.Random, number: int, *, shared_ids: bool) -> dict[str, Any]:
    return {
        **_shared("c0", number, shared_ids=shared_ids),
        "name": f"{NAMES[number % len(NAMES)]} {number + 1}",
        "externalId": f"acme-{number + 1}",
        "sourceId": f"crm-{number + 1}",
        "mrr": rng.randrange(100, 90_000) / 10,
        "arr": rng.randrange(1_000, 900_000),
    }


def _enduser(
    rng: random.Random, number: int, company_ids: list[str], *, shared_ids: bool
) -> dict[str, Any]:
    return {
        **_shared("e0", number, shared_ids=shared_ids),
        "firstName": rng.choice(("Lara", "Zoë", "Søren", "明子", "Ana")),
        "lastName": f"Croft {number + 1}",
        "email": f"person{number + 1}@example.com",
        "companyId": rng.choice(company_ids) if company_ids else None,
        "archived": number % ENDUSERS_PER_ARCHIVED == ENDUSERS_PER_ARCHIVED - 1,
    }


def _custom(rng: random.Random) -> dict[str, Any]:
    """Make custom fields of every type, with numbers that must be kept exactly."""
    return {
        "Severity": rng.randrange(1, 6),
        "Estimate (days)": rng.randrange(1, 400) / 10,
        "Blocked": rng.randrange(5) == 0,
        "Areas": rng.sample(WORDS, rng.randrange(0, 4)),
        "Reviewed by": None,
        "Due": f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}T09:30:00.000Z",
        "Ratio": rng.random(),
        "Notes (internal)": rng.choice(("", 'naïve "quoted" text\nwith a line', "東京 ✅")),
    }


def _issue(
    rng: random.Random, number: int, company_ids: list[str], enduser_ids: list[str]
) -> dict[str, Any]:
    words = rng.sample(WORDS, 3)
    issue: dict[str, Any] = {
        "title": f"{words[0]} fails after {words[1]} #{number + 1}",
        "description": " ".join(rng.choices(WORDS, k=rng.randrange(5, 40))),
        "companyIds": rng.sample(company_ids, min(len(company_ids), rng.randrange(1, 4))),
        "enduserIds": rng.sample(enduser_ids, min(len(enduser_ids), rng.randrange(0, 3))),
        "sourceId": f"JIRA-{number + 1}",
        "source": "Jira",
        "sourceUrl": f"https://jira.example.com/browse/JIRA-{number + 1}",
        "priority": rng.choice(("Low", "Medium", "High")),
        "status": rng.choice(STATUSES),
        "custom": _custom(rng),
    }
    if number % 50 == 0:
        issue["archived"] = True
    return issue


def _objective(rng: random.Random, number: int, company_ids: list[str]) -> dict[str, Any]:
    objective: dict[str, Any] = {
        "name": f"{rng.choice(WORDS)} adopted by team {number + 1}",
        "health": rng.choice((rng.randrange(0, 11), rng.randrange(0, 100) / 10)),
        "companyId": rng.choice(company_ids) if company_ids else None,
        "sourceId": f"okr-{number + 1}",
        "custom": _custom(rng),
    }
    if number % 2:
        objective["externalId"] = str(1000 + number // 2)
    return objective
