"""The connectors, forked from a process that has imported them."""

from __future__ import annotations

from warm_runs import base, warm

__all__ = ["base", "warm"]
