"""Planhat for Python programs: reads records and writes rows, as exactly as the plugins do.

It owns no way of reading or writing: it arranges the library's parts behind one object.
"""

from __future__ import annotations

import logging
import threading
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import DEFAULT_URL, Connection
from planhat_sync.api.custom_fields import CUSTOM, read_custom_fields, typed_models
from planhat_sync.errors import ConfigurationError, InvalidIdentifierError
from planhat_sync.models import load_models
from planhat_sync.reading.records import read_records
from planhat_sync.reading.settings import MOST_ROWS, READ_SETTINGS
from planhat_sync.runtime.arguments import check_names, names_of
from planhat_sync.runtime.config_errors import config_errors
from planhat_sync.runtime.signals import Stop
from planhat_sync.system import SYSTEM, System
from planhat_sync.writing.rights import models_to_check, rights_of
from planhat_sync.writing.rows import write_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from typing_extensions import Self, Unpack

    from planhat_sync.model import Model
    from planhat_sync.reading.records import Reading
    from planhat_sync.writing.results.result import Result
    from planhat_sync.writing.rights import Rights
    from planhat_sync.writing.row_options import DeleteOptions, WriteOptions

MOST_CONNECTIONS: Final = 50
"""Connections that are kept open; the setting `concurrency` allows as many threads."""

logging.getLogger("planhat_sync").addHandler(logging.NullHandler())  # the program decides


class Planhat:
    """A tenant of Planhat.

    One of them may serve several threads, and keeps one pace over all of them. It handles no
    signals and prints nothing; the logger `planhat_sync` and those below it say what happens.

    Args:
        api_token: Access token of a Planhat private app.
        api_url: Base URL of the API, https://api.planhat.com by default; tenants outside that
            region have another one.
        requests_per_minute: Maximum rate of requests; 0 for no limit.
        request_timeout_seconds: Maximum time for one request; a write may take five times as long.
        retry_budget_seconds: Maximum time to keep retrying one request.
        user_agent: Name of the program in Planhat's logs; planhat-sync and its version by default.
        page_size: How many records to request at once, at most (10,000 by default); Planhat has
            limits of its own.
        concurrency: Maximum number of requests in flight while reading, and of pages in memory.

    Raises:
        ConfigurationError: An argument is wrong; the message says what it takes.
    """

    _system: ClassVar[System] = SYSTEM

    def __init__(
        self,
        api_token: str,
        *,
        api_url: str = DEFAULT_URL,
        requests_per_minute: int = 200,
        request_timeout_seconds: int = 60,
        retry_budget_seconds: int = 300,
        user_agent: str | None = None,
        page_size: int = MOST_ROWS,
        concurrency: int = 4,
    ) -> None:
        self._paging = {"page_size": page_size, "concurrency": concurrency}
        if errors := config_errors({"properties": READ_SETTINGS}, self._paging):
            raise ConfigurationError("; ".join(errors))
        connection = Connection.from_config(
            {
                "api_token": api_token,
                "api_url": api_url,
                "requests_per_minute": requests_per_minute,
                "request_timeout_seconds": request_timeout_seconds,
                "retry_budget_seconds": retry_budget_seconds,
                "user_agent": user_agent,
            }
        )
        self._transport = self._system.transport(connection, width=MOST_CONNECTIONS)
        self._is_closed = False
        self._closing = threading.RLock()  # a handler of a signal may close it too
        self._stops: weakref.WeakSet[threading.Event] = weakref.WeakSet()

    def __repr__(self) -> str:
        return f"<Planhat at {self._transport.connection.api_url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is still being read and written, and close the connections."""
        with self._closing:
            self._is_closed = True
            stops = list(self._stops)
        for stop in stops:
            stop.set()
        self._transport.close()

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The models by name, such as ``issues``."""
        return load_models()

    def read(
        self,
        model: str,
        *,
        changed_since: date | str | None = None,
        properties: Iterable[str] | None = None,
        company_ids: Iterable[str] | None = None,
    ) -> Reading:
        """Read records: each that exists throughout comes exactly once, whatever changes meanwhile.

        Args:
            model: Name of the model.
            changed_since: Read only what has changed since then, in UTC if it has no zone. It is
                only for issues, of which every change is known to move ``updatedAt``.
            properties: The properties to read besides ``_id``; all by default.
            company_ids: Read only records of the companies with these ids; of all by default.

        Returns:
            An iterator over the records, in constant memory. Dates are text, as Planhat writes
            them; a number that a float cannot represent exactly is a Decimal.

        Raises:
            ConfigurationError: There is no such model or property, or its records do not show when
                they were changed, or belong to no companies.
        """
        return self._read(
            model, changed_since=changed_since, properties=properties, company_ids=company_ids
        )

    def read_ids(self, model: str, *, company_ids: Iterable[str] | None = None) -> Iterator[str]:
        """Read the ``_id`` of every record, each exactly once.

        Args:
            model: Name of the model.
            company_ids: As for `read`.

        Raises:
            ConfigurationError: As for `read`.
        """
        records = self._read(model, properties=(), company_ids=company_ids, shows_changes=False)
        return (record["_id"] for record in records)

    def get(self, model: str, key: str, *, by: str = "_id") -> dict[str, Any] | None:
        """Read one record.

        Args:
            model: Name of the model.
            key: What identifies it.
            by: The keyable that this is: ``_id``, ``sourceId`` or ``externalId``.

        Returns:
            The record; None if it does not exist.

        Raises:
            ConfigurationError: Planhat offers no request for a record of the model by this keyable.
            RequestError: No record can have this key.
        """
        found = self._model(model)
        ways = [name for name in found.keyables if found.finds_by(name)]
        if by not in ways:
            only = f", only by {', '.join(ways)}" if ways else ": read them all"
            raise ConfigurationError(f"{model} cannot be requested one by one by {by}{only}")
        if not isinstance(key, str):
            raise InvalidIdentifierError(f"a key must be a string, not {type(key).__name__}")
        return self._client().get(found, f"{found.key_prefix(by)}{key}")

    def custom_fields(self, model: str) -> dict[str, Any]:
        """Read which custom fields a model has.

        Args:
            model: Name of the model.

        Returns:
            JSON Schema of the values of each field, by its label.

        Raises:
            PlanhatError: They cannot be read; the token may lack the permission.
        """
        self._model(model)
        fields = read_custom_fields(self._client(), self.models, self._system.threads)
        typed = typed_models(self.models, fields)[model]
        return dict(typed.properties.get(CUSTOM, {}).get("properties", {}))

    def check(self, models: Iterable[str] = ()) -> dict[str, Rights]:
        """Find out what the token may do; nothing is written.

        Args:
            models: Names of models; by default issues and objectives.

        Raises:
            AuthenticationError: Planhat does not accept the token.
            UnreachableError: Planhat cannot be reached.
        """
        client, named = self._client(), map(self._model, names_of(models, "models"))
        tried = list(named) or models_to_check(self.models, ())
        return {model.name: rights_of(client, model) for model in tried}

    def write(
        self, model: str, rows: Iterable[Mapping[str, Any]], **options: Unpack[WriteOptions]
    ) -> Result:
        """Write rows in their order, in constant memory.

        After a write that ended early the same rows can be written again: those with a keyable are
        not duplicated.

        Args:
            model: Name of the model.
            rows: Mappings from properties to values, as many as there are.
            **options: How they are written, as `WriteOptions` has it.

        Returns:
            How many rows have each outcome, and which were rejected.

        Raises:
            ConfigurationError: An argument is wrong.
            TooManyRejectsError: More rows are rejected than `on_reject` and `max_rejects` allow.
            PlanhatError: The write cannot continue. The `result` of an error that ends a write
                says what has been done until then.
            WriteInterrupted: Ctrl-C; it has a `result` too.
            TypeError: A row is not a mapping.
        """
        return self._write(model, rows, options)

    def delete(
        self, model: str, rows: Iterable[Mapping[str, Any]], **options: Unpack[DeleteOptions]
    ) -> Result:
        """Delete the records that rows identify; one that does not exist counts as skipped.

        Args:
            model: Name of the model.
            rows: Mappings with keyables, such as ``{"sourceId": "17"}``; the rest is ignored.
            **options: How they are deleted, as `DeleteOptions` has it.

        Returns:
            As `write` does.

        Raises:
            PlanhatError: As for `write`.
        """
        return self._write(model, rows, options, deletes=True)

    def _model(self, name: str) -> Model:
        check_names([name], self.models, "there is no model")
        return self.models[name]

    def _client(self, stop: threading.Event | None = None) -> PlanhatClient:
        """Return a client whose waits end when `stop` is set, or when this object is closed."""
        stop = stop or threading.Event()
        with self._closing:
            if self._is_closed:
                raise ConfigurationError("this Planhat is closed: make another one")
            self._stops.add(stop)
        return PlanhatClient(self._transport.until(stop))

    def _read(self, model: str, **which: Any) -> Reading:  # noqa: ANN401 - as `read_records` has it
        found, stop = self._model(model), threading.Event()
        client, system = self._client(stop), self._system
        return read_records(client, found, self._paging, stop=stop, system=system, **which)

    def _write(
        self,
        model: str,
        rows: Iterable[Mapping[str, Any]],
        options: Mapping[str, Any],
        *,
        deletes: bool = False,
    ) -> Result:
        found, stop = self._model(model), Stop(__name__)
        client, system = self._client(stop.event), self._system
        return write_rows(client, found, rows, options, stop=stop, system=system, deletes=deletes)
