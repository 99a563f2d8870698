"""The sandbox: a local fake of the Planhat API, in threads of this process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults.fault import Fault, read_fault
from planhat_sandbox.faults.faults import Faults
from planhat_sandbox.faults.injection import ServerActions
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.models import MODELS
from planhat_sandbox.planhat.tenancy import Tenancy
from planhat_sandbox.server.control import Control, is_control
from planhat_sandbox.server.control_actions import Controlled
from planhat_sandbox.server.deferred_work import DeferredWork
from planhat_sandbox.server.exchange import Exchange
from planhat_sandbox.server.listener import Listener
from planhat_sandbox.server.request_log import RequestLog
from planhat_sandbox.server.router import Route, Router
from planhat_sandbox.web.page import Page, is_page

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

    from planhat_sandbox.faults.active_fault import ActiveFault
    from planhat_sandbox.planhat.model import SandboxModel
    from planhat_sandbox.planhat.tenant import Tenant
    from planhat_sandbox.server.exchange import Watcher
    from planhat_sandbox.server.request_log import LoggedRequest


class Sandbox:
    """A local fake of the Planhat API, with its records in memory; use it as a context manager.

    Functions can be appended to two lists. Those in `before_each_request` are called with the entry
    of the request log when a request has found its tenant and route and before it is performed;
    those in `after_each_request` when it has been performed and before the response is sent. They
    are called for one request at a time, and may change records.

    Args:
        tenants: Alias by token; logs and control routes show the alias.
        models: Models beside those that are always served, `planhat.models.MODELS`.
        any_model: Whether undeclared models are served too.
        seed: For everything random.
        host: A loopback address.
        port: 0 for any free one.
        clock: Returns seconds since 1970; tests can set the time with it.
        behaviours: The initial behaviours, for all tenants.
        tls: Speak TLS with this context.

    Raises:
        ValueError: The host is not a loopback address, or the port does not exist.
        OSError: The port is taken, or this user is not allowed to use it.
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
        self._initial_behaviours = behaviours or Behaviours()
        self.tenancy = Tenancy(
            (*MODELS, *models),
            self._now,
            self._initial_behaviours,
            any_model=any_model,
        )
        for token, alias in ({"token-a": "alpha"} if tenants is None else tenants).items():
            self.tenancy.add(token, alias)
        self.faults = Faults(self.tenancy, seed)
        self.before_each_request: list[Watcher] = []
        self.after_each_request: list[Watcher] = []
        self._log = RequestLog()
        self._listener = Listener(host, port, tls)
        self._deferred = DeferredWork(self._listener.wait)
        self._listener.serve(self._router().answer)

    def _now(self) -> float:
        return self.clock()  # not bound once, since `clock` can be set

    def _router(self) -> Router:
        listener = self._listener
        server = ServerActions(listener.wait, self._deferred.start, listener.refuse)
        page = Page(listener.url, self.tenancy, self.faults, self._log)
        control = Control(Controlled(self.tenancy, self.faults, self._log, server, self.reset))
        exchange = Exchange(
            self.tenancy,
            self.faults,
            self._log,
            server,
            clock=self._now,
            before=self.before_each_request,
            after=self.after_each_request,
        )
        routes = (Route(is_page, page.answer), Route(is_control, control.answer))
        return Router(routes, exchange.answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address to send requests to, for `api_url`."""
        return self._listener.url

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests to the fake API so far, in the order in which they came."""
        return self._log.snapshot()

    @property
    def tenants(self) -> list[Tenant]:
        """All tenants, in the order in which they were added."""
        return self.tenancy.all()

    def add_tenant(self, token: str, alias: str = "") -> Tenant:
        """Add a tenant.

        Args:
            token: Its API token.
            alias: Its name in logs; if empty, ``tenant-1`` and so on.

        Returns:
            The tenant, empty.
        """
        return self.tenancy.add(token, alias)

    def tenant(self, name: str) -> Tenant:
        """Return a tenant.

        Args:
            name: Its token or its alias.

        Raises:
            UnknownTenantError: There is no such tenant.
        """
        return self.tenancy.find(name)

    def behave(self, tenant: str | None = None, **changes: object) -> None:
        """Change behaviours, from the next request on.

        Args:
            tenant: Token or alias of one tenant; None for all.
            changes: Fields of `Behaviours` and their new values.

        Raises:
            ValueError: There is no such behaviour, or it does not accept this value.
        """
        self.tenancy.behave(tenant, changes)

    def fault(self, name: str, **values: Any) -> ActiveFault:  # noqa: ANN401 - options of any type
        """Switch a fault on, from the next request on.

        Args:
            name: Name of the fault; ``docs/sandbox.md`` lists them.
            values: Other attributes of `Fault`, and the fault's own options.

        Returns:
            The active fault, with its counts; `faults.remove` switches it off.

        Raises:
            ValueError: There is no such fault, option or model.
            UnknownTenantError: There is no such tenant.
        """
        return self.add_fault(read_fault({"name": name, **values}))

    def add_fault(self, fault: Fault) -> ActiveFault:
        """Switch a fault on, as `fault` does.

        Args:
            fault: The fault; its tenant may be a token or an alias.

        Returns:
            The active fault.
        """
        return self.faults.add(fault)

    def refuse_connections(self, seconds: float) -> None:
        """Cut every connection and refuse new ones for a while, on the same port.

        Args:
            seconds: How long.
        """
        self._listener.refuse(seconds)

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Run a function later, unless the sandbox has closed by then.

        Args:
            seconds: How long to wait.
            work: The function.
        """
        self._deferred.start(seconds, work)

    def settle(self) -> None:
        """Wait until all deferred work has run."""
        self._deferred.settle()

    def reset(self) -> None:
        """Remove records, requests, faults and changed behaviours; tenants stay."""
        self.faults.clear()
        self._log.clear()
        self.tenancy.reset(self._initial_behaviours)

    def close(self) -> None:
        """Stop listening and end all threads."""
        self._listener.close()
        self._deferred.settle()
