"""What is found when a payload is looked for: a record that is held, or a doubt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.writing.matching.fingerprints import Fingerprints


@dataclass(frozen=True, slots=True)
class IndexedRecord:
    """A record that the destination holds.

    Attributes:
        name: What the index calls it.
        identifier: Its `_id`, None if it was created in this run and its answer gave none.
        at: Place of the keyable that it was found by, among the model's.
        marks: Fingerprints of what it holds.
        fingerprints: What they are of.
    """

    name: bytes
    identifier: str | None
    at: int
    marks: bytes
    fingerprints: Fingerprints

    def differing(self, item: Mapping[str, Any]) -> list[str]:
        """List the properties of an item whose value is not, or may not be, what is held."""
        return self.fingerprints.differing(item, self.marks)


class Doubt(Enum):
    """There may be such a record or not: what is known does not say."""

    DOUBT = "doubt"


DOUBT: Final = Doubt.DOUBT
