"""Tenants of the sandbox in memory: its routes without sockets, threads or faults."""

from __future__ import annotations

import dataclasses
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from planhat_sandbox.http_messages import Request
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.call import Call, find_route
from planhat_sandbox.planhat.collection import Collection
from planhat_sandbox.planhat.models import MODELS
from planhat_sandbox.planhat.routes import failure, perform
from planhat_sandbox.planhat.store import Store
from planhat_sandbox.planhat.tenant import Tenant
from simulation.planhat.history import History
from simulation.planhat.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulation.draws import Draws
    from simulation.plan import Change, TenantPlan
    from simulation.planhat.reply import Ask
    from simulation.story import Version
    from simulation.time import VirtualTime

READS = frozenset({"list", "lean", "get"})
LISTS = frozenset({"list", "lean"})


class SandboxTenant:
    """A tenant of the sandbox.

    Args:
        alias: Its name.
        number: Its number, which keeps its ids apart from those of other tenants.
        plan: Its records and behaviours.
        time: The time.
        draws: Everything that is drawn.
        event: Returns the number of the last event.
    """

    def __init__(
        self,
        alias: str,
        number: int,
        plan: TenantPlan,
        *,
        time: VirtualTime,
        draws: Draws,
        event: Callable[[], int],
    ) -> None:
        self._alias = alias
        self._plan = plan
        self._time = time
        self._draws = draws
        self._event = event
        self._store = Store(number, MODELS, time.planhat)
        self._tenant = Tenant(alias, self._store)
        self._behaviours = Behaviours(**plan.behaviours)
        self._histories: dict[str, History] = {}
        for model, records in plan.records.items():
            self._store.collection(model).show(self._behaviours)
            for record in records:
                self._tenant.insert(model, record)
            self._note(self._store.collection(model))

    def answer(self, ask: Ask) -> Reply:
        """Do what a request asks for, as the behaviours of this request have it."""
        behaviours = self._behaviours_of(ask.number)
        segments = ask.segments
        identifier = segments[1] if len(segments) > 1 else None
        path, route = find_route(ask.method, segments[0], identifier)
        collection = self._store.find_by_path(path)
        if collection is None or route is None or len(segments) > 2:  # noqa: PLR2004 - as documented
            return self._reply(failure(404, "no such route", behaviours), behaviours)
        if route in LISTS and self._plan.lag_seconds:
            collection = self._lagging(collection, ask.number)
        request = Request(
            ask.method, f"{ask.path}?{ask.query}", segments, ask.parameters, {}, ask.body
        )
        call = Call(
            request, ask.number, self._tenant, collection, route, identifier or "", behaviours
        )
        response = perform(call)
        if route not in READS:
            self._note(collection)
        return self._reply(response, behaviours)

    def change(self, change: Change) -> str | None:
        """Make a change without a request."""
        collection = self._store.collection(change.model)
        if change.action == "insert":
            identifier = self._tenant.insert(change.model, dict(change.fields))["_id"]
        else:
            identifier = self._found(collection, change.find)
            if identifier is None:
                return None
            if change.action == "delete":
                self._tenant.delete(change.model, identifier)
            else:
                self._tenant.update(change.model, identifier, dict(change.fields))
        self._note(collection)
        return str(identifier)

    def records(self, model: str) -> list[dict[str, Any]]:
        """Return the records of a model as they are now, sorted by `_id`."""
        return self._tenant.records(model)

    def versions(self, model: str) -> Mapping[str, Sequence[Version]]:
        """Return all versions of each record of a model by its `_id`, oldest first."""
        return self._histories[model].versions if model in self._histories else {}

    def _behaviours_of(self, number: int) -> Behaviours:
        """Return the behaviours of one request; some may change from one to the next."""
        if not self._plan.changing:
            return self._behaviours
        source = self._draws.of(f"behaviours of request {number}")
        drawn = {name: source.choice(values) for name, values in self._plan.changing.items()}
        return dataclasses.replace(self._behaviours, **drawn)

    def _lagging(self, collection: Collection, number: int) -> Collection:
        """Return the collection as it was a while ago, or as it is."""
        source = self._draws.of(f"lag of request {number}")
        history = self._histories.get(collection.model.name)
        if history is None or source.random() < 0.5:  # noqa: PLR2004 - either is as likely
            return collection
        earlier = Collection(collection.model)
        moment = max(0.0, self._time.now - source.random() * self._plan.lag_seconds)
        for record in history.as_of(moment):
            earlier.put(record)
        return earlier

    def _reply(self, response: Any, behaviours: Behaviours) -> Reply:  # noqa: ANN401 - the sandbox's
        headers = {name.lower(): value for name, value in response.headers.items()}
        headers.setdefault("content-type", "application/json")
        if behaviours.date_header:
            headers["date"] = formatdate(self._time.planhat(), usegmt=True)
        return Reply(response.status, response.body, headers)

    def _note(self, collection: Collection) -> None:
        history = self._histories.setdefault(collection.model.name, History())
        history.note(
            collection.records,
            collection.shown,
            event=self._event(),
            at=self._time.planhat(),
            now=self._time.now,
        )

    @staticmethod
    def _found(collection: Collection, find: tuple[str, Any] | None) -> str | None:
        if find is None:
            return None
        name, value = find
        if name == "_id":
            return value if value in collection.records else None
        return next((i for i, r in collection.records.items() if r.get(name) == value), None)
