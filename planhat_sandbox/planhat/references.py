"""References to records: the identifiers in paths, and the records that an item refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sandbox.planhat.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sandbox.planhat.collection import Collection, Fields
    from planhat_sandbox.planhat.model import SandboxModel


def resolve_companies(model: SandboxModel, fields: Fields, companies: Collection) -> None:
    """Replace references to companies by their ids, in place (company-reference).

    Args:
        model: The model, which names the property.
        fields: The properties of the item.
        companies: The tenant's companies.

    Raises:
        Refusal: There is no such company (unknown-company).
    """
    name = model.company_reference
    if name is None or fields.get(name) is None:
        return
    sent = fields[name]
    if isinstance(sent, list):
        fields[name] = [company_id(value, companies) for value in sent]
    else:
        fields[name] = company_id(sent, companies)


def check_references(
    model: SandboxModel, fields: Fields, collection: Callable[[str], Collection]
) -> None:
    """Refuse an item that refers to a record that does not exist (references).

    Args:
        model: The model, which names the properties.
        fields: The properties of the item.
        collection: Returns the tenant's collection of a model.

    Raises:
        Refusal: There is no such record.
    """
    for name, other in model.references.items():
        sent = fields.get(name)
        records = collection(other).records
        for identifier in sent if isinstance(sent, list) else [sent]:
            if identifier is not None and identifier not in records:
                raise Refusal(f"{name}: no record of {other} has the _id", invalid=name)


def company_id(reference: object, companies: Collection) -> str:
    """Return the company that a reference names.

    Args:
        reference: An `_id`, or `extid-…` or `srcid-…`.
        companies: The tenant's companies.

    Returns:
        The `_id` of the company.

    Raises:
        Refusal: There is no such company.
    """
    found = resolve(reference, companies) if isinstance(reference, str) else None
    if found is None:
        raise Refusal(f"no company has the id {reference!r}")
    return found


def resolve(identifier: str, collection: Collection) -> str | None:
    """Return the record that an identifier names.

    Args:
        identifier: `_id`, or a prefix and the value of another keyable (identifier-forms).
        collection: Where to look.

    Returns:
        The `_id` of the record, of the oldest if several have the externalId; None if none has.
    """
    if identifier in collection.records:
        return identifier
    for prefix, key in collection.model.prefixes.items():
        if identifier.startswith(prefix):
            return next(iter(collection.find_records(key, identifier[len(prefix) :])), None)
    return None
