"""Which values a write would change, and where the new ones come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.runtime.terminal import printable
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping

    from planhat_sync.runtime.terminal import TextStyle
    from planhat_sync.writing.records.payload import Skipped

LONGEST_VALUE: Final = 60


class ChangeLog:
    """Shows the values that a write would change.

    Args:
        style: How they are shown.
        logger: Where they are shown.
        sources: Returns the sources of properties by the line that a record came in, those of
            custom fields by `custom.<label>`.
        deleted_at: The column in which sources say when a record was deleted.
    """

    def __init__(
        self,
        style: TextStyle,
        logger: logging.Logger,
        sources: Callable[[bytes], Mapping[str, str]],
        deleted_at: str = SDC_COLUMNS.deleted_at,
    ) -> None:
        self._not_shown = {ID, deleted_at}
        self._style = style
        self._logger = logger
        self._sources = sources

    def show(
        self,
        heading: str,
        new: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        line: bytes,
        *,
        is_new: bool = False,
    ) -> None:
        """Show what would become of one record.

        Of a new record the properties are shown as well that its mapping sets and that are not
        sent, since the field that an expression names may be misspelt.

        Args:
            heading: Which record it is.
            new: The values that would be written; of an existing record those that differ.
            old: The record in Planhat, None if there is none.
            line: The line that the record came in.
            is_new: Whether Planhat does not have the record, so that all its values are in `new`.
        """
        style = self._style
        parts = []
        sources = self._sources(line)
        changes = list(changes_of(new, old or {}, sources))
        for change in changes:
            before = "" if old is None else f"{style.removed(as_shown(change.old))} -> "
            source = style.dim(f" ({shortened(change.source)})") if change.source else ""
            parts.append(f"{change.name}: {before}{style.added(as_shown(change.new))}{source}")
        if is_new:
            sent = {change.name for change in changes} | self._not_shown
            for name, source in sources.items():
                if name not in sent:
                    parts.append(f"{name}: {style.dim(f'not sent ({shortened(source)})')}")
        self._logger.info("%s", style.listed(heading, parts))

    def show_skipped(self, heading: str, reason: Skipped) -> None:
        """Show why one record would be skipped.

        Args:
            heading: Which record it is.
            reason: Why.
        """
        self._logger.info("%s", self._style.listed(heading, [reason.value]))


class Change(NamedTuple):
    """A value that would be written.

    Attributes:
        name: The property, or `custom.<label>` for a custom field.
        new: The value.
        old: The value in Planhat, None also if it has none.
        source: Where the new value comes from; empty if that is not known, or if the value is a
            constant of the mapping.
    """

    name: str
    new: Any
    old: Any
    source: str


def changes_of(
    new: Mapping[str, Any], old: Mapping[str, Any], sources: Mapping[str, str]
) -> Iterator[Change]:
    """Return the values that would be written, property by property.

    If the sources of all custom fields are known, each of them is a change of its own.

    Args:
        new: The values that would be written; of an existing record those that differ.
        old: The record in Planhat, empty if there is none.
        sources: The sources of properties, those of custom fields by `custom.<label>`.
    """
    for name, value in new.items():
        held = old.get(name)
        fields = _custom_fields(value, held, sources) if name == CUSTOM else ()
        yield from fields or [_change(name, value, held, sources)]


def _custom_fields(new: Any, old: Any, sources: Mapping[str, str]) -> list[Change]:  # noqa: ANN401 - any JSON value
    if not isinstance(new, dict) or not all(f"{CUSTOM}.{label}" in sources for label in new):
        return []
    held = old if isinstance(old, dict) else {}
    return [
        _change(f"{CUSTOM}.{label}", value, held.get(label), sources)
        for label, value in new.items()
    ]


def _change(name: str, new: Any, old: Any, sources: Mapping[str, str]) -> Change:  # noqa: ANN401 - any JSON value
    source = sources.get(name, "")
    return Change(name, new, old, "" if source == _json(new) else source)


def as_shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as JSON; a text has no quotes if it cannot be taken for another value.

    Args:
        value: A value in Planhat, or one that would be sent.
    """
    if not isinstance(value, str):
        text = _json(value)
    elif value == value.strip() and not _is_json(value) and value.isprintable():
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return shortened(text)


def shortened(text: str) -> str:
    """Return the beginning of a text, in one line and without control characters.

    Args:
        text: Any text; a terminal would obey the control characters in it.
    """
    text = printable(text[: LONGEST_VALUE + 1])
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    try:
        return encode(value).decode()
    except UnsendableError:  # half a surrogate pair, which Planhat may have
        return json.dumps(value, default=str)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return not text
    return True
