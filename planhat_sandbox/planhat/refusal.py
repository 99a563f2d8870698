"""Why an item is not written."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - it becomes a response, and is not an error of the sandbox
    """The reason why an item is not written.

    Args:
        text: The message, in plain text as in the fixtures of the client `cruds`
            (bulk-error-entries).
        forbidden: Whether a permission is missing.
        invalid: The property whose value does not fit, if it is one.
    """

    def __init__(self, text: str, *, forbidden: bool = False, invalid: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.forbidden = forbidden
        self.invalid = invalid


class DroppedItem(Exception):  # noqa: N818 - as above
    """An item is neither written nor reported (ticket-model)."""
