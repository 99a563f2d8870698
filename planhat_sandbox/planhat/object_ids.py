"""Ids that look like MongoDB ObjectIds and ascend in order of creation (object-id-order)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def object_ids(tenant: int) -> Iterator[str]:
    """Make the ids of one tenant.

    An ObjectId begins with a time in seconds and ends with a counter. The time is constant here, so
    that every run makes the same ids.

    Args:
        tenant: Number of the tenant; two tenants never share an id.

    Yields:
        24 hexadecimal digits.
    """
    for count in itertools.count(1):
        yield f"66b0c0de{tenant:06x}{count:010x}"
