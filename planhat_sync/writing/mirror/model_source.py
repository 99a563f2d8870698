"""What a run knows of the source of one model's records, when its input has ended."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What is known of the source of a model's records.

    Attributes:
        incomplete: Why it is not known that all records came; None if they did.
        read_from: The latest time at which the reading of the source may have begun, in seconds
            since 1970-01-01 UTC.
    """

    incomplete: str | None = None
    read_from: float = math.inf
