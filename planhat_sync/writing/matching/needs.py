"""What has to be known of the records that payloads refer to, before it is decided about them.

Pure: owns what the settings `write_mode`, `skip_unchanged`, `dry_run` and `deletes`, and the model,
need to know. `matcher` finds it out, and `decisions` decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.mapping.mappings import custom_labels
from planhat_sync.writing.matching.fingerprints import Fingerprints
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    from planhat_sync.model import Model
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.settings import WriteSettings


class Needs:
    """What has to be known of the records of one model.

    Args:
        model: The model.
        settings: The user's settings.
        replays: Whether rejects are replayed, which must not overwrite what is newer.

    Attributes:
        values: Whether the values of upserts have to be known.
        by_all_keyables: Whether records have to be found by other keyables than `_id`.
        fingerprints: Of the values that have to be compared.
    """

    def __init__(self, model: Model, settings: WriteSettings, *, replays: bool = False) -> None:
        archives = settings.deletes == "archive"
        self.values = settings.skip_unchanged or settings.dry_run or replays
        self._all = self.values or settings.write_mode != "upsert" or model.is_updated_by_id
        by_requests = all(map(model.finds_by, model.keyables))
        deletes_by_list = settings.deletes == "delete" and not by_requests
        self.by_all_keyables = self._all or archives or deletes_by_list
        self._id_position = model.id_position
        flag = model.archive_flag if archives else None
        compared = [
            name
            for name in model.properties
            if name != ID
            and name not in model.read_only
            and (self.values or name in model.constants or name == flag)
        ]
        labels = custom_labels(settings.mappings, model) if CUSTOM in compared else ()
        self.fingerprints = Fingerprints(compared, labels, model.properties, model.returned_as)

    def existing(self, payload: Payload) -> bool:
        """Return whether a payload can be decided on only if its record is known."""
        if payload.operation == "create":
            return False
        if self._all or payload.operation == "archive" or payload.rejected_at is not None:
            return True
        return self._id_position >= 0 and payload.keys[self._id_position] is not None
