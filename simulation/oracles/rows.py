"""Rows of the Python class, as the oracles read them: each is a record of one model."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from simulation.oracles.conversion import DELETED_AT
from simulation.oracles.inputs import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ABSENT: Final = object()


def settings_of_rows(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of a target that writes as the options of the class say (docs/python.md).

    Args:
        settings: The options.
    """
    return {"unknown_properties": "reject", **settings}


def read_rows(lines: Iterable[str], settings: Mapping[str, Any]) -> list[Line]:
    """Read rows as records, with what becomes of missing values.

    Args:
        lines: The rows as JSON.
        settings: The options of the write.
    """
    deleted = {DELETED_AT: "2025-06-01T10:00:00Z"} if settings.get("deletes") == "delete" else {}
    marker = {"absent": ABSENT, "null": None}.get(settings.get("nan", "reject"), math.nan)
    left_out = None if settings.get("nulls") == "omit" else ABSENT
    return [
        Line(
            number,
            "RECORD",
            settings["model"],
            {**_plain(json.loads(text), marker, left_out), **deleted},
            sequence=number,
        )
        for number, text in enumerate(lines, start=1)
    ]


def _plain(value: Any, marker: object, left_out: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with its missing values replaced, and without properties that are left out."""
    if isinstance(value, float) and math.isnan(value):
        return marker
    if isinstance(value, dict):
        plain = {name: _plain(each, marker, left_out) for name, each in value.items()}
        return {
            name: each
            for name, each in plain.items()
            if each is not ABSENT and each is not left_out
        }
    return value
