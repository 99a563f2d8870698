"""The forms of ids, times, names of other records, and custom fields."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from planhat_beliefs.belief import Belief
from planhat_beliefs.facts.samples import (
    EMPTY,
    ISSUES,
    LARGE_PAGE,
    NEEDED_ROWS,
    OBJECTIVES,
    identifiers,
    present,
    sample,
    texts,
)
from planhat_beliefs.finding import Finding, could_not_tell, either, held, not_held
from planhat_sync.api.custom_fields import TYPES, normalized_parent, type_name
from planhat_sync.models import load_models
from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from planhat_beliefs.question import Reply, Row

OBJECT_ID = re.compile(r"[0-9a-f]{24}")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SAME_TIME_SECONDS = 2
"""Ids of one second that two machines made may be out of order."""


def _object_ids(listed: Reply) -> Finding:
    found = identifiers(listed.rows)
    if not found:
        return could_not_tell(EMPTY)
    odd = sum(OBJECT_ID.fullmatch(identifier) is None for identifier in found)
    if odd:
        return not_held(f"{odd} of {len(found)} ids are not 24 hexadecimal digits")
    dated = sorted(
        (row["_id"], created.timestamp())
        for row in listed.rows
        if (created := parse_timestamp(row.get("createdAt"))) is not None
    )
    if len(dated) < NEEDED_ROWS:
        return could_not_tell(f"fewer than {NEEDED_ROWS} records have a createdAt")
    back = sum(later + SAME_TIME_SECONDS < earlier for (_, earlier), (_, later) in pairwise(dated))
    return either(not back, f"{back} of {len(dated)} records are older than the one before them")


def _iso_times(listed: Reply) -> Finding:
    times = [time for name in ("createdAt", "updatedAt") for time in present(listed.rows, name)]
    if not times:
        return could_not_tell(EMPTY)
    odd = sum(not (isinstance(time, str) and ISO_TIME.fullmatch(time)) for time in times)
    return either(not odd, f"{odd} of {len(times)} times have another form")


def _are_named(row: Row, ids: str, objects: str) -> bool:
    shown = row.get(objects)
    if not isinstance(shown, list) or not all(isinstance(each, dict) for each in shown):
        return False
    return [each.get("id") for each in shown] == row[ids] and all("name" in each for each in shown)


def _names(ids: str, objects: str) -> Any:  # noqa: ANN401 - a check
    def check(listed: Reply) -> Finding:
        rows = [row for row in listed.rows if isinstance(row.get(ids), list) and row[ids]]
        if not rows:
            return could_not_tell(f"no record has {ids}")
        odd = sum(not _are_named(row, ids, objects) for row in rows)
        return either(not odd, f"{odd} of {len(rows)} records have other ids in {objects}")

    return check


def _company_names(listed: Reply) -> Finding:
    rows = [row for row in listed.rows if present([row], "companyId")]
    if not rows:
        return could_not_tell("no record has a companyId")
    odd = len(rows) - len(texts(rows, "companyName"))
    return either(not odd, f"{odd} of {len(rows)} records have no companyName")


def _custom_fields(listed: Reply) -> Finding:
    if not listed.rows:
        return could_not_tell("there are no custom fields")
    for name in ("name", "type", "parent"):
        if odd := len(listed.rows) - len(texts(listed.rows, name)):
            return not_held(f"{odd} of {len(listed.rows)} have no {name}")
    return held()


def _known_types(listed: Reply) -> Finding:
    types = {type_name(each) for each in texts(listed.rows, "type")}
    if not types:
        return could_not_tell("there are no custom fields")
    others = len(types - TYPES.keys())
    return either(not others, f"{others} of {len(types)} types are others")


def _known_parents(listed: Reply) -> Finding:
    parents = {normalized_parent(each) for each in texts(listed.rows, "parent")}
    if not parents:
        return could_not_tell("there are no custom fields")
    titles = {normalized_parent(model.title) for model in load_models().values()}
    if others := len(parents - titles):
        return not_held(f"{others} of {len(parents)} parents are others")
    default = [title for title in ("Issue", "Objective") if normalized_parent(title) in parents]
    return held(f"among them: {', '.join(default) or 'neither Issue nor Objective'}")


CUSTOM_FIELDS = sample("/customfields", "name", "type", "parent", rows=LARGE_PAGE)

FORMS = (
    *(
        Belief(
            "object-id-order",
            listed.path,
            "_id is 24 hexadecimal digits, and a newer record has a greater one",
            (listed,),
            _object_ids,
        )
        for listed in (ISSUES, sample("/endusers", "createdAt"), sample("/tasks", "createdAt"))
    ),
    Belief(
        "iso-times",
        "/issues",
        "times are ISO 8601 in UTC with milliseconds and a Z",
        (ISSUES,),
        _iso_times,
    ),
    *(
        Belief(
            "reference-names",
            f"/issues, {objects}",
            f"{objects} are objects with an id and a name, one for each of {ids}",
            (ISSUES,),
            _names(ids, objects),
        )
        for ids, objects in (("companyIds", "companies"), ("enduserIds", "endusers"))
    ),
    Belief(
        "reference-names",
        "/objectives",
        "an objective shows companyName",
        (OBJECTIVES,),
        _company_names,
    ),
    Belief(
        "custom-fields",
        "",
        "a custom field has a name, a type and a parent",
        (CUSTOM_FIELDS,),
        _custom_fields,
    ),
    Belief(
        "custom-fields",
        "types",
        "the types of custom fields are those of the vendor's page",
        (CUSTOM_FIELDS,),
        _known_types,
    ),
    Belief(
        "custom-fields",
        "parents",
        "the parents of custom fields are named as models are",
        (CUSTOM_FIELDS,),
        _known_parents,
    ),
)
