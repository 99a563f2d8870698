"""Settings of both plugins, for runs of `warm`."""

from __future__ import annotations

from warm_runs import base, variables

__all__ = ["base", "variables"]
