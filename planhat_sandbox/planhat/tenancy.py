"""The tenants by token and by alias, and the behaviours for each."""

from __future__ import annotations

import base64
import binascii
import threading
from typing import TYPE_CHECKING

from planhat_sandbox.planhat.store import Store
from planhat_sandbox.planhat.switches import changed
from planhat_sandbox.planhat.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.model import SandboxModel


class UnknownTenantError(LookupError):
    """There is no tenant with this token or alias."""


class Tenancy:
    """The tenants of a sandbox. Thread-safe.

    Args:
        models: The models that each of them serves.
        clock: Returns seconds since 1970.
        behaviours: The initial behaviours of each.
        any_model: Whether undeclared models are served too.
    """

    def __init__(
        self,
        models: Iterable[SandboxModel],
        clock: Callable[[], float],
        behaviours: Behaviours,
        *,
        any_model: bool,
    ) -> None:
        self._lock = threading.RLock()
        self._models = tuple(models)
        self._clock = clock
        self._any_model = any_model
        self._tenants: dict[str, Tenant] = {}
        self._behaviours: dict[str, Behaviours] = {}
        self._first_behaviours = behaviours

    def add(self, token: str, alias: str) -> Tenant:
        """Add a tenant.

        Args:
            token: Its API token.
            alias: Its name; if empty, ``tenant-1`` and so on.

        Returns:
            The tenant, empty.
        """
        with self._lock:
            number = len(self._tenants) + 1
            store = Store(number, self._models, self._clock, any_model=self._any_model)
            tenant = Tenant(alias or f"tenant-{number}", store)
            self._tenants[token] = tenant
            self._behaviours[tenant.alias] = self._first_behaviours
            return tenant

    def all(self) -> list[Tenant]:
        """Return all tenants, in the order in which they were added."""
        with self._lock:
            return list(self._tenants.values())

    def find(self, name: str) -> Tenant:
        """Return a tenant.

        Args:
            name: Its token or its alias.

        Returns:
            The tenant.

        Raises:
            UnknownTenantError: There is no such tenant.
        """
        with self._lock:
            if name in self._tenants:
                return self._tenants[name]
            for tenant in self._tenants.values():
                if tenant.alias == name:
                    return tenant
            aliases = ", ".join(tenant.alias for tenant in self._tenants.values())
        # The name is not repeated in the message, since it may be a token.
        raise UnknownTenantError(f"there is no such tenant; there are {aliases}")

    def check_model(self, name: str) -> None:
        """Check that a model is served.

        Args:
            name: Name of the model.

        Raises:
            ValueError: No tenant serves it.
        """
        names = [model.name for model in self._models]
        if name not in names and not self._any_model:
            raise ValueError(f"no model is called {name!r}; there are {', '.join(names)}")

    def authenticate(self, authorization: str) -> Tenant | None:
        """Return the tenant of an Authorization header (authentication).

        Args:
            authorization: ``Bearer <token>``, or ``Basic`` with the token as user name and an
                empty password.

        Returns:
            The tenant; None if the token is unknown.
        """
        scheme, _, credentials = authorization.strip().partition(" ")
        token = credentials.strip()
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(token, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            token, colon, password = pair.partition(":")
            if not colon or password:
                return None
        elif scheme.lower() != "bearer":
            return None
        with self._lock:
            return self._tenants.get(token)

    def behaviours(self, name: str) -> Behaviours:
        """Return the behaviours for a tenant.

        Args:
            name: Its token or its alias.
        """
        with self._lock:
            return self._behaviours[self.find(name).alias]

    def behave(self, name: str | None, changes: dict[str, object]) -> None:
        """Change behaviours.

        Args:
            name: Token or alias of one tenant; None for all, including those added later.
            changes: Fields of `Behaviours` and their new values.

        Raises:
            ValueError: There is no such behaviour, or no such value.
        """
        with self._lock:
            aliases = list(self._behaviours) if name is None else [self.find(name).alias]
            for alias in aliases:
                self._behaviours[alias] = changed(self._behaviours[alias], changes)
            if name is None:
                self._first_behaviours = changed(self._first_behaviours, changes)

    def reset(self, behaviours: Behaviours) -> None:
        """Empty every tenant, and set the behaviours of each.

        Args:
            behaviours: The new behaviours.
        """
        with self._lock:
            self._first_behaviours = behaviours
            for tenant in self._tenants.values():
                tenant.clear()
                self._behaviours[tenant.alias] = behaviours
