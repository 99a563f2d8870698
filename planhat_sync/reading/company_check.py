"""Checks that a scan filtered by several companies found the records of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import PageRequest

if TYPE_CHECKING:
    from datetime import datetime

    from planhat_sync.api.pagination.scan import Source
    from planhat_sync.reading.company_filter import CompanyFilter
    from planhat_sync.reading.pages.page import Page


def applies_one_id(
    source: Source[Page], companies: CompanyFilter, key: str | None, cutoff: datetime | None
) -> bool:
    """Return whether the server may have applied only one id of the scan that has just ended.

    Args:
        source: The pages of the stream.
        companies: The filter; the ids that it has not verified are requested one by one.
        key: The replication key, if the scan read what has changed.
        cutoff: Older rows were not read; None if all were.
    """
    only = tuple(name for name in ("_id", key, source.model.company_property) if name)
    limit = source.model.page_limit
    for one in companies.unverified():
        page = source.page(PageRequest(f"-{key or '_id'}", limit, select=only), (one,))
        found = page.companies or ()
        wanted = [found[at] for at in page.not_older(range(len(found)), cutoff)]
        # A full page of rows that the scan found proves nothing about the rows after them.
        if len(wanted) >= limit or any(map(companies.contradicts, wanted)):
            return True
    return False
