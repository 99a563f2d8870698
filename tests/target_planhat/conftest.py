"""The target in this process, against a sandbox over real HTTP."""

from __future__ import annotations

from target_runs import bench

__all__ = ["bench"]
