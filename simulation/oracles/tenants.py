"""A tenant compared with what the model says of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from simulation.oracles.shapes import SHAPES, snapshot
from simulation.oracles.timelines import keys_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from simulation.oracles.shapes import Shape, Snapshot
    from simulation.oracles.timelines import Key, Timelines
    from simulation.plan import TenantPlan
    from simulation.story import Tenant


def differences(
    timelines: Timelines, tenant: Tenant, line: int, uncertain: Collection[Key] = ()
) -> list[str]:
    """Compare a tenant with what it may hold once a line of the input is done.

    Each property of each record must have its value of that moment or one of a later line: later
    lines may have been written already.

    Args:
        timelines: What each key has stood for.
        tenant: The tenant.
        line: Number of the line.
        uncertain: Keys of records whose last write may or may not have been done: they may hold any
            value that they ever had.

    Returns:
        What is wrong, one sentence each.
    """
    held = _by_key(tenant)
    wrong = [
        f"{in_words(key)} is of a record that no line has made"
        for key, holders in held.items()
        if not any(each in timelines for record in holders for each in keys_of(*record))
    ]
    for key in timelines:
        is_uncertain = key in uncertain
        since = timelines.since(key, 0 if is_uncertain else line)
        holders = held.get(key, [])
        if len(holders) > 1:
            wrong.append(f"{in_words(key)} is there {len(holders)} times")
        elif holders:
            # By another of its keys it may have been known before.
            keys = [each for each in keys_of(*holders[0]) if each in timelines and each != key]
            others = [point for each in keys for point in timelines.since(each, line)]
            wrong += _differing(key, snapshot(*holders[0]), [*since, *others])
        elif None not in since and not is_uncertain:
            wrong.append(f"{in_words(key)} is missing")
    return wrong


def _by_key(tenant: Tenant) -> Mapping[Key, list[tuple[Shape, dict[str, Any]]]]:
    """Return the records of a tenant by each of their keys."""
    held: defaultdict[Key, list[tuple[Shape, dict[str, Any]]]] = defaultdict(list)
    for shape in SHAPES.values():
        for record in tenant.records(shape.model):
            for key in keys_of(shape, record):
                held[key].append((shape, record))
    return held


def goes_back(timelines: Timelines, tenant: Tenant, begins: int, ends: int | None) -> list[str]:
    """Return which values a record has had again after those of a later line.

    Whatever is repeated, a run writes the values of a record in the order of its lines, as long as
    the record has one keyable throughout.

    Args:
        timelines: What each key has stood for in this run.
        tenant: The tenant.
        begins: Number of the event with which the run began.
        ends: Number of the event with which the next one began, None if there was none.
    """
    wrong = []
    for shape in SHAPES.values():
        for versions in tenant.versions(shape.model).values():
            shown = [
                snapshot(shape, {**each.fields})
                for each in versions
                if each.fields is not None
                and each.event >= begins
                and (ends is None or each.event < ends)
            ]
            keys = keys_of(shape, versions[0].fields or {})
            points = next((timelines.since(key, 0) for key in keys if key in timelines), [])
            wrong += [
                f"{in_words(keys[0])} has got {name} {value!r} again, after that of a later line"
                for name in sorted({name for each in shown for name in each})
                for value in _returning([each.get(name) for each in shown], name, points)
            ]
    return wrong


def _returning(
    values: Sequence[object], name: str, points: Sequence[Snapshot | None]
) -> Iterator[object]:
    """Yield values of a property that are not those of the same line as before, or a later one."""
    due = [None if point is None else point.get(name) for point in points]
    at = 0
    for value in values:
        found = next((place for place in range(at, len(due)) if due[place] == value), None)
        if found is None:
            yield value
        else:
            at = found


def doubled(tenant: Tenant) -> list[str]:
    """Return which keys two records of a tenant have.

    Args:
        tenant: The tenant.
    """
    return [
        f"{in_words(key)} is there {len(holders)} times"
        for key, holders in _by_key(tenant).items()
        if len(holders) > 1
    ]


def unwritten(tenant: Tenant, began: TenantPlan) -> list[str]:
    """Return what has changed in a tenant to which nothing was to be written.

    Args:
        tenant: The tenant.
        began: How it began.
    """
    return [
        f"a dry run has changed {model}"
        for model, records in began.records.items()
        if len(tenant.records(model)) != len(records)
        or any(len(each) > 1 for each in tenant.versions(model).values())
    ]


def in_words(key: Key) -> str:
    """Return a key as sentences name it."""
    model, name, value, company = key
    return f"{model} {name}={value}" + (f" of {company}" if company else "")


def _differing(key: Key, now: Mapping[str, object], since: Sequence[Snapshot | None]) -> list[str]:
    allowed = [each for each in since if each is not None]
    if not allowed:
        return [f"{in_words(key)} is there although it was deleted"]
    names = {*now, *(name for each in allowed for name in each)}
    return [
        f"{in_words(key)} has {name} {now.get(name)!r} and may have "
        f"{sorted({repr(each.get(name)) for each in allowed})}"
        for name in sorted(names)
        if all(now.get(name) != each.get(name) for each in allowed)
    ]
