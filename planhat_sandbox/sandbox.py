"""The sandbox: a Planhat on loopback, in this process, in threads of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults.effects import EFFECTS
from planhat_sandbox.faults.faults import ArmedFault, Fault, Faults, read_fault
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.models import MODELS, SandboxModel
from planhat_sandbox.planhat.tenancy import Tenancy
from planhat_sandbox.server.exchange import Exchange
from planhat_sandbox.server.listener import Listener
from planhat_sandbox.server.request_log import LoggedRequest, RequestLog

if TYPE_CHECKING:
    import ssl

    from typing_extensions import Self

    from planhat_sandbox.planhat.tenants import Tenant

Watcher = Callable[[LoggedRequest], object]


class Sandbox:
    """A stateful Planhat that is not Planhat; use it as a context manager.

    Two lists may be appended to. `before_each_request` is called when a request of a known tenant
    has come and nothing was done yet, `after_each_request` when the work is done and no answer has
    left; both one request at a time, with the log's entry. They may change tenants.

    Args:
        tenants: Token → alias; the alias is what logs and control routes show.
        models: Models beyond issues, objectives, companies and endusers.
        any_model: Whether a model nobody declared is served too, as a plain one.
        seed: For everything random.
        host: A loopback address.
        port: 0 = any free one.
        clock: Gives seconds since 1970; for tests that set the time.
        behaviours: How this Planhat behaves, for all tenants at first.
        tls: Speak TLS with this context.

    Raises:
        ValueError: The host is not loopback, or there is no such port.
        OSError: The port is taken, or may not be used.
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
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.clock = clock
        self.log = RequestLog()
        self.faults = Faults(EFFECTS, seed)
        self.before_each_request: list[Watcher] = []
        self.after_each_request: list[Watcher] = []
        self._first_behaviours = behaviours or Behaviours()
        self.tenancy = Tenancy(
            (*MODELS, *models), self._now, self._first_behaviours, any_model=any_model
        )
        for token, alias in ({"token-a": "alpha"} if tenants is None else tenants).items():
            self.tenancy.add(token, alias)
        self._lock = threading.Lock()
        self._late: list[threading.Thread] = []
        self._listener = Listener(Exchange(self).answer, host, port, tls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
        return self.tenancy.all()

    def add_tenant(self, token: str, alias: str = "") -> Tenant:
        """Add a tenant.

        Args:
            token: Its API token.
            alias: Its name in logs; ``tenant-1`` and so on when empty.

        Returns:
            The tenant, empty.
        """
        return self.tenancy.add(token, alias)

    def tenant(self, name: str) -> Tenant:
        """Give a tenant.

        Args:
            name: Its token or its alias.

        Returns:
            The tenant.

        Raises:
            UnknownTenantError: There is none.
        """
        return self.tenancy.find(name)

    def behave(self, tenant: str | None = None, **changes: object) -> None:
        """Switch behaviours, from the next request on.

        Args:
            tenant: Token or alias of one tenant; None = all.
            changes: Fields of `Behaviours` and their new values.

        Raises:
            ValueError: There is no such behaviour, or no such value.
        """
        self.tenancy.behave(tenant, changes)

    def fault(self, name: str, **values: Any) -> ArmedFault:  # noqa: ANN401 - options of any type
        """Switch a fault on, from the next request on.

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

        Raises:
            ValueError: There is no such fault, option or model.
            UnknownTenantError: There is no such tenant.
        """
        if fault.model is not None:
            self.tenancy.check_model(fault.model)
        if fault.tenant is not None:
            fault = replace(fault, tenant=self.tenant(fault.tenant).alias)
        return self.faults.add(fault)

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until the sandbox closes.

        Args:
            seconds: How long at most.

        Returns:
            Whether it is closing.
        """
        return self._listener.wait(seconds)

    def refuse_connections(self, seconds: float) -> None:
        """Cut every connection and refuse new ones for a while, on the same port.

        Args:
            seconds: How long.
        """
        self._listener.refuse(seconds)

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Do something after a while, unless the sandbox has closed by then.

        Args:
            seconds: How long to wait.
            work: What to do.
        """

        def run() -> None:
            if not self.wait(seconds):
                work()

        thread = threading.Thread(target=run, daemon=True)
        with self._lock:
            self._late = [other for other in self._late if other.is_alive()]
            self._late.append(thread)
            thread.start()

    def settle(self) -> None:
        """Wait until everything that was to happen later has happened."""
        with self._lock:
            late, self._late = self._late, []
        for thread in late:
            thread.join()

    def reset(self) -> None:
        """Forget records, requests, faults and switched behaviours; tenants stay."""
        self.faults.clear()
        self.log.clear()
        self.tenancy.reset(self._first_behaviours)

    def close(self) -> None:
        """Stop listening and end all threads."""
        self._listener.close()
        self.settle()

    def _now(self) -> float:
        return self.clock()
