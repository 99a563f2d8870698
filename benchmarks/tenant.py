"""The token says what the server serves: how many rows, with which delay, compressed or not.

So one server process serves every run of a comparison, and holds no rows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tenant:
    """One run's view of the server.

    Attributes:
        run: Names the run, so that its requests can be counted.
        rows: How many issues there are.
        latency_milliseconds: How long every answer is held back.
        gzip: Whether pages are packed for clients that accept gzip.
    """

    run: str
    rows: int
    latency_milliseconds: int = 0
    gzip: bool = False

    @property
    def token(self) -> str:
        """The access token that asks for this tenant."""
        return f"{self.run}.{self.rows}.{self.latency_milliseconds}.{int(self.gzip)}"

    @classmethod
    def from_token(cls, token: str) -> Tenant:
        """Read a tenant out of its token.

        Raises:
            ValueError: It is not a token of ours.
        """
        run, rows, latency, packed = token.split(".")
        return cls(run, int(rows), int(latency), packed == "1")
