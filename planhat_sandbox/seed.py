"""Demo data: companies, endusers, issues and objectives, always the same for the same seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planhat_sandbox.planhat.tenant import Tenant

COMPANIES = 40
ENDUSERS = 120
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

    Returns:
        The number of records inserted for each model.
    """
    chance = random.Random(seed)
    with tenant.lock:
        company_ids = [
            tenant.insert("companies", _company(chance, number, shared_ids=shared_ids))["_id"]
            for number in range(companies)
        ]
        enduser_ids = [
            tenant.insert("endusers", _enduser(chance, number, company_ids, shared_ids=shared_ids))[
                "_id"
            ]
            for number in range(endusers)
        ]
        for number in range(issues):
            tenant.insert("issues", _issue(chance, number, company_ids, enduser_ids))
        for number in range(objectives):
            tenant.insert("objectives", _objective(chance, number, company_ids))
    return {
        "companies": companies,
        "endusers": endusers,
        "issues": issues,
        "objectives": objectives,
    }


def _shared(kind: str, number: int, *, shared_ids: bool) -> dict[str, Any]:
    return {"_id": SHARED_ID.format(kind=kind, number=number + 1)} if shared_ids else {}


def _company(chance: random.Random, number: int, *, shared_ids: bool) -> dict[str, Any]:
    return {
        **_shared("c0", number, shared_ids=shared_ids),
        "name": f"{NAMES[number % len(NAMES)]} {number + 1}",
        "externalId": f"acme-{number + 1}",
        "sourceId": f"crm-{number + 1}",
        "mrr": chance.randrange(100, 90_000) / 10,
        "arr": chance.randrange(1_000, 900_000),
    }


def _enduser(
    chance: random.Random, number: int, company_ids: list[str], *, shared_ids: bool
) -> dict[str, Any]:
    return {
        **_shared("e0", number, shared_ids=shared_ids),
        "firstName": chance.choice(("Lara", "Zoë", "Søren", "明子", "Ana")),
        "lastName": f"Croft {number + 1}",
        "email": f"person{number + 1}@example.com",
        "companyId": chance.choice(company_ids) if company_ids else None,
    }


def _custom(chance: random.Random) -> dict[str, Any]:
    """Make custom fields of every type, with numbers that must be kept exactly."""
    return {
        "Severity": chance.randrange(1, 6),
        "Estimate (days)": chance.randrange(1, 400) / 10,
        "Blocked": chance.randrange(5) == 0,
        "Areas": chance.sample(WORDS, chance.randrange(0, 4)),
        "Reviewed by": None,
        "Due": f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T09:30:00.000Z",
        "Ratio": chance.random(),
        "Notes (internal)": chance.choice(("", 'naïve "quoted" text\nwith a line', "東京 ✅")),
    }


def _issue(
    chance: random.Random, number: int, company_ids: list[str], enduser_ids: list[str]
) -> dict[str, Any]:
    words = chance.sample(WORDS, 3)
    issue: dict[str, Any] = {
        "title": f"{words[0]} fails after {words[1]} #{number + 1}",
        "description": " ".join(chance.choices(WORDS, k=chance.randrange(5, 40))),
        "companyIds": chance.sample(company_ids, min(len(company_ids), chance.randrange(1, 4))),
        "enduserIds": chance.sample(enduser_ids, min(len(enduser_ids), chance.randrange(0, 3))),
        "sourceId": f"JIRA-{number + 1}",
        "source": "Jira",
        "sourceUrl": f"https://jira.example.com/browse/JIRA-{number + 1}",
        "priority": chance.choice(("Low", "Medium", "High")),
        "status": chance.choice(STATUSES),
        "custom": _custom(chance),
    }
    if number % 50 == 0:
        issue["archived"] = True
    return issue


def _objective(chance: random.Random, number: int, company_ids: list[str]) -> dict[str, Any]:
    objective: dict[str, Any] = {
        "name": f"{chance.choice(WORDS)} adopted by team {number + 1}",
        "health": chance.choice((chance.randrange(0, 11), chance.randrange(0, 100) / 10)),
        "companyId": chance.choice(company_ids) if company_ids else None,
        "sourceId": f"okr-{number + 1}",
        "custom": _custom(chance),
    }
    if number % 2:
        objective["externalId"] = str(1000 + number // 2)
    return objective
