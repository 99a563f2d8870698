"""The settings of rejects: when they end a run, where they are kept, what a replay overwrites."""

from __future__ import annotations

from typing import Any, Final

REJECT_SETTINGS: Final[dict[str, Any]] = {
    "on_reject": {
        "type": "string",
        "enum": ["fail", "continue"],
        "default": "fail",
        "title": "On reject",
        "description": (
            "Whether to end the run after the batch in which a record is rejected, or to "
            "continue and write the record to rejects_path."
        ),
    },
    "rejects_path": {
        "type": "string",
        "minLength": 1,
        "title": "Rejects path",
        "description": (
            "File to which rejected records are appended, as a Singer stream that "
            "target-planhat --input can read; required with on_reject: continue."
        ),
    },
    "max_rejects": {
        "type": "integer",
        "minimum": 0,
        "title": "Maximum rejects",
        "description": (
            "With on_reject: continue, fail the run when more records than this are rejected; "
            "no limit by default."
        ),
    },
    "replay_over_newer": {
        "type": "boolean",
        "default": False,
        "title": "Replay over newer",
        "description": (
            "When rejects are replayed, write a record even if Planhat has changed it since it was "
            "rejected. Otherwise it is rejected again, as newer_in_planhat."
        ),
    },
}
"""JSON Schema property of each setting."""
