"""How a behaviour is declared: its default, its fact id, a sentence and its values."""

from __future__ import annotations

import dataclasses
from typing import Any


def behaviour(default: Any, fact: str, description: str, *choices: str) -> Any:  # noqa: ANN401 - as `field`
    """Declare one behaviour.

    Args:
        default: Its value unless it is changed.
        fact: Id in ``docs/planhat-facts.md``.
        description: One sentence for the documentation.
        choices: The allowed values of a text setting.

    Returns:
        A dataclass field with these as metadata.
    """
    metadata = {"fact": fact, "description": description, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)
