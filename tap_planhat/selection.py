"""What of a selection deserves a warning: a run that reads nothing looks like one that went well.

See https://hub.meltano.com/singer/spec#metadata for `selected` and `inclusion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from singer_sdk import Stream

NOTHING_SELECTED = (
    'no stream is selected, so nothing is read: in the catalog, set "selected": true in the '
    "metadata of a stream whose breadcrumb is []; with Meltano, add a rule such as issues.* to "
    "select"
)
_OF_A_PROPERTY = 2  # as in ["properties", "custom"]


def selection_warnings(streams: Collection[Stream]) -> Iterator[str]:
    """Find what a person has probably not meant.

    Args:
        streams: All streams of a run.

    Yields:
        A sentence each.
    """
    selected = [stream for stream in streams if stream.selected]
    if not selected:
        yield NOTHING_SELECTED
    for stream in selected:
        for crumb, metadata in stream.metadata.items():
            above = crumb[:-2]
            if metadata.selected and len(crumb) > _OF_A_PROPERTY and not stream.mask[above]:
                yield (
                    f"{stream.name}: {_written(crumb)} is selected, but {_written(above)}, which "
                    "holds it, is not, so it is not read: select both"
                )


def _written(crumb: tuple[str, ...]) -> str:
    return ".".join(crumb[1::2])
