"""The roles of a user: written as ids, and shown as objects in some responses (user-forms)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planhat_sandbox.planhat.collection import Fields


def with_role_objects(user: Fields) -> Fields:
    """Return a user whose roles are objects.

    Args:
        user: The record, or a row of a list.
    """
    if "roles" not in user:
        return user
    roles = [
        {"_id": role, "name": f"Role {role}", "description": "", "__v": 0} for role in user["roles"]
    ]
    return {**user, "roles": roles}
