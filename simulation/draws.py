"""Everything that is drawn, from one seed: one source a concern, and one a named decision."""

from __future__ import annotations

import random
from hashlib import blake2b

CONCERNS = ("plan", "records", "faults", "churn", "clock", "schedule")


class Draws:
    """Sources of random numbers that do not disturb each other.

    Args:
        seed: The seed. The same one gives the same numbers, in every process.

    Attributes:
        seed: As given.
        plan: For settings, rates and sizes.
        records: For initial records and input lines.
        faults: For behaviours of Planhat.
        churn: For what others change.
        clock: For clocks, and how long an exchange takes.
        schedule: For which thread runs on.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.plan, self.records, self.faults, self.churn, self.clock, self.schedule = (
            self.of(concern) for concern in CONCERNS
        )

    def of(self, name: str) -> random.Random:
        """Return a source of random numbers for one name alone.

        Whatever is drawn elsewhere, and whichever other names there are, it gives the same numbers.

        Args:
            name: A concern, or the name of a decision such as ``exchange 17``.
        """
        return random.Random(self._hash(name))

    def chance(self, name: str) -> float:
        """Return one number in [0, 1) for a name alone; much faster than a source.

        Args:
            name: The name of a decision.
        """
        return self._hash(f"{name}?") / 2.0**64

    def _hash(self, name: str) -> int:
        digest = blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big")
