"""The faults that are switched on, and which of them fire for a request."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from planhat_sandbox.faults.active_fault import ActiveFault
from planhat_sandbox.faults.effects import EFFECTS

if TYPE_CHECKING:
    from planhat_sandbox.faults.fault import Fault
    from planhat_sandbox.planhat.call import Call
    from planhat_sandbox.planhat.tenancy import Tenancy


class Faults:
    """The active faults. Thread-safe.

    Args:
        tenancy: The tenants and models that a fault may name.
        seed: For the randomness of every fault.
    """

    def __init__(self, tenancy: Tenancy, seed: int) -> None:
        self._tenancy = tenancy
        self._seed = seed
        self._lock = threading.Lock()
        self._active: list[ActiveFault] = []
        self._count = 0

    def add(self, fault: Fault) -> ActiveFault:
        """Switch a fault on.

        Args:
            fault: The fault; its tenant may be a token or an alias.

        Returns:
            The active fault, with its counts.

        Raises:
            ValueError: There is no such fault, option or model.
            UnknownTenantError: There is no such tenant.
        """
        if fault.model is not None:
            self._tenancy.check_model(fault.model)
        if fault.tenant is not None:
            fault = replace(fault, tenant=self._tenancy.find(fault.tenant).alias)
        if fault.name not in EFFECTS:
            names = ", ".join(sorted(EFFECTS))
            raise ValueError(f"no fault is called {fault.name!r}; there are {names}")
        with self._lock:
            self._count += 1
            active = ActiveFault(
                fault, EFFECTS[fault.name], f"{self._seed}/{self._count}/{fault.name}"
            )
            self._active.append(active)
            return active

    def clear(self, name: str | None = None) -> None:
        """Switch faults off.

        Args:
            name: Only those of this name; None for all.
        """
        with self._lock:
            self._active = [
                active for active in self._active if name not in (None, active.fault.name)
            ]

    def remove(self, active: ActiveFault) -> None:
        """Switch one fault off.

        Args:
            active: What `add` returned.
        """
        with self._lock:
            self._active = [other for other in self._active if other is not active]

    def due(self, call: Call) -> list[ActiveFault]:
        """Return the faults that fire for a request, and count it.

        Args:
            call: The request.

        Returns:
            Those that fire, in the order in which they were added.
        """
        with self._lock:
            return [active for active in self._active if active.fires(call)]

    def snapshot(self) -> list[ActiveFault]:
        """Return a copy of the list of active faults."""
        with self._lock:
            return list(self._active)
