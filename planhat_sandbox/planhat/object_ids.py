"""Ids that look like MongoDB's ObjectIds and ascend with creation (object-id-order)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def object_ids(tenant: int) -> Iterator[str]:
    """Give the ids of one tenant, one after the other.

    An ObjectId begins with its second and ends with a counter. The second is made up here, so that
    one run gives the same ids as the next.

    Args:
        tenant: Number of the tenant; no two tenants share an id.

    Yields:
        24 hexadecimal digits.
    """
    for count in itertools.count(1):
        yield f"66b0c0de{tenant:06x}{count:010x}"
