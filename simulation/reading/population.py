"""The records of one model, and what others change in them, as a plan draws them.

It knows which records there will be, since each has an `_id` of its own from the beginning.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from simulation.plan import Change

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

OLD: Final = "66a0000000000000"
"""Beginning of the `_id` of records that are there before; those between two of them are free."""
NEW: Final = "66f0000000000000"
"""Beginning of the `_id` of records that are created later."""

COMPANIES: Final = tuple(f"5f00000000000000c0{number:06x}" for number in range(1, 5))
KINDS: Final = ("insert", "insert below", "update", "delete")
"""What others do: they insert above all other records or below some, update, delete."""
RECENT: Final = 10
"""How many of the records that were changed last are recent."""
OLDEST_SECONDS: Final = 400_000


def one_in(times: int, source: random.Random) -> bool:
    """Return True once in so many times, on average.

    Args:
        times: How many.
        source: Where from.
    """
    return source.randrange(times) == 0


def iso(at: float) -> str:
    """Return a time as Planhat writes it.

    Args:
        at: Seconds since 1970.
    """
    text = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Population:
    """The records of one model.

    Args:
        model: Its name.
        tenant: Alias of their tenant.
        start: Planhat's time before the first change, in seconds since 1970.
        records: Source of random numbers for the records.
        churn: Source of random numbers for the changes.
        keeps_first: Whether the first record is never deleted, so that there is always one.
        keeps_below: Whether a record is never deleted that was inserted below others.
        leaves_keys: Probability that an update leaves `updatedAt` as it was.
    """

    def __init__(
        self,
        model: str,
        tenant: str,
        *,
        start: float,
        records: random.Random,
        churn: random.Random,
        keeps_first: bool = False,
        keeps_below: bool = False,
        leaves_keys: float = 0.0,
    ) -> None:
        self.model = model
        self._tenant = tenant
        self._start = start
        self._records = records
        self._churn = churn
        self._leaves_keys = leaves_keys
        self._keeps_below = keeps_below
        self._kept: set[str] = {f"{OLD}{2:08x}"} if keeps_first else set()
        self._ids: list[str] = []
        self._below: list[str] = []
        self._keys: dict[str, str] = {}
        self._created = 0
        # Each plan has its own habits, since the same ones would find the same things.
        self._weights = [churn.choice([0, 1, 1, 4]) for _ in KINDS]
        self._weights[churn.randrange(len(KINDS))] = 1
        self._several = churn.choice([0.0, 0.2, 0.5])
        self._longest = churn.choice([3, 12, 60])
        self._recent = churn.choice([0.0, 0.5, 0.9])

    def initial(self, count: int, *, without_key: float = 0.0) -> list[dict[str, Any]]:
        """Draw the records that are there before the first run; call it once, before `changes`.

        Args:
            count: How many.
            without_key: Probability that one has no `updatedAt`.
        """
        few = [self._time() for _ in range(self._records.choice([1, 2, 5, 50]))]
        found = []
        for number in range(1, count + 1):
            identifier = f"{OLD}{2 * number:08x}"
            self._ids.append(identifier)
            self._below.append(f"{OLD}{2 * number - 1:08x}")
            changed = self._records.choice(few) if one_in(2, self._records) else self._time()
            times: dict[str, Any] = {
                "createdAt": iso(self._start - 2 * OLDEST_SECONDS),
                "updatedAt": changed,
            }
            if self._records.random() < without_key:
                times["updatedAt"] = None
            else:
                self._keys[identifier] = changed
            found.append({"_id": identifier, **self._fields(identifier, self._records), **times})
        return found

    def changes(self, exchanges: int, count: int) -> list[Change]:
        """Draw what others change during a step.

        Args:
            exchanges: How many exchanges it may have.
            count: How often others come.
        """
        times = sorted(
            (self._churn.randint(0, exchanges), one_in(2, self._churn)) for _ in range(count)
        )
        return [
            Change(tenant=self._tenant, model=self.model, at=at, after_work=after, **what)
            for at, after in times
            for what in self._what()
        ]

    def _what(self) -> Iterator[dict[str, Any]]:
        """Yield the same change of one record, or of several that follow each other."""
        churn, count = self._churn, len(self._ids)
        (kind,) = churn.choices(KINDS, self._weights)
        most = churn.randint(2, self._longest) if churn.random() < self._several else 1
        least = max(0, count - RECENT) if churn.random() < self._recent else 0
        at = churn.randrange(least, max(1, count))
        for _ in range(most):
            yield from self._one(kind, at)

    def _one(self, kind: str, at: int) -> Iterator[dict[str, Any]]:
        """Yield a change, unless there is nothing to change; what was changed last is last."""
        if kind.startswith("insert"):
            identifier = self._free(kind)
            self._ids.append(identifier)
            fields = self._fields(identifier, self._churn)
            yield {"action": "insert", "fields": {"_id": identifier, **fields}}
            return
        if not self._ids:
            return
        identifier = self._ids.pop(at % len(self._ids))
        if kind == "update" or identifier in self._kept:
            self._ids.append(identifier)
        find = ("_id", identifier)
        if kind == "update":
            yield {"action": "update", "find": find, "fields": self._update(identifier)}
        elif identifier not in self._kept:
            yield {"action": "delete", "find": find}

    def _free(self, action: str) -> str:
        """Return an `_id` that was never used: below others, or above all of them."""
        if action == "insert below" and self._below:
            identifier = self._below.pop(self._churn.randrange(len(self._below)))
            if self._keeps_below:
                self._kept.add(identifier)
            return identifier
        self._created += 1
        return f"{NEW}{self._created:08x}"

    def _update(self, identifier: str) -> dict[str, Any]:
        fields = self._changed(self._churn)
        key = self._keys.get(identifier)
        if key is not None and self._churn.random() < self._leaves_keys:
            return {**fields, "updatedAt": key}
        self._keys.pop(identifier, None)
        return fields

    def _fields(self, identifier: str, source: random.Random) -> dict[str, Any]:
        company = source.choice(COMPANIES)
        fields: dict[str, Any] = {"sourceId": f"s-{identifier}", **self._changed(source)}
        if self.model == "issues":
            others = [source.choice(COMPANIES)] if one_in(5, source) else []
            named = list(dict.fromkeys([company, *others]))
            return {"title": f"t {identifier[-4:]}", "companyIds": named, **fields}
        if self.model == "tasks":
            return {"action": f"a {identifier[-4:]}", "companyId": company, **fields}
        return {"name": f"n {identifier[-4:]}", "companyId": company, **fields}

    def _changed(self, source: random.Random) -> dict[str, Any]:
        """Return properties that an update sets."""
        fields: dict[str, Any] = {"custom": {"n": self._value(source)}}
        if self.model == "objectives":
            fields["health"] = source.choice([1, 0.1, 7.25, None])
        if self.model == "tasks":
            fields["isArchived"] = one_in(3, source)
        return fields

    @staticmethod
    def _value(source: random.Random) -> object:
        odd = [0, 0.1, "ä", None, True, [1]]
        return source.choice(odd) if one_in(3, source) else source.randrange(10**6)

    def _time(self) -> str:
        return iso(self._start - self._records.randrange(1, OLDEST_SECONDS * 1000) / 1000)


def companies(keys: Sequence[str | None] = ()) -> list[dict[str, Any]]:
    """Return the companies to which records refer.

    Args:
        keys: The `externalId` of each of them; none for the rest.
    """
    given = [*keys, *([None] * len(COMPANIES))]
    return [
        {"_id": each, "name": f"Company {number}", **({"externalId": key} if key else {})}
        for number, (each, key) in enumerate(zip(COMPANIES, given, strict=False), 1)
    ]
