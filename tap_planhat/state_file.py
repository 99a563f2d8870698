"""The file given as --state: the state of the run before, in each form in which users have it.

A state that is not understood is refused. Ignoring it would read everything again without notice,
and a target that appends would then hold every record twice.
"""

from __future__ import annotations

from typing import Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.state import StateError
from planhat_sync.runtime.config_files import decode_text, parse_json

WHAT = "the file given as --state"
_UNKNOWN = (
    f"{WHAT} does not hold a Singer state: give a file that holds one state as the target printed "
    'it, such as {"bookmarks": {…}}'
)


def state_of(content: bytes) -> dict[str, Any]:
    """Parse a state: bare as targets print it, in a STATE message, or as Meltano prints it.

    ``meltano state get`` prints ``{"singer_state": {…}}``; Meltano's state backends hold
    ``{"completed": {"singer_state": {…}}, "partial": {…}}``
    (https://docs.meltano.com/concepts/state_backends).

    Args:
        content: The content of the file.

    Raises:
        ConfigurationError: It does not hold a state, or more than one.
    """
    text = decode_text(content, WHAT)
    if not text.strip():
        raise StateError(
            f"{WHAT} is empty: leave --state out for a first run, which reads everything, or give "
            "the last state that the target printed"
        )
    state = _bare(_one_value(text))
    bookmarks = state.get("bookmarks", {}) if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(bookmarks, dict):
        raise StateError(_UNKNOWN)
    if (state and "bookmarks" not in state) or not all(map(_is_bookmark, bookmarks.values())):
        raise StateError(_UNKNOWN)
    return state


def _one_value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return parse_json(text, WHAT)
    except ConfigurationError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not all(map(_is_object, lines)):  # noqa: PLR2004 - more than one
            raise
    raise StateError(
        f"{WHAT} holds {len(lines)} lines, each of them a state or a message: give the last state "
        "alone (tail -n 1 of what the target printed, written to another file that replaces the "
        "old one only if it is not empty)"
    )


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse_json(line, WHAT), dict)
    except ConfigurationError:
        return False


def _bare(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Unwrap a state from any of the known wrappers."""
    if not isinstance(value, dict) or "bookmarks" in value:
        return value
    if value.get("type") == "STATE":
        return value.get("value")
    if "singer_state" in value:
        return value["singer_state"]
    if value.keys() & {"completed", "partial", "completed_state", "partial_state"}:
        return _completed(value)
    return value


def _completed(value: dict[str, Any]) -> object:
    """Return the state of the last completed run from the content of a Meltano state backend."""
    if value.get("partial") or value.get("partial_state"):
        raise StateError(
            f"{WHAT} comes from Meltano and includes the partial state of an incomplete run: give "
            "what meltano state get prints for it, which merges both"
        )
    completed = value.get("completed") or value.get("completed_state")
    return completed.get("singer_state") if isinstance(completed, dict) else None


def _is_bookmark(value: object) -> bool:
    partitions = value.get("partitions", []) if isinstance(value, dict) else None
    return isinstance(partitions, list) and all(isinstance(each, dict) for each in partitions)
