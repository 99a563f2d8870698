"""A tenant that shows every fact that `planhat-beliefs` asks about, and what it finds out there."""

from __future__ import annotations

import itertools
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from planhat_beliefs.asking import Asker
from planhat_beliefs.catalogue import BELIEFS
from planhat_sandbox import seed_tenant
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.runtime.clock import Clock
from planhat_sync.timestamps import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_beliefs.belief import Belief
    from planhat_beliefs.finding import Finding
    from planhat_sandbox import Sandbox
    from planhat_sandbox.planhat.tenant import Tenant

TOKEN = "token-of-the-beliefs"  # noqa: S105 - of a sandbox
LONG_AGO = "2019-05-06T07:08:09.000Z"
LATELY = format_timestamp(datetime.now(timezone.utc) - timedelta(days=8))
"""Within the 360 days that a list of nps shows by itself, whenever the tests run."""


def fill(sandbox: Sandbox) -> Tenant:
    """Add records that show all facts, one a second during the last hour."""
    seconds = itertools.count(time.time() - 3600)
    sandbox.clock = lambda: next(seconds)
    tenant = sandbox.tenant(TOKEN)
    _insert(tenant)
    sandbox.clock = time.time
    return tenant


def _insert(tenant: Tenant) -> None:
    seed_tenant(tenant, issues=12, objectives=8, companies=6, endusers=8, others=8)
    companies = [company["_id"] for company in tenant.records("companies")]
    for company, day in zip(companies, "123456", strict=True):
        times = {"updatedAt": f"2026-01-0{day}T00:00:00.000Z", "lastUpdated": LATELY}
        keys = {"externalId": f"ext-{day}", "sourceId": f"src-{day}", "owner": "f" * 24}
        tenant.update("companies", company, {**keys, **times})
    tenant.insert("issues", {"title": "without a key", "companyIds": companies[:1]})
    for company in companies[:2]:
        of_company = {"companyId": company}
        for archived in (False, True):
            people = {"firstName": "A", "lastName": "B", "name": "A B", "email": "a@b.example"}
            tenant.insert("endusers", {**of_company, **people, "archived": archived})
            tenant.insert("tasks", {**of_company, "mainType": "task", "isArchived": archived})
        tenant.insert("conversations", {**of_company, "type": "note", "externalId": f"x-{company}"})
        tenant.insert("opportunities", {**of_company, "sourceId": f"deal-{company}"})
        tenant.insert(
            "invoices", {"cId": company, "extId": f"bill-{company}", "invoiceDate": 20000}
        )
        for answered in (LONG_AGO, LATELY, LATELY):
            tenant.insert("nps", {"cId": company, "dateAnswered": answered, "score": 9})
        tenant.insert("timesheets", {"dateFrom": 20000, "timeEntries": ["f" * 24]})
    for enduser in tenant.records("endusers"):
        tenant.update("endusers", enduser["_id"], {"lastActive": "2999-01-01T00:00:00.000Z"})


def findings(sandbox: Sandbox, beliefs: Iterable[Belief] = BELIEFS) -> dict[str, Finding]:
    """Return what is found out about facts, by their names."""
    connection = Connection(TOKEN, sandbox.url, requests_per_minute=0, retry_budget_seconds=0)
    with Transport(connection) as transport:
        asker = Asker(transport, Clock())
        return {
            belief.name: belief.finding([asker.reply(asked) for asked in belief.needs])
            for belief in beliefs
        }
