"""The two paths of a page to standard output, and which of them a stream takes.

The fast path writes entire pages of raw values. The SDK's own path is taken where values must be
looked at: for stream maps, flattening, deselected properties inside others, BATCH. Both write the
same messages (a property test compares them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import SameRecordTransform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.mapper import StreamMap


def takes_fast_path(
    maps: Sequence[StreamMap], mask: Mapping[tuple[str, ...], bool], *, is_sample: bool
) -> bool:
    """Return whether records are emitted as received, except for properties that are deselected.

    Args:
        maps: The stream's maps, of which the SDK makes one that changes nothing if there are none.
        mask: Whether each property is selected, by its breadcrumb.
        is_sample: Whether only a few records are read, which the SDK counts.
    """
    return (
        not is_sample
        and len(maps) == 1
        and type(maps[0]) is SameRecordTransform
        and not maps[0].flattening_enabled
        and all(
            selected or not mask[crumb[:2]]
            for crumb, selected in mask.items()
            if len(crumb) > len(("properties", "_id"))
        )
    )
