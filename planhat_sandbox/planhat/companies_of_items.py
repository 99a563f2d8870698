"""The company of an item that does not name one by `companyId`, and the type of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sandbox.planhat.models.conversations import NOTE, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection, Fields
    from planhat_sandbox.planhat.model import SandboxModel


def settle_conversation(
    model: SandboxModel, fields: Fields, companies: Collection, behaviours: Behaviours
) -> None:
    """Set the company and the type of a conversation or ticket, in place (conversation-model).

    Args:
        model: The model.
        fields: The properties of the item.
        companies: The tenant's companies.
        behaviours: What becomes of an unknown type.
    """
    named = fields.get("companyExternalId")
    if named and not fields.get("companyId"):
        found = companies.find_records("externalId", named)
        if found:
            fields["companyId"] = found[0]
    kind = fields.get("type")
    unknown = kind is not None and kind not in TYPES
    if unknown and model.name == "conversations" and behaviours.unknown_conversation_type == NOTE:
        fields["type"] = NOTE


def complete_from_others(
    model: SandboxModel, fields: Fields, collection: Callable[[str], Collection]
) -> None:
    """Set what a create takes from other records, in place.

    An enduser gets the company of the domain of its e-mail address, a ticket that of one of its
    domains, an answer to an NPS survey the enduser with its address and the company of that one.

    Args:
        model: The model.
        fields: The properties of the item.
        collection: Returns the tenant's collection of a model.
    """
    if model.name == "nps":
        found = collection("endusers").find_records("email", str(fields.get("email")))
        if found:
            enduser = collection("endusers").records[found[0]]
            fields["euId"] = enduser["_id"]
            fields.setdefault("cId", enduser.get("companyId"))
    elif model.name in ("endusers", "tickets") and not fields.get("companyId"):
        domains = [
            str(fields.get("email") or "").rpartition("@")[2],
            *(fields.get("domains") or ()),
        ]
        wanted = {domain.casefold() for domain in domains if domain}
        for company in collection("companies").records.values():
            if wanted & {str(domain).casefold() for domain in company.get("domains") or ()}:
                fields["companyId"] = company["_id"]
                return
