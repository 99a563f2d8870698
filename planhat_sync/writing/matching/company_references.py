"""How the payloads of one model refer to companies, and what follows once it is known which.

Owns which payloads need to know it. A payload is sent with the reference that its record has, which
Planhat resolves itself; what is resolved here serves to find and to compare records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.decisions import item_values
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode

if TYPE_CHECKING:
    from planhat_sync.model import Model
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.matching.companies import Companies
    from planhat_sync.writing.settings import WriteSettings


class CompanyReferences:
    """The references to companies in the payloads of one model.

    Args:
        model: The model.
        settings: The user's settings.
        companies: Finds the companies of the run.
    """

    def __init__(self, model: Model, settings: WriteSettings, companies: Companies) -> None:
        self._companies = companies
        self._property = model.company_reference
        self._scoped = [
            at
            for at, name in enumerate(model.keyables)
            if self._property is not None and model.keyable_scope.get(name) == self._property
        ]
        reads = settings.skip_unchanged or settings.dry_run or settings.write_mode != "upsert"
        self._checks_all = reads and self._property is not None
        # A comparison needs no company that is given by its _id. A dry run has to know whether
        # Planhat would accept it.
        self._checks_ids = settings.dry_run

    def matter(self, batch: Batch) -> bool:
        """Return whether any payload of a batch may refer to a company that has to be known."""
        return self._checks_all or (
            bool(self._scoped) and any(map(self._named_scopes, batch.examples))
        )

    def identified(self, payload: Payload) -> Payload | Reject:
        """Return a payload whose keyables are within companies given by their `_id`.

        A company that is not known stays as it is. In a company that does not exist there is no
        record to delete or archive, so the keyable that is unique in it is left out.

        Args:
            payload: Any payload.

        Returns:
            The payload; or why it cannot be written, if its company does not exist.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        named = self._named_scopes(payload)
        if not named:
            return payload
        keys, scopes = list(payload.keys), list(payload.scopes)
        for at, reference in named.items():
            company = self._companies.find(reference)
            if isinstance(company, str):
                scopes[at] = company
            elif company is None:
                if payload.operation == "upsert":
                    return self._unknown_company(reference)
                keys[at] = None
        return replace(payload, keys=tuple(keys), scopes=tuple(scopes))

    def values(self, payload: Payload) -> dict[str, Any]:
        """Return the values of a payload without its `_id`, with companies given by their `_id`.

        A company that is not known, or does not exist, stays as it is.

        Args:
            payload: Any payload.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        values = item_values(payload)
        name = self._property
        if name is not None and name in values:
            value = values[name]
            if isinstance(value, list):
                values[name] = [self._resolved(each) for each in value]
            else:
                values[name] = self._resolved(value)
        return values

    def unknown(self, payload: Payload) -> Reject | None:
        """Return why a payload cannot be sent, if it refers to a company that does not exist.

        Args:
            payload: What is to be sent.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        if not self._checks_all or self._property is None or payload.operation == "archive":
            return None
        value = item_values(payload).get(self._property)
        for reference in value if isinstance(value, list) else [value]:
            if (
                isinstance(reference, str)
                and (self._checks_ids or scope_kind(reference) != ID)
                and self._companies.find(reference) is None
            ):
                return self._unknown_company(reference)
        return None

    def _named_scopes(self, payload: Payload) -> dict[int, str]:
        """Return the companies of keyables that are not given by their `_id`, by position."""
        return {
            at: scope
            for at in self._scoped
            if payload.keys[at] and (scope := payload.scopes[at]) and scope_kind(scope) != ID
        }

    def _resolved(self, reference: object) -> object:
        if not isinstance(reference, str) or scope_kind(reference) == ID:
            return reference
        company = self._companies.find(reference)
        return company if isinstance(company, str) else reference

    def _unknown_company(self, reference: str) -> Reject:
        kind = scope_kind(reference)
        given = "by its _id" if kind == ID else f"as {kind}…"
        return Reject(
            RejectCode.UNKNOWN_COMPANY,
            f"Planhat has no such company, given {given}: create the company in Planhat, or "
            "correct the reference",
            self._property,
        )
