"""When a replayed record was rejected: its values are as old as that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.timestamps import parse_timestamp
from planhat_sync.writing.records.payload import Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from planhat_sync.model import Model
    from planhat_sync.writing.settings import WriteSettings

REJECTED_AT: Final = "rejected_at"
"""Key of a `reject` object: when its record was first rejected, in UTC."""

UNREADABLE_TIME: Final = Reject(
    RejectCode.WRONG_TYPE,
    f"{REJECTED_AT} of its reject is not a date-time such as 2024-01-31T10:15:30Z: correct it, or "
    "remove it to write the record even if Planhat has changed it since",
)


class RejectTimes:
    """Reads when records of one model were rejected, as far as it matters in this run.

    Args:
        model: The model.
        settings: The user's settings.
        warn: Receives one sentence if an age is not known, or does not matter for this model.
    """

    def __init__(self, model: Model, settings: WriteSettings, warn: Callable[[str], None]) -> None:
        self._model = model
        self._ignores_age = settings.replay_over_newer
        self._warn = warn
        self._has_warned = False

    def read(self, reject: Mapping[str, Any]) -> datetime | Reject | None:
        """Return when a record was rejected.

        Args:
            reject: The `reject` object of the line that it came in.

        Returns:
            The time; None if the record is written whatever has happened in Planhat since; or why
            the record is rejected.
        """
        if self._ignores_age:
            return None
        if self._model.replication_key is None:
            self._warn_once(f"Planhat does not say when it has changed {self._model.name}")
            return None
        text = reject.get(REJECTED_AT)
        if text is None:
            self._warn_once(f"some rejects of {self._model.name} do not say when they are from")
            return None
        return parse_timestamp(text) or UNREADABLE_TIME

    def _warn_once(self, reason: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(
                f"{reason}: they are written again even if what Planhat has is newer; look at a "
                "dry run first"
            )
