"""Both plugins, forked from a process that has imported them."""

from __future__ import annotations

from warm_runs import base, variables, warm

__all__ = ["base", "variables", "warm"]
