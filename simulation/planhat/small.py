"""A second Planhat, small and written without the sandbox: a mistake in one is not in the other.

It knows the routes that the plugins use, matches by any keyable in their order, merges `custom`,
and answers as the vendor's pages document it. It has no behaviours to choose from.
"""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timezone
from decimal import Decimal
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import msgspec

from simulation.planhat.history import History
from simulation.planhat.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulation.plan import Change, TenantPlan
    from simulation.planhat.reply import Ask
    from simulation.story import Version
    from simulation.time import VirtualTime

KEYABLES = ("_id", "sourceId", "externalId")
PREFIXES = {"srcid-": "sourceId", "extid-": "externalId"}
READ_ONLY = frozenset({"_id", "createdAt", "updatedAt", "__v"})
FEW_ROWS, MOST_ROWS, MOST_COMPANIES, MOST_ITEMS = 100, 2_000, 5_000, 5_000
NAMES = {"issues": "title"}
"""The property that a record cannot be without, where it is not `name`."""

Record = dict[str, Any]


class SmallTenant:
    """A tenant.

    Args:
        number: Its number, which keeps its ids apart from those of other tenants.
        plan: Its records.
        time: The time.
        event: Returns the number of the last event.
    """

    def __init__(
        self, number: int, plan: TenantPlan, *, time: VirtualTime, event: Callable[[], int]
    ) -> None:
        self._time = time
        self._event = event
        self._ids = (f"66b0c0df{number:06x}{count:010x}" for count in itertools.count(1))
        self._models: dict[str, dict[str, Record]] = {}
        self._histories: dict[str, History] = {}
        for model, records in plan.records.items():
            for record in records:
                self._create(model, record, keeps=True)
            self._note(model)

    def answer(self, ask: Ask) -> Reply:
        """Do what a request asks for."""
        model, *rest = ask.segments
        answer: object
        if len(rest) > 1:
            status, answer = 404, {"message": "no such route"}
        elif rest:
            status, answer = self._single(ask, model, rest[0])
        else:
            status, answer = self._many(ask, model)
        self._note(model)
        date = formatdate(self._time.planhat(), usegmt=True)
        return Reply(status, _encode(answer), {"content-type": "application/json", "date": date})

    def change(self, change: Change) -> str | None:
        """Make a change without a request."""
        model = change.model
        if change.action == "insert":
            identifier: str | None = self._create(model, change.fields, keeps=True)["_id"]
        else:
            name, value = change.find or ("_id", None)
            held = self._of(model)
            identifier = next((i for i, r in held.items() if r.get(name) == value), None)
            if identifier is not None and change.action == "delete":
                del held[identifier]
            elif identifier is not None:
                self._update(model, identifier, change.fields, keeps=True)
        self._note(model)
        return identifier

    def records(self, model: str) -> list[Record]:
        """Return the records of a model as they are now, sorted by `_id`."""
        return [dict(record) for _, record in sorted(self._of(model).items())]

    def versions(self, model: str) -> Mapping[str, Sequence[Version]]:
        """Return all versions of each record of a model by its `_id`, oldest first."""
        return self._histories[model].versions if model in self._histories else {}

    def _of(self, model: str) -> dict[str, Record]:
        return self._models.setdefault(model, {})

    def _note(self, model: str) -> None:
        self._histories.setdefault(model, History()).note(
            self._of(model),
            dict,
            event=self._event(),
            at=self._time.planhat(),
            now=self._time.now,
        )

    def _many(self, ask: Ask, model: str) -> tuple[int, object]:
        """Answer a request that names no record."""
        if ask.method == "GET" and model == "leancompanies":
            names = ("_id", "name", *KEYABLES[1:])
            rows = self._of("companies").values()
            return 200, [{n: row[n] for n in names if n in row} for row in rows]
        if ask.method == "GET":
            return 200, self._list(model, ask.parameters)
        body = msgspec.json.decode(ask.body)
        if ask.method == "PUT":
            return self._bulk(model, body)
        if ask.method == "POST":
            problem = self._problem(model, body, None)
            return (400, problem) if problem else (200, self._create(model, body))
        return 404, {"message": "no such route"}

    def _list(self, model: str, asked: Mapping[str, str]) -> list[Record]:
        most = MOST_COMPANIES if model == "companies" else MOST_ROWS
        limit = min(int(asked.get("limit", FEW_ROWS)), most)
        offset = int(asked.get("offset", 0))
        rows = sorted(self._of(model).values(), key=lambda row: row["_id"])
        if companies := [each for each in asked.get("companyId", "").split(",") if each]:
            rows = [row for row in rows if _is_of(row, companies)]
        if sort := asked.get("sort"):
            name = sort.lstrip("-")
            rows.sort(key=lambda row: (row.get(name) is not None, str(row.get(name))))
            if sort.startswith("-"):
                rows.reverse()
        select = asked.get("select")
        chosen = rows[offset : offset + limit]
        if not select:
            return chosen
        names = {"_id", *select.split(",")}
        return [{name: row[name] for name in row if name in names} for row in chosen]

    def _single(self, ask: Ask, model: str, name: str) -> tuple[int, object]:
        """Answer a request that names a record."""
        identifier = self._identified(model, name)
        held = self._of(model)
        if ask.method == "DELETE":
            was_there = held.pop(name, None) is not None
            return (200, {"n": 1, "ok": 1, "deletedCount": 1}) if was_there else (404, "not found")
        if identifier is None:
            return 404, {"message": "not found"}
        if ask.method == "GET":
            return 200, held[identifier]
        body = msgspec.json.decode(ask.body)
        problem = self._problem(model, body, identifier)
        if problem:
            return 400, problem
        self._update(model, identifier, body)
        return 200, held[identifier]

    def _identified(self, model: str, name: str) -> str | None:
        for prefix, key in PREFIXES.items():
            if name.startswith(prefix):
                return self._by(model, key, name[len(prefix) :])
        return name if name in self._of(model) else None

    def _by(self, model: str, key: str, value: object) -> str | None:
        if value in (None, ""):
            return None
        return next((i for i, r in self._of(model).items() if r.get(key) == str(value)), None)

    def _bulk(self, model: str, items: Any) -> tuple[int, object]:  # noqa: ANN401 - any JSON value
        if not isinstance(items, list) or len(items) > MOST_ITEMS:
            return 400, "the payload must be an array of at most 5000 items"
        created: list[Record] = []
        updated: list[Record] = []
        errors: dict[bool, list[object]] = {True: [], False: []}
        unchanged = 0
        for index, item in enumerate(items):
            found = next(filter(None, (self._by(model, k, item.get(k)) for k in KEYABLES)), None)
            if problem := self._problem(model, item, found):
                errors[found is None].append({"index": index, "message": problem})
            elif found is None:
                created.append(self._create(model, item))
            elif self._update(model, found, item):
                updated.append(self._of(model)[found])
            else:
                unchanged += 1
        status = 200
        if errors[True] or errors[False]:
            status = 206 if created or updated or unchanged else 400
        return status, {
            "created": len(created),
            "createdErrors": errors[True],
            "insertsKeys": [_keys(record) for record in created],
            "updated": len(updated),
            "updatedErrors": errors[False],
            "updatesKeys": [_keys(record) for record in updated],
            "nonupdates": unchanged,
            "modified": [record["_id"] for record in updated],
            "upsertedIds": [record["_id"] for record in created],
            "permissionErrors": [],
        }

    def _problem(self, model: str, item: Record, found: str | None) -> str:
        """Return why an item is refused; empty if it is not."""
        held = self._of(model)
        name = NAMES.get(model, "name")
        if found is None and not item.get(name):
            return f"{name} is required"
        if any(self._by(model, key, item.get(key)) not in (None, found) for key in KEYABLES[1:]):
            return "duplicated"
        if found is not None and name in item and not item[name] and held[found].get(name):
            return f"{name} is required"
        return ""

    def _create(self, model: str, fields: Mapping[str, Any], *, keeps: bool = False) -> Record:
        now = _iso(self._time.planhat())
        record: Record = {"createdAt": now, "updatedAt": now}
        record |= {n: v for n, v in fields.items() if keeps or n not in READ_ONLY}
        record.setdefault("_id", next(self._ids))
        self._of(model)[record["_id"]] = record
        return record

    def _update(
        self, model: str, identifier: str, fields: Mapping[str, Any], *, keeps: bool = False
    ) -> bool:
        """Set properties of a record; return whether that changed anything."""
        old = self._of(model)[identifier]
        sent = {n: v for n, v in fields.items() if n != "_id" and (keeps or n not in READ_ONLY)}
        if isinstance(sent.get("custom"), dict) and isinstance(old.get("custom"), dict):
            sent["custom"] = {**old["custom"], **sent["custom"]}
        if all(name in old and old[name] == value for name, value in sent.items()):
            return False
        now = {"updatedAt": _iso(self._time.planhat())}
        self._of(model)[identifier] = {**old, **now, **sent}
        return True


def _keys(record: Record) -> Record:
    return {key: record[key] for key in KEYABLES if record.get(key)}


def _is_of(record: Record, companies: Sequence[str]) -> bool:
    named = record.get("companyId", record.get("companyIds"))
    return any(each in companies for each in (named if isinstance(named, list) else [named]))


def _iso(seconds: float) -> str:
    time = datetime.fromtimestamp(round(seconds * 1000) // 1000, timezone.utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{round(seconds * 1000) % 1000:03}Z"


def _encode(value: object) -> bytes:
    def plain(other: object) -> object:
        return float(other) if isinstance(other, Decimal) else str(other)

    return json.dumps(value, default=plain).encode()
