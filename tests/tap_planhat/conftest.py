"""The tap in this process, against a sandbox over real HTTP."""

from __future__ import annotations

from tap_runs import canned, config, read, select

__all__ = ["canned", "config", "read", "select"]
