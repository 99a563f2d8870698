"""The models that the sandbox describes by its own literals, never read from ``schemas/``.

If the fake and the connector read the same file, they would agree even where both are wrong.
Every assumption is named by its fact id in ``docs/planhat-facts.md``. Facts come from the vendor's
pages, which are named where their model is described.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sandbox.planhat.models.companies import COMPANIES
from planhat_sandbox.planhat.models.conversations import CONVERSATIONS, TICKETS
from planhat_sandbox.planhat.models.custom_fields import CUSTOM_FIELDS
from planhat_sandbox.planhat.models.hours import TIME_ENTRIES, TIMESHEETS
from planhat_sandbox.planhat.models.issues import ISSUES, OBJECTIVES
from planhat_sandbox.planhat.models.money import CHURN, INVOICES, LICENSES, OPPORTUNITIES, SALES
from planhat_sandbox.planhat.models.people import ENDUSERS, NPS, USERS
from planhat_sandbox.planhat.models.uncertain import DEALS, LINE_ITEMS, PRODUCTS, WORKFLOWS
from planhat_sandbox.planhat.models.work import ASSETS, CAMPAIGNS, PROJECTS, TASKS, WORKSPACES

if TYPE_CHECKING:
    from planhat_sandbox.planhat.model import SandboxModel

MODELS: tuple[SandboxModel, ...] = (
    ISSUES,
    OBJECTIVES,
    COMPANIES,
    ENDUSERS,
    USERS,
    CONVERSATIONS,
    TICKETS,
    TASKS,
    PROJECTS,
    WORKSPACES,
    CAMPAIGNS,
    ASSETS,
    OPPORTUNITIES,
    LICENSES,
    SALES,
    INVOICES,
    CHURN,
    NPS,
    TIME_ENTRIES,
    TIMESHEETS,
    CUSTOM_FIELDS,
    DEALS,
    LINE_ITEMS,
    PRODUCTS,
    WORKFLOWS,
)
"""All models, in the order in which the page of the sandbox shows them."""
