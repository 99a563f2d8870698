"""A tenant as it was at an earlier moment of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.oracles.history import History

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.story import Tenant, Version


class EarlierTenant:
    """A tenant as it was just after an event.

    Args:
        tenant: The tenant.
        event: Number of the event.
    """

    def __init__(self, tenant: Tenant, event: int) -> None:
        self._tenant = tenant
        self._event = event

    def records(self, model: str) -> list[dict[str, Any]]:
        """Return the records of a model as they were then, sorted by `_id`."""
        existing = History.of(self._tenant, model).existing(self._event)
        return [dict(period.fields) for _, period in sorted(existing, key=lambda each: each[0])]

    def versions(self, model: str) -> Mapping[str, Sequence[Version]]:
        """Return the versions that there were of each record until then."""
        return {
            identifier: [each for each in versions if each.event <= self._event]
            for identifier, versions in self._tenant.versions(model).items()
        }
