"""How a catalog asks for a stream to be replicated, and how its model can be.

Singer's metadata has `replication-method` and `replication-key` for what the user chose, and
`forced-replication-method` for what discovery found; catalogs of older taps, and those of the SDK,
have `replication_method` and `replication_key` beside the metadata
(https://github.com/singer-io/getting-started/blob/master/docs/DISCOVERY_MODE.md).
Catalogs written by hand mix the two up, so both spellings are read in both places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planhat_sync.model import Model

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"


@dataclass(frozen=True, slots=True)
class Replication:
    """How a stream is read.

    Attributes:
        key: The replication key; None if the stream is read in full.
        warnings: One sentence for each thing that the catalog asks for and does not get.
    """

    key: str | None
    warnings: tuple[str, ...]

    @property
    def method(self) -> str:
        """The replication method, as Singer calls it."""
        return _method_by(self.key)


def replication_of(entry: Mapping[str, Any], model: Model) -> Replication:
    """Return how a stream of a catalog is to be read.

    What the user chose in the metadata decides. Otherwise a stream is read in full if either of the
    other two places says so, because discovery writes the model's own method into both.

    Args:
        entry: The stream's entry in the catalog.
        model: The stream's model; only its own key can be the replication key.
    """
    roots = [each["metadata"] for each in entry.get("metadata", ()) if not each["breadcrumb"]]
    root = roots[0] if roots else {}
    own = _method_by(model.replication_key)
    chosen = _method(_text(root, "replication-method"))
    found = [
        _method(_text(entry, "replication-method")),
        _method(_text(root, "forced-replication-method")),
    ]
    deliberate = [one for one in found if one and one != own]
    asked = chosen or next(iter(deliberate), None)
    key = None if asked == FULL_TABLE else model.replication_key
    if asked == INCREMENTAL and key is None:
        key = model.possible_replication_key
    named = {_text(root, "replication-key"), _text(entry, "replication-key")}
    warnings = (
        *_about_method(asked, _method_by(key), model),
        *_about_contradiction(chosen, deliberate, model),
        *_about_keys(sorted(filter(None, named - {key or model.replication_key})), model, key),
    )
    return Replication(key, warnings)


def _text(values: Mapping[str, Any], name: str) -> str | None:
    """Return a text of a catalog whose name is spelt with hyphens or with underscores."""
    text: str | None = values.get(name) or values.get(name.replace("-", "_"))
    return text


def _method_by(key: str | None) -> str:
    return INCREMENTAL if key else FULL_TABLE


def _method(text: str | None) -> str | None:
    """Return a method as Singer spells it; None if none is given."""
    return (text or "").strip().upper().replace("-", "_").replace(" ", "_") or None


def _about_method(asked: str | None, method: str, model: Model) -> Iterator[str]:
    if asked not in (None, method):
        why = (
            "it has no replication key"
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


def _about_keys(others: list[str], model: Model, key: str | None) -> Iterator[str]:
    own = key or model.replication_key
    how = f"only by {own}" if own else "in full in every run"
    for other in others:
        hint = ""
        if other == model.possible_replication_key:
            hint = f", unless its replication-method is {INCREMENTAL}"
        yield (
            f"the replication key {other} of {model.name} is ignored: {model.name} is read {how}"
            f"{hint}"
        )
