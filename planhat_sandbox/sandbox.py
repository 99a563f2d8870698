"""The sandbox: a Planhat on loopback, in this process, in threads of its own."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from planhat_sandbox.behaviours import Behaviours, changed
from planhat_sandbox.effects import EFFECTS
from planhat_sandbox.exchange import Exchange
from planhat_sandbox.faults import ArmedFault, Fault, Faults, read_fault
from planhat_sandbox.listener import Listener
from planhat_sandbox.models import MODELS, SandboxModel
from planhat_sandbox.request_log import LoggedRequest, RequestLog
from planhat_sandbox.tenants import Tenant

if TYPE_CHECKING:
    from typing_extensions import Self

Before = Callable[[LoggedRequest], object]


class Sandbox:
    """A stateful Planhat that is not Planhat; use it as a context manager.

    Args:
        tenants: Token → alias; the alias is what logs and control routes show.
        models: Models beyond issues, objectives, companies and endusers.
        any_model: Whether a model nobody declared is served too, as a plain one.
        seed: For everything random.
        host: A loopback address.
        port: 0 = any free one.
        clock: Gives seconds since 1970; for tests that set the time.
        behaviours: How this Planhat behaves, for all tenants at first.

    Raises:
        ValueError: The host is not loopback.
        OSError: The port is taken.
    """

    def __init__(
        self,
        tenants: Mapping[str, str] | None = None,
        *,
        models: Iterable[SandboxModel] = (),
        any_model: bool = False,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        behaviours: Behaviours | None = None,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.log = RequestLog()
        self.faults = Faults(EFFECTS, seed)
        self.before_each_request: list[Before] = []
        self._lock = threading.RLock()
        self._models = (*MODELS, *models)
        self._any_model = any_model
        self._tenants: dict[str, Tenant] = {}
        self._behaviours: dict[str, Behaviours] = {}
        self._first_behaviours = behaviours or Behaviours()
        self._late: list[threading.Thread] = []
        for token, alias in (tenants or {"token-a": "alpha"}).items():
            self.add_tenant(token, alias)
        self._listener = Listener(Exchange(self).answer, host, port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now(self) -> float:
        return self.clock()

    @property
    def url(self) -> str:
        """Where it listens, for `api_url`."""
        return self._listener.url

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, in the order they came; control routes are left out."""
        return self.log.snapshot()

    @property
    def tenants(self) -> list[Tenant]:
        """All tenants, in the order they were added."""
        with self._lock:
            return list(self._tenants.values())

    def add_tenant(self, token: str, alias: str = "") -> Tenant:
        """Add a tenant.

        Args:
            token: Its API token.
            alias: Its name in logs; ``tenant-1`` and so on when empty.

        Returns:
            The tenant, empty.
        """
        with self._lock:
            number = len(self._tenants) + 1
            tenant = Tenant(
                alias or f"tenant-{number}",
                number,
                self._models,
                self._now,
                any_model=self._any_model,
            )
            self._tenants[token] = tenant
            self._behaviours[tenant.alias] = self._first_behaviours
            return tenant

    def tenant(self, name: str) -> Tenant:
        """Give a tenant by its token or its alias.

        Args:
            name: Either.

        Returns:
            The tenant.

        Raises:
            KeyError: There is none.
        """
        with self._lock:
            if name in self._tenants:
                return self._tenants[name]
            for tenant in self._tenants.values():
                if tenant.alias == name:
                    return tenant
        raise KeyError("there is no such tenant")

    def authenticated(self, authorization: str) -> Tenant | None:
        """Find the tenant of an Authorization header: Bearer, or Basic with an empty password.

        Args:
            authorization: The header's value (authentication).

        Returns:
            The tenant, None when the token is nobody's.
        """
        scheme, _, credentials = authorization.strip().partition(" ")
        token = credentials.strip()
        if scheme.lower() == "basic":
            try:
                token, colon, password = (
                    base64.b64decode(token, validate=True).decode().partition(":")
                )
            except (binascii.Error, UnicodeDecodeError):
                return None
            if not colon or password:
                return None
        elif scheme.lower() != "bearer":
            return None
        with self._lock:
            return self._tenants.get(token)

    def behaviours(self, tenant: str) -> Behaviours:
        """Tell how this Planhat behaves towards a tenant.

        Args:
            tenant: Its token or alias.

        Returns:
            The behaviours.
        """
        return self._behaviours[self.tenant(tenant).alias]

    def behave(self, tenant: str | None = None, **changes: object) -> None:
        """Switch behaviours.

        Args:
            tenant: Token or alias of one tenant; None = all.
            changes: Fields of `Behaviours` and their new values.

        Raises:
            ValueError: There is no such behaviour, or no such value.
        """
        with self._lock:
            aliases = list(self._behaviours) if tenant is None else [self.tenant(tenant).alias]
            for alias in aliases:
                self._behaviours[alias] = changed(self._behaviours[alias], changes)
            if tenant is None:
                self._first_behaviours = changed(self._first_behaviours, changes)

    def fault(self, name: str, **values: Any) -> ArmedFault:  # noqa: ANN401 - options of any type
        """Switch a fault on.

        Args:
            name: Which; see ``docs/sandbox.md``.
            values: Where and when (`Fault`), and the fault's own options.

        Returns:
            The fault at work, with its counts; `faults.remove` takes it back.

        Raises:
            ValueError: There is no such fault or option.
        """
        return self.add_fault(read_fault({"name": name, **values}))

    def add_fault(self, fault: Fault) -> ArmedFault:
        """Switch a fault on that is already put together.

        Args:
            fault: The fault; its tenant may be a token or an alias.

        Returns:
            The fault at work.
        """
        return self.faults.add(fault)

    def refuse_connections(self, seconds: float) -> None:
        """Cut every connection and refuse new ones for a while, on the same port.

        Args:
            seconds: How long.
        """
        self._listener.refuse(seconds)

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Do something after a while, unless the sandbox has ended by then.

        Args:
            seconds: How long to wait.
            work: What to do.
        """

        def run() -> None:
            if not self._listener.wait(seconds):
                work()

        thread = threading.Thread(target=run, daemon=True)
        with self._lock:
            self._late.append(thread)
        thread.start()

    def settle(self) -> None:
        """Wait until everything that was to happen later has happened."""
        while True:
            with self._lock:
                late, self._late = self._late, []
            if not late:
                return
            for thread in late:
                thread.join()

    def reset(self) -> None:
        """Forget records, requests, faults and switched behaviours; tenants stay."""
        self.faults.clear()
        self.log.clear()
        with self._lock:
            for tenant in self._tenants.values():
                tenant.clear()
                self._behaviours[tenant.alias] = self._first_behaviours

    def close(self) -> None:
        """Stop listening and end all threads."""
        self._listener.close()
        self.settle()
