"""A minimal incremental tap: the newest issues first, until one that is not new.

It runs as `python -m benchmarks.plain.incremental_tap`. Planhat has no parameter for what has
changed, so this is the least that a tap of the SDK has to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.pagination import OffsetPaginator

from benchmarks.plain.tap import PAGE, Issues, PlainTap

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


class UntilKnown(OffsetPaginator):
    """By offset, until the stream has seen an issue that is not new."""

    def __init__(self, stream: ChangedIssues) -> None:
        super().__init__(start_value=0, page_size=PAGE)
        self._stream = stream

    def has_more(self, response: requests.Response) -> bool:  # noqa: ARG002 - the SDK's signature
        """Whether every issue so far is new."""
        return not self._stream.has_seen_known


class ChangedIssues(Issues):
    """The issues that have changed since the bookmark."""

    replication_key = "updatedAt"
    has_seen_known = False

    def get_new_paginator(self) -> UntilKnown:
        """By offset, until an issue is not new."""
        return UntilKnown(self)

    def get_url_params(
        self, context: Mapping[str, Any] | None, next_page_token: int | None
    ) -> dict[str, Any]:
        """The page asked for, the newest first."""
        return {**super().get_url_params(context, next_page_token), "sort": "-updatedAt"}

    def post_process(
        self, row: dict[str, Any], context: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The issue, unless it is older than the bookmark."""
        start = self.get_starting_replication_key_value(context)
        if start is None or row["updatedAt"] >= start:
            return row
        self.has_seen_known = True
        return None


class IncrementalTap(PlainTap):
    """The tap of the template with a replication key."""

    def discover_streams(self) -> list[Issues]:
        """One stream."""
        return [ChangedIssues(self)]


if __name__ == "__main__":
    IncrementalTap.cli()
