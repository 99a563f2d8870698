"""How a catalog says that a stream is replicated, and which of it a model can do.

Singer's metadata has `replication-method` and `replication-key` for what the user chose, and
`forced-replication-method` for what discovery found; catalogs of older taps, and those of the SDK,
have `replication_method` and `replication_key` beside the metadata
(https://github.com/singer-io/getting-started/blob/master/docs/DISCOVERY_MODE.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planhat_sync.models import Model

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"


@dataclass(frozen=True, slots=True)
class Replication:
    """How a stream is read.

    Attributes:
        key: The replication key; None if the stream is read whole.
        warnings: Sentences about what the catalog asks for and does not get.
    """

    key: str | None
    warnings: tuple[str, ...]

    @property
    def method(self) -> str:
        """Singer's word for it."""
        return INCREMENTAL if self.key else FULL_TABLE


def replication_of(entry: Mapping[str, Any], model: Model) -> Replication:
    """Find out how a stream of a catalog is to be read.

    What the user chose in the metadata decides. Without that, a stream is read whole if either of
    the other two places says so, since discovery writes the model's own method into both.

    Args:
        entry: The stream's entry in the catalog.
        model: Its model; only its own key can be the replication key.
    """
    root = _root(entry)
    chosen = _method(root.get("replication-method"))
    found = [
        _method(entry.get("replication_method")),
        _method(root.get("forced-replication-method")),
    ]
    deliberate = [one for one in found if one and one != _own(model)]
    asked = chosen or next(iter(deliberate), None)
    replication = Replication(None if asked == FULL_TABLE else model.replication_key, ())
    named = (root.get("replication-key"), entry.get("replication_key"))
    keys = {key for key in named if key}
    warnings = (
        *_about_method(asked, replication.method, model),
        *_about_contradiction(chosen, deliberate, model),
        *_about_keys(sorted(key for key in keys if key != model.replication_key), model),
    )
    return Replication(replication.key, warnings)


def _root(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    for item in entry.get("metadata", ()):
        if not item["breadcrumb"]:
            root: Mapping[str, Any] = item["metadata"]
            return root
    return {}


def _own(model: Model) -> str:
    return INCREMENTAL if model.replication_key else FULL_TABLE


def _method(text: str | None) -> str | None:
    """Return a method as Singer spells it, None if none is given."""
    return (text or "").strip().upper().replace("-", "_").replace(" ", "_") or None


def _about_method(asked: str | None, method: str, model: Model) -> Iterator[str]:
    if asked not in (None, method):
        why = (
            "Planhat tells of no change of it in order"
            if asked == INCREMENTAL
            else f"there are {INCREMENTAL} and {FULL_TABLE}"
        )
        yield f"{model.name} is read by {method}, not by {asked}: {why}"


def _about_contradiction(chosen: str | None, others: list[str], model: Model) -> Iterator[str]:
    if chosen and any(other != chosen for other in others):
        yield (
            f"the catalog asks for {model.name} by {chosen} (replication-method in its metadata) "
            f"and by {others[0]}: the metadata decides"
        )


def _about_keys(others: list[str], model: Model) -> Iterator[str]:
    can = f"only by {model.replication_key}" if model.replication_key else "whole in every run"
    for key in others:
        yield f"the replication key {key} of {model.name} is ignored: it can be read {can}"
