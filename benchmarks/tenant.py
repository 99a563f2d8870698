"""The token says what the server serves: how many rows, how late, how often, compressed or not.

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
        requests_per_minute: How many requests are answered; the others get a 429. 0 for all.
    """

    run: str
    rows: int
    latency_milliseconds: int = 0
    gzip: bool = False
    requests_per_minute: int = 0

    @property
    def token(self) -> str:
        """The access token that asks for this tenant."""
        served = f"{self.rows}.{self.latency_milliseconds}.{int(self.gzip)}"
        return f"{self.run}.{served}.{self.requests_per_minute}"

    @classmethod
    def from_token(cls, token: str) -> Tenant:
        """Read a tenant out of its token.

        Raises:
            ValueError: It is not a token of ours.
        """
        run, rows, latency, packed, per_minute = token.split(".")
        return cls(run, int(rows), int(latency), packed == "1", int(per_minute))
