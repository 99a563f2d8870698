"""Checks stream maps before a run begins.

The SDK checks little of them, and fails in the middle of a run with an error of Python's.
https://sdk.meltano.com/en/latest/stream_maps.html describes the options.
"""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Mapping
from typing import TYPE_CHECKING

from planhat_singer.map_failures import clipped
from planhat_sync.runtime.config_errors import did_you_mean
from planhat_sync.runtime.foreign_errors import as_configuration_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager


def stream_map_errors(maps: object) -> Iterator[str]:
    """Check the setting `stream_maps`, as far as that is possible without a stream's schema.

    Args:
        maps: Its value; if it is not an object, the schema of the settings finds that.

    Yields:
        One sentence for each error.
    """
    if not isinstance(maps, Mapping):
        return
    for stream, rules in maps.items():
        if stream.startswith("__") and stream != "__else__":
            yield f"stream_maps: there is no option {stream} for all streams"
        elif isinstance(rules, Mapping) and stream != "__else__":
            yield from _rule_errors(stream, rules)
        elif not _is_removed(rules):
            wanted = _OPTIONS[stream][1] if stream == "__else__" else f"an object, or {_REMOVED}"
            yield f"stream_maps: {stream} must be {wanted}"


def _rule_errors(stream: str, rules: Mapping[str, object]) -> Iterator[str]:
    for name, value in rules.items():
        is_right, wanted = _OPTIONS.get(name, _PROPERTY)
        if not is_right(value):
            yield f"stream_maps: {name} of {stream} must be {wanted}"
        elif name not in _NAMES and (wrong := _syntax_error(value)):
            shown = clipped(str(value))
            yield f"stream_maps: {name} of {stream}, {shown}, is not an expression: {wrong}"


def unknown_streams(maps: object, known: Collection[str]) -> Iterator[str]:
    """Find stream maps that have no effect, since no stream fits their name or pattern.

    Args:
        maps: The setting `stream_maps`.
        known: Names of the streams.

    Yields:
        One sentence for each map.
    """
    for name, rules in maps.items() if isinstance(maps, Mapping) else ():
        stream = rules.get("__source__", name) if isinstance(rules, Mapping) else name
        # `*` and `?` stand for any characters, as the SDK matches them.
        if not name.startswith("__") and not fnmatch.filter(known, stream):
            yield (
                f"stream_maps: the map of {clipped(stream)} has no effect, because there is no "
                f"such stream{did_you_mean(stream, known)}"
            )


def mapping_errors(maps: object) -> AbstractContextManager[None]:
    """Return a context in which whatever the SDK raises is an error of the stream maps.

    Expressions are not evaluated yet when the SDK reads stream maps, so that its errors hold no
    values of records.

    Args:
        maps: The setting `stream_maps`; if it is not set, the SDK reads the flattening settings.
    """
    what = "stream_maps" if maps else "flattening"
    return as_configuration_error(f"{what} cannot be used")


def _is_removed(value: object) -> bool:
    return value is None or value == "__NULL__"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _syntax_error(value: object) -> str | None:
    """Return what is wrong with an expression, None if nothing is."""
    try:
        ast.parse(value if isinstance(value, str) else "")
    except SyntaxError as error:
        return error.msg
    return None


def _is_expression(value: object) -> bool:
    """Return whether it is an expression, or has a syntax error."""
    if not isinstance(value, str) or not value.strip():
        return False
    try:
        statements = ast.parse(value).body
    except SyntaxError:
        return True
    except (ValueError, RecursionError, MemoryError):
        return False
    return bool(statements) and isinstance(statements[0], ast.Expr)


_NAMES = frozenset({"__alias__", "__source__", "__key_properties__"})
"""Options that are not expressions."""
_REMOVED = '"__NULL__", which leaves it out'
_OPTIONS: dict[str, tuple[Callable[[object], bool], str]] = {
    "__else__": (_is_removed, '"__NULL__" or null'),
    "__alias__": (_is_text, "the new name of the stream"),
    "__source__": (_is_text, "the name of a stream"),
    "__key_properties__": (
        lambda value: value is None or _are_texts(value),
        "a list of names of properties, or null",
    ),
    "__filter__": (lambda value: value is None or _is_expression(value), "an expression"),
}
_PROPERTY = (
    lambda value: _is_removed(value) or _is_expression(value),
    f"an expression, or {_REMOVED}",
)
