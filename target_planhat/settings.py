"""The settings of target-planhat: what users may write, and what the program makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from planhat_sync.api.connection import CONNECTION_SETTINGS, Connection
from planhat_sync.catalogue import load_models
from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.progress import PROGRESS_SETTING
from planhat_sync.writing.records.custom_columns import SEPARATOR
from planhat_sync.writing.records.payload import DEFAULT_BATCH_BYTES, Settings
from planhat_sync.writing.results.output_files import check_output_files

if TYPE_CHECKING:
    from collections.abc import Mapping

OnReject = Literal["fail", "continue"]

CONFIG_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["api_token"],
    "properties": {
        **CONNECTION_SETTINGS,
        "match_on": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "title": "Match on",
            "description": (
                "Keyables that say which record of Planhat a record means, in order of "
                "preference, such as [sourceId]; by default each model's own order (_id, "
                "sourceId, externalId). A keyable that a model does not have is passed over."
            ),
        },
        "missing_key": {
            "type": "string",
            "enum": ["reject", "create"],
            "default": "reject",
            "title": "Missing key",
            "description": (
                "What happens to a record without any keyable: it is rejected, or created anew "
                "by every run that reads it."
            ),
        },
        "write_mode": {
            "type": "string",
            "enum": ["upsert", "update", "create"],
            "default": "upsert",
            "title": "Write mode",
            "description": (
                "Whether records may be created and updated, only updated, or only created; what "
                "the mode leaves alone is counted as skipped."
            ),
        },
        "skip_unchanged": {
            "type": "boolean",
            "default": False,
            "title": "Skip unchanged",
            "description": (
                "Reads what Planhat holds first and sends only what differs. Planhat is said to "
                "move updatedAt with every write, also with one that changes nothing."
            ),
        },
        "dry_run": {
            "type": "boolean",
            "default": False,
            "title": "Dry run",
            "description": "Reads and compares, and writes nothing; prints no state.",
        },
        "deletes": {
            "type": "string",
            "enum": ["ignore", "archive", "delete"],
            "default": "ignore",
            "title": "Deletes",
            "description": (
                "What a record asks for whose _sdc_deleted_at is a date-time: nothing, to be "
                "archived where the model has archived, or to be deleted."
            ),
        },
        "unknown_properties": {
            "type": "string",
            "enum": ["drop", "reject"],
            "default": "drop",
            "title": "Unknown properties",
            "description": (
                "What happens to properties that the model does not have: they are left out, with "
                "a warning that names them, or their record is rejected."
            ),
        },
        "on_reject": {
            "type": "string",
            "enum": ["fail", "continue"],
            "default": "fail",
            "title": "On reject",
            "description": (
                "Whether the run ends after the batch in which a record is rejected, or goes on "
                "and writes it to rejects_path."
            ),
        },
        "rejects_path": {
            "type": "string",
            "minLength": 1,
            "title": "Rejects path",
            "description": (
                "File that rejected records are appended to, as a Singer stream that "
                "target-planhat --input can read again; needed with on_reject: continue."
            ),
        },
        "max_rejects": {
            "type": "integer",
            "minimum": 0,
            "title": "Most rejects",
            "description": (
                "With on_reject: continue, the run fails when more records than this are "
                "rejected; no limit by default."
            ),
        },
        "batch_size_rows": {
            "type": "integer",
            "minimum": 1,
            "maximum": 5000,
            "default": 5000,
            "title": "Batch size (rows)",
            "description": "Most records in one request; Planhat takes 5,000.",
        },
        "batch_size_bytes": {
            "type": "integer",
            "minimum": 1,
            "default": DEFAULT_BATCH_BYTES,
            "title": "Batch size (bytes)",
            "description": "Most bytes in one request; a larger record is sent alone.",
        },
        "concurrency": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 1,
            "title": "Concurrency",
            "description": (
                "Batches on their way at the same time; records of one identity keep their order. "
                "The vendor advises to write one after the other."
            ),
        },
        "check_custom_fields": {
            "type": "boolean",
            "default": False,
            "title": "Check custom fields",
            "description": (
                "Ask Planhat for the types of its custom fields, and reject a record whose value "
                "does not fit. Fields that Planhat does not know are sent as they are."
            ),
        },
        "flattening_separator": {
            "type": ["string", "null"],
            "default": SEPARATOR,
            "title": "Flattening separator",
            "description": (
                "What stands between custom and the label in the columns of custom fields, as the "
                "tap writes them: with _, custom_Region holds the custom field Region. Columns "
                "with __ are recognized in any case."
            ),
        },
        "flattening_enabled": {
            "type": ["boolean", "null"],
            "title": "Flattening enabled",
            "description": (
                "Accepted and ignored, so that a configuration can be shared with other targets: "
                "Planhat stores nested values, so nothing is flattened."
            ),
        },
        "flattening_max_depth": {
            "type": ["integer", "null"],
            "title": "Flattening depth",
            "description": "Accepted and ignored; see flattening_enabled.",
        },
        "flattening_max_key_length": {
            "type": ["integer", "null"],
            "title": "Flattening key length",
            "description": "Accepted and ignored; see flattening_enabled.",
        },
        "summary_path": {
            "type": "string",
            "minLength": 1,
            "title": "Summary path",
            "description": "File for the counts of the run, as JSON; replaced at the end of each.",
        },
        "progress": PROGRESS_SETTING,
    },
}
"""JSON Schema of the settings; the SDK adds those of stream maps."""


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """The settings of one run.

    Attributes:
        connection: Where Planhat is.
        settings: What the user decides about records, payloads and batches.
        on_reject: Whether a rejected record ends the run.
        rejects_path: Where rejected records go.
        max_rejects: Most rejects of a run that does not fail, None for no limit.
        concurrency: Batches on their way at the same time.
        summary_path: Where the summary goes.
        check_custom_fields: Whether values of custom fields have to fit Planhat's types.
        progress: How progress is shown.
    """

    connection: Connection
    settings: Settings
    on_reject: OnReject = "fail"
    rejects_path: Path | None = None
    max_rejects: int | None = None
    concurrency: int = 1
    summary_path: Path | None = None
    check_custom_fields: bool = False
    progress: str = "none"

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TargetSettings:
        """Read the settings; each has been checked against `CONFIG_SCHEMA` by itself.

        Args:
            config: The settings by name, with their defaults.

        Raises:
            ConfigurationError: They do not go together.
        """
        rejects_path, summary_path = (
            _path(name, config.get(name)) for name in ("rejects_path", "summary_path")
        )
        if config["on_reject"] == "continue" and rejects_path is None:
            raise ConfigurationError(
                "on_reject is set to continue, and rejected records would have nowhere to go: "
                "set rejects_path to a file"
            )
        check_output_files(rejects_path=rejects_path, summary_path=summary_path)
        return cls(
            connection=Connection.from_config(config),
            settings=Settings(
                match_on=_match_on(config.get("match_on") or ()),
                **{
                    name: config[name]
                    for name in Settings.__dataclass_fields__
                    if name != "match_on"
                },
            ),
            on_reject=config["on_reject"],
            rejects_path=rejects_path,
            max_rejects=config.get("max_rejects"),
            concurrency=config["concurrency"],
            summary_path=summary_path,
            check_custom_fields=config["check_custom_fields"],
            progress=config["progress"],
        )

    @property
    def allowed_rejects(self) -> int | None:
        """How many records may be rejected before the run fails, None for any number."""
        return 0 if self.on_reject == "fail" else self.max_rejects


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


def _match_on(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a keyable that no model has: it is misspelt."""
    known = dict.fromkeys(name for model in load_models().values() for name in model.keyables)
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"match_on: no model has a keyable called {name}; there are {', '.join(known)}"
            )
    return tuple(names)
