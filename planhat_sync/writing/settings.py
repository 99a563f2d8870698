"""The settings of writing: their definitions as plain data, and the object that a run is given."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.progress import PROGRESS_SETTING
from planhat_sync.writing.mapping_setting import MAPPINGS_SETTING
from planhat_sync.writing.mirror_settings import MIRROR_SETTINGS, check_mirror
from planhat_sync.writing.reject_settings import REJECT_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.model import Model

DEFAULT_BATCH_BYTES: Final = 8_000_000
"""Bytes of one bulk body. The vendor documents no limit for this host; 32 MB for another one
(docs.planhat.com, the introduction), so a quarter of that."""

SEPARATOR: Final = "__"
"""What the Singer SDK puts between the names of levels when it flattens a record."""
WRITE_SETTINGS: Final[dict[str, Any]] = {
    "mappings": MAPPINGS_SETTING,
    "match_on": {
        "type": "array",
        "items": {"type": "string"},
        "uniqueItems": True,
        "title": "Match on",
        "description": (
            "Keyables that identify a record, in order of preference, such as [sourceId]; by "
            "default each model's own order (_id, sourceId, externalId). Keyables that a model "
            "does not have are ignored."
        ),
    },
    "missing_key": {
        "type": "string",
        "enum": ["reject", "create"],
        "default": "reject",
        "title": "Missing key",
        "description": (
            "What to do with a record that has none of these keyables: reject it, or create it "
            "again in every run that reads it."
        ),
    },
    "write_mode": {
        "type": "string",
        "enum": ["upsert", "update", "create"],
        "default": "upsert",
        "title": "Write mode",
        "description": (
            "Which writes are allowed: create and update, only update, or only create. Other "
            "records are counted as skipped."
        ),
    },
    "skip_unchanged": {
        "type": "boolean",
        "default": False,
        "title": "Skip unchanged",
        "description": (
            "Read what Planhat holds first, and send only what differs. Planhat may "
            "change updatedAt with every write, even with one that changes nothing else."
        ),
    },
    "dry_run": {
        "type": "boolean",
        "default": False,
        "title": "Dry run",
        "description": "Read and compare, but write nothing and print no state.",
    },
    "deletes": {
        "type": "string",
        "enum": ["ignore", "archive", "delete"],
        "default": "ignore",
        "title": "Deletes",
        "description": (
            "What to do with a record whose _sdc_deleted_at is a date-time: nothing, archive it "
            "(where the model has archived), or delete it."
        ),
    },
    **MIRROR_SETTINGS,
    "unknown_properties": {
        "type": "string",
        "enum": ["drop", "reject"],
        "default": "drop",
        "title": "Unknown properties",
        "description": (
            "What to do with properties that the model does not have: leave them out, with a "
            "warning that names them, or reject their record."
        ),
    },
    **REJECT_SETTINGS,
    "batch_size_rows": {
        "type": "integer",
        "minimum": 1,
        "maximum": 5000,
        "default": 5000,
        "title": "Batch size (rows)",
        "description": "Maximum number of records in one request; Planhat accepts 5,000.",
    },
    "batch_size_bytes": {
        "type": "integer",
        "minimum": 1,
        "default": DEFAULT_BATCH_BYTES,
        "title": "Batch size (bytes)",
        "description": "Maximum size of one request in bytes; a larger record is sent alone.",
    },
    "concurrency": {
        "type": "integer",
        "minimum": 1,
        "maximum": 50,
        "default": 1,
        "title": "Concurrency",
        "description": (
            "Maximum number of batches in flight; records of one identity keep their order. The "
            "vendor advises sequential writes."
        ),
    },
    "check_custom_fields": {
        "type": "boolean",
        "default": False,
        "title": "Check custom fields",
        "description": (
            "Ask Planhat for the types of its custom fields, and reject records whose values do "
            "not fit. Fields that Planhat does not know are sent as they are."
        ),
    },
    "flattening_separator": {
        "type": ["string", "null"],
        "default": SEPARATOR,
        "title": "Flattening separator",
        "description": (
            "Separator between custom and the label in the columns of custom fields, as the tap "
            "writes them: with _, custom_Region holds the custom field Region. Columns with __ "
            "are always recognized."
        ),
    },
    "summary_path": {
        "type": "string",
        "minLength": 1,
        "title": "Summary path",
        "description": (
            "File for the counts of the run, as JSON; replaced at the end of each run."
        ),
    },
    "progress": PROGRESS_SETTING,
}
"""JSON Schema property of each setting."""


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """The settings of a run that writes; `WRITE_SETTINGS` says what each of them means.

    Without any `match_on`, each model's own order of keyables counts. What is None is not set.
    `match_on_of` is not a setting: what a program knows about single models, by their names.
    """

    mappings: Sequence[Mapping[str, Any]] = ()
    match_on: tuple[str, ...] = ()
    missing_key: Literal["reject", "create"] = "reject"
    write_mode: Literal["upsert", "update", "create"] = "upsert"
    skip_unchanged: bool = False
    dry_run: bool = False
    deletes: Literal["ignore", "archive", "delete"] = "ignore"
    on_missing: Literal["ignore", "archive", "delete"] = "ignore"
    missing_scope: Mapping[str, Any] | None = None
    max_missing_percent: int = 10
    unknown_properties: Literal["drop", "reject"] = "drop"
    on_reject: Literal["fail", "continue"] = "fail"
    rejects_path: Path | None = None
    max_rejects: int | None = None
    replay_over_newer: bool = False
    batch_size_rows: int = 5_000
    batch_size_bytes: int = DEFAULT_BATCH_BYTES
    concurrency: int = 1
    check_custom_fields: bool = False
    flattening_separator: str = SEPARATOR
    summary_path: Path | None = None
    progress: str = "none"
    match_on_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, model: str) -> WriteSettings:
        """Return the settings for one model.

        Args:
            model: Its name.
        """
        match_on = self.match_on_of.get(model)
        return self if match_on is None else replace(self, match_on=match_on)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], models: Mapping[str, Model]) -> WriteSettings:
        """Read the settings out of a configuration.

        Args:
            config: The settings by name. Each has been checked against its definition, and may be
                missing; others are ignored.
            models: The models, by name.

        Raises:
            ConfigurationError: They contradict each other, or a keyable or path does not exist.
        """
        values = {each.name: config[each.name] for each in fields(cls) if each.name in config}
        values["match_on"] = _match_on(config.get("match_on") or (), models)
        for name in ("rejects_path", "summary_path"):
            values[name] = _path(name, config.get(name))
        settings = cls(**values)
        if settings.on_reject == "continue" and settings.rejects_path is None:
            raise ConfigurationError(
                "on_reject is set to continue, and rejects_path is not set: set rejects_path to a "
                "file"
            )
        if settings.on_missing != "ignore":
            check_mirror(settings.missing_scope, settings.match_on, models)
        return settings


def _path(name: str, text: str | None) -> Path | None:
    if text is None:
        return None
    try:
        is_path = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half of a pair of surrogates
        is_path = False
    if not is_path:
        raise ConfigurationError(f"{name} holds a character that no path has")
    return Path(text)


def _match_on(names: Sequence[str], models: Mapping[str, Model]) -> tuple[str, ...]:
    """Refuse a keyable that no model has: it is misspelt."""
    known = dict.fromkeys(name for model in models.values() for name in model.keyables)
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"match_on: no model has a keyable called {name}; there are {', '.join(known)}"
            )
    return tuple(names)
