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
    return {
        "companies": companies,
        "endusers": endusers,
        "issues": issues,
        "objectives": objectives,
    }


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
